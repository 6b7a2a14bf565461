/** Real Sigstore services on loopback, started by `../shared/peers/sigstore.sh up FOLDER`. */

import { Buffer } from "node:buffer";
import { createSign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The services, and what is known about them. */
export interface Sigstore {
  readonly trustedRoot: string;
  /** A signing config with this version of Rekor, and a timestamp authority. */
  readonly signingConfig: (rekor: 1 | 2) => string;
  readonly file: (name: string) => string;
  /** What cosign reads instead of a trusted root, where it verifies legacy signatures. */
  readonly rootFiles: Readonly<Record<string, string>>;
  /** A token with these claims, valid ten minutes. */
  readonly token: (claims: Readonly<Record<string, unknown>>, issuer?: string) => Promise<string>;
}

/** The two issuers: of people, and of workflows like GitHub's. */
export const PEOPLE = "http://127.0.0.1:8888";
export const WORKFLOWS = "http://127.0.0.1:8889";

/** The addresses of the services, for flags. */
export const URLS = {
  fulcio: "http://127.0.0.1:5555",
  rekor1: "http://127.0.0.1:3000",
  timestamps: "http://127.0.0.1:3004/api/v1/timestamp",
} as const;

/** Somebody with an e-mail address. */
export const ALICE = { sub: "alice", email: "alice@example.com", email_verified: true } as const;

/** What verifiers ask for where she signed. */
export const ALICE_FLAGS: readonly string[] = [
  "--certificate-identity",
  ALICE.email,
  "--certificate-oidc-issuer",
  PEOPLE,
];

/** Know the services by the folder in which they were started. */
export function openSigstore(folder: string): Sigstore {
  const file = (name: string): string => join(folder, name);
  return {
    trustedRoot: file("trusted_root.json"),
    signingConfig: (rekor) =>
      file(rekor === 1 ? "signing_config_rekor1.json" : "signing_config.json"),
    file,
    rootFiles: {
      SIGSTORE_ROOT_FILE: file("fulcio_chain.pem"),
      SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: file("ctfe.pub"),
      SIGSTORE_REKOR_PUBLIC_KEY: file("rekor1.pub"),
      SIGSTORE_TSA_CERTIFICATE_FILE: file("tsa_chain.pem"),
    },
    async token(claims, issuer = PEOPLE) {
      const now = Math.floor(Date.now() / 1000);
      const body = { iss: issuer, aud: "sigstore", iat: now, nbf: now - 5, exp: now + 600 };
      const signed = [{ alg: "RS256", typ: "JWT", kid: "test" }, { ...body, ...claims }]
        .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
      const signer = createSign("sha256").update(signed);
      const key = await readFile(file("oidc.key"), "utf8");
      return `${signed}.${signer.sign(key).toString("base64url")}`;
    },
  };
}
