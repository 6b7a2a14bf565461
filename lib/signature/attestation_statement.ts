import { encodeText } from "../base/bytes.ts";
import { type GoJson, stringifyAsGo } from "../base/go_json.ts";
import { MalformedError, messageOf } from "../base/errors.ts";
import { stringifyAsProtojson } from "../base/proto_json.ts";
import { type Digest, digestHex } from "../reference/digest.ts";

/** What is attested of an image. */
export interface Attested {
  /** `registry/repository`, without a tag. */
  readonly name: string;
  readonly digest: Digest;
  readonly predicateType: string;
  /** Parsed JSON, or text as `spdx` has it. */
  readonly predicate: unknown;
}

/**
 * Write the in-toto statement that `cosign attest` signs, byte for byte (in-toto attestation spec
 * v0.1; cosign pkg/cosign/attestation/attestation.go).
 *
 * @throws {MalformedError}
 */
export function buildAttestationStatement(
  { name, digest, predicateType, predicate }: Attested,
): Uint8Array {
  const type = "https://in-toto.io/Statement/v0.1";
  const subject: GoJson = [{ name, digest: { sha256: digestHex(digest) } }];
  if (typeof predicate === "string") {
    // A predicate that is no object fits in no protobuf, so cosign writes a Go map instead.
    const fields = Object.entries({ _type: type, predicate, predicateType, subject });
    return encodeText(stringifyAsGo(new Map<string, GoJson>(fields)));
  }
  try {
    const head = [
      `"_type":${JSON.stringify(type)}`,
      `"subject":${JSON.stringify(subject)}`,
      `"predicateType":${JSON.stringify(predicateType)}`,
    ];
    return encodeText(`{${[...head, `"predicate":${stringifyAsProtojson(predicate)}`].join(",")}}`);
  } catch (error) {
    throw new MalformedError("predicate", messageOf(error), { cause: error });
  }
}
