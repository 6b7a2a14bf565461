import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject } from "node:crypto";
import { recogniseAlgorithm } from "./algorithm.ts";
import type { KeyPairPem } from "./generate_key_pair.ts";
import { KeyError } from "./key_error.ts";
import { decodePem } from "./pem.ts";
import { parsePrivateKey } from "./private_key.ts";
import { sealKey } from "./sealed_key.ts";

/** The DER of PKCS#1, SEC1 and PKCS#8, by the label of their PEM. */
const DER_TYPES: Readonly<Record<string, "pkcs1" | "sec1" | "pkcs8">> = {
  "RSA PRIVATE KEY": "pkcs1",
  "EC PRIVATE KEY": "sec1",
  "PRIVATE KEY": "pkcs8",
};

/** cosign's (sigstore goodkey.ValidatePubKey): it would not take others back. */
const RSA_BITS: ReadonlySet<number | undefined> = new Set([2048, 3072, 4096]);
const RSA_EXPONENT = 65537n;

/** `openssl ecparam -genkey` writes one before the key. What it says is in the key as well. */
const PARAMETERS = /-----BEGIN EC PARAMETERS-----[^-]*-----END EC PARAMETERS-----/u;

const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/mu;
const SEALED = /^-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----/mu;

function refuseEncrypted(text: string): void {
  if (ENCRYPTED.test(text)) {
    throw new KeyError(
      "Cannot import private key: it is encrypted; decrypt it first, as with openssl pkey -in FILE",
    );
  }
  if (SEALED.test(text)) {
    throw new KeyError("Cannot import private key: it is cosign's already; use it as it is");
  }
}

function readKey(text: string): KeyObject {
  refuseEncrypted(text);
  const { label, bytes } = decodePem(text.replace(PARAMETERS, ""), "private key");
  const type = DER_TYPES[label];
  if (type === undefined) {
    throw new KeyError(
      `Cannot import private key: it is a "${label}"; want a "PRIVATE KEY" (PKCS#8), ` +
        'an "RSA PRIVATE KEY" or an "EC PRIVATE KEY"',
    );
  }
  const der = Buffer.from(bytes);
  try {
    return createPrivateKey({ key: der, format: "der", type });
  } catch (cause) {
    throw new KeyError(
      "Cannot import private key: it is damaged, or of a kind that this runtime does not know",
      { cause },
    );
  } finally {
    der.fill(0);
    bytes.fill(0);
  }
}

/** Refuse what cosign refuses. */
function checkKind(key: KeyObject): void {
  const algorithm = recogniseAlgorithm(key, "private key");
  if (algorithm !== "rsa") return;
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (!RSA_BITS.has(modulusLength)) {
    throw new KeyError(
      `Cannot import private key: RSA of ${modulusLength} bits is not one of cosign's sizes ` +
        "(2048, 3072, 4096)",
    );
  }
  if (publicExponent !== RSA_EXPONENT) {
    throw new KeyError(`Cannot import private key: its RSA exponent is not ${RSA_EXPONENT}`);
  }
}

/**
 * Make a key pair of cosign's from a private key in PEM: PKCS#8 (RSA, ECDSA, Ed25519), PKCS#1 or SEC1.
 *
 * @throws {KeyError} if it is no such key, encrypted, or of a kind that cosign refuses too
 */
export async function importKeyPair(pemText: string, password: Uint8Array): Promise<KeyPairPem> {
  const key = readKey(pemText);
  checkKind(key);
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  try {
    // Read back, so that no pair is written that could not be used.
    const { publicKey } = parsePrivateKey(pkcs8);
    return { privateKeyPem: await sealKey(pkcs8, password), publicKeyPem: publicKey.pem };
  } finally {
    pkcs8.fill(0);
  }
}
