/** Project Wycheproof's vectors: signatures, well made and ill, with the answer that is right. */

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { decodeText } from "../../lib/base/bytes.ts";

const VECTORS = new URL("../vectors/wycheproof/", import.meta.url);

/** One signature. "acceptable": either answer is right. */
export interface WycheproofCase {
  readonly name: string;
  /** SubjectPublicKeyInfo in hexadecimal; cases with the same key stand together. */
  readonly spki: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly result: "valid" | "invalid" | "acceptable";
  readonly flags: readonly string[];
}

interface WycheproofFile {
  readonly testGroups: readonly {
    readonly publicKeyDer: string;
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: WycheproofCase["result"];
      readonly flags: readonly string[];
    }[];
  }[];
}

/** Bytes of hexadecimal digits. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, "hex"));
}

/** All cases of a file, named without its ending `_test.json.gz`. */
export function readWycheproof(name: string): WycheproofCase[] {
  const packed = readFileSync(new URL(`${name}_test.json.gz`, VECTORS));
  const file = JSON.parse(decodeText(gunzipSync(packed))) as WycheproofFile;
  return file.testGroups.flatMap(({ publicKeyDer, tests }) =>
    tests.map(({ tcId, comment, msg, sig, result, flags }) => ({
      name: `${name} ${tcId} (${comment})`,
      spki: publicKeyDer,
      message: fromHex(msg),
      signature: fromHex(sig),
      result,
      flags,
    }))
  );
}
