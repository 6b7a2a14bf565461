/** The throw-away keys under test/vectors/cosign/keys, and signatures that cosign made with them. */

import { readFileSync } from "node:fs";
import { decodeBase64, decodeText, encodeText } from "../../lib/base/bytes.ts";
import { openSealedKey } from "../../lib/keys/sealed_key.ts";

const VECTORS = new URL("../vectors/cosign/", import.meta.url);

const passwords = JSON.parse(readText("keys/passwords.json")) as Record<string, string>;

/** The names of all key pairs. */
export const KEY_NAMES: readonly string[] = Object.keys(passwords);

function readText(path: string): string {
  return readFileSync(new URL(path, VECTORS), "utf8");
}

/** The text of `<name>.key`, `<name>.pub` or `<name>.plain.pem`. */
export function readKeyFile(name: string, suffix: "key" | "pub" | "plain.pem"): string {
  return readText(`keys/${name}.${suffix}`);
}

/** PKCS#8 of a key pair. */
export function openKey(name: string): Promise<Uint8Array> {
  return openSealedKey(readKeyFile(name, "key"), encodeText(passwords[name]!));
}

/** DSSE's pre-authentication encoding: what is signed of an envelope. */
export function preAuthenticationEncoding(type: string, body: string): Uint8Array {
  const length = encodeText(body).length;
  return encodeText(`DSSEv1 ${type.length} ${type} ${length} ${body}`);
}

function readBlob(hex: string): Uint8Array {
  return readFileSync(new URL(`blobs/sha256/${hex}`, VECTORS));
}

/** A signature and what it was made over. */
export interface SignedMessage {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** The one signature in the bundle that is the blob `hex`. */
export function readBundle(hex: string): SignedMessage {
  const { dsseEnvelope } = JSON.parse(decodeText(readBlob(hex))) as {
    dsseEnvelope: { payload: string; payloadType: string; signatures: [{ sig: string }] };
  };
  const body = decodeText(decodeBase64(dsseEnvelope.payload));
  return {
    message: preAuthenticationEncoding(dsseEnvelope.payloadType, body),
    signature: decodeBase64(dsseEnvelope.signatures[0].sig),
  };
}

/** The first signature in the legacy manifest that is the blob `hex`, with its payload. */
export function readLegacy(hex: string): SignedMessage {
  const { layers } = JSON.parse(decodeText(readBlob(hex))) as {
    layers: [{ digest: string; annotations: Record<string, string> }];
  };
  const [{ digest, annotations }] = layers;
  return {
    message: readBlob(digest.slice("sha256:".length)),
    signature: decodeBase64(annotations["dev.cosignproject.cosign/signature"]!),
  };
}
