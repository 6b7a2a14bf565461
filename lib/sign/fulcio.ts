import { Buffer } from "node:buffer";
import { X509Certificate } from "@sigstore/core";
import * as v from "valibot";
import { decodeBase64, encodeBase64, encodeText, equalBytes } from "../base/bytes.ts";
import { parseJson } from "../base/json.ts";
import type { PrivateKey } from "../keys/private_key.ts";
import type { IdentityToken } from "./identity_token.ts";
import { ServiceError } from "./service_error.ts";
import { endpoint, type Services } from "./services.ts";

/** A certificate that says who has a key, for some minutes. */
export interface SigningCertificate {
  /** DER. */
  readonly leaf: Uint8Array;
  /** Those above it, DER, without the root's where Fulcio leaves it out. */
  readonly chain: readonly Uint8Array[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

const DEADLINE = 30_000;

/** Certificates above the leaf: one or two as a rule. */
const MAX_CHAIN = 10;

const ChainSchema = v.object({
  chain: v.object({
    certificates: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(MAX_CHAIN)),
  }),
});

const AnswerSchema = v.object({
  signedCertificateEmbeddedSct: v.nullish(ChainSchema),
  // A log that is not trusted with a pre-certificate; verifiers of bundles take only embedded proofs.
  signedCertificateDetachedSct: v.nullish(ChainSchema),
});

const PURPOSE = "get a certificate";

function refuse(url: URL, why: string): never {
  throw new ServiceError(`${PURPOSE} (${url.origin})`, why, { failure: "invalid-answer" });
}

function decodeCertificate(pem: string, url: URL): Uint8Array {
  const body = /^\s*-----BEGIN CERTIFICATE-----([\s\S]*)-----END CERTIFICATE-----\s*$/u.exec(pem);
  try {
    return decodeBase64(body![1]!.replace(/\s+/gu, ""));
  } catch {
    return refuse(url, "the answer holds no PEM certificate");
  }
}

/** Take a certificate only if it is for our key: what is signed with it could not be verified else. */
function checkLeaf(leaf: Uint8Array, key: PrivateKey, url: URL): X509Certificate {
  let certificate: X509Certificate;
  let spki: Uint8Array;
  try {
    certificate = X509Certificate.parse(Buffer.from(leaf));
    spki = certificate.publicKey;
  } catch {
    return refuse(url, "the answer's certificate cannot be read");
  }
  return equalBytes(spki, key.publicKey.spki)
    ? certificate
    : refuse(url, "the answer's certificate is for another key");
}

/**
 * Get a certificate for a key from Fulcio (API v2, `CreateSigningCertificate`).
 *
 * @throws {ServiceError}
 * @throws {MalformedError}
 */
export async function requestCertificate(
  services: Services,
  fulcioUrl: string,
  key: PrivateKey,
  token: IdentityToken,
): Promise<SigningCertificate> {
  const url = endpoint(fulcioUrl, "/api/v2/signingCert", PURPOSE);
  const proof = await key.sign(encodeText(token.subject));
  const { body } = await services.request({
    purpose: PURPOSE,
    method: "POST",
    url,
    headers: {
      authorization: `Bearer ${token.reveal()}`,
      "content-type": "application/json",
      accept: "application/json",
    },
    body: encodeText(JSON.stringify({
      publicKeyRequest: {
        publicKey: { algorithm: "ECDSA", content: key.publicKey.pem },
        proofOfPossession: encodeBase64(proof),
      },
    })),
    secret: true,
    deadline: DEADLINE,
    expect: [200, 201],
  });
  const answer = parseJson("Fulcio's answer", body, AnswerSchema);
  const found = answer.signedCertificateEmbeddedSct ?? answer.signedCertificateDetachedSct;
  const [first, ...above] = found?.chain.certificates ?? [];
  if (first === undefined) return refuse(url, "the answer holds no certificate");
  const leaf = decodeCertificate(first, url);
  const { notBefore, notAfter } = checkLeaf(leaf, key, url);
  services.counters.certificates++;
  return {
    leaf,
    chain: above.map((pem) => decodeCertificate(pem, url)),
    notBefore: notBefore.getTime(),
    notAfter: notAfter.getTime(),
  };
}
