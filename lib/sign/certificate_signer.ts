import type { Clock } from "../base/clock.ts";
import { makeEphemeralKey } from "../keys/ephemeral_key.ts";
import type { PrivateKey } from "../keys/private_key.ts";
import type { VerificationMaterial } from "../signature/verification_material.ts";
import type { Budget } from "./budget.ts";
import { requestCertificate, type SigningCertificate } from "./fulcio.ts";
import type { TokenSource } from "./identity_token.ts";
import { makeSignature } from "./make_signature.ts";
import { ServiceError } from "./service_error.ts";
import type { Content, ContentSigner, Signed } from "./signer.ts";
import { witness, type Witnesses } from "./witness.ts";

/** Settings of {@link certificateSigner}. */
export interface CertificateSignerOptions {
  readonly witnesses: Witnesses;
  readonly fulcioUrl: string;
  readonly certificateBudget: Budget;
  readonly token: TokenSource;
  readonly clock: Clock;
}

/** A key, and the certificate that says whose it is. */
interface Holder {
  readonly key: PrivateKey;
  readonly certificate: SigningCertificate;
  /** Milliseconds since 1970, by our clock. */
  readonly until: number;
}

/** A certificate is not used in the last part of its life: witnesses take their time. */
const SPARE_PART = 0.2;

/** How often a signature is made anew, if its witnesses took longer than its certificate lived. */
const ATTEMPTS = 3;

/** A stream can be read but once. */
function isRepeatable(content: Content): boolean {
  return content.kind !== "file" || Array.isArray(content.pieces);
}

/**
 * Sign without a key of one's own: a certificate authority says for some minutes who has a key that is
 * made now and thrown away. One certificate serves all signatures while it is valid, and is renewed in
 * time; the budget of the log is waited for before a signature is made, so that no certificate expires
 * while its signature waits.
 */
export function certificateSigner(
  { witnesses, fulcioUrl, certificateBudget, token, clock }: CertificateSignerOptions,
): ContentSigner {
  let holder: Promise<Holder> | undefined;

  const getHolder = async (): Promise<Holder> => {
    const identity = await token();
    await certificateBudget.take();
    const key = makeEphemeralKey();
    const certificate = await requestCertificate(witnesses.services, fulcioUrl, key, identity);
    // By how long it lives, and not by when it ends: our clock may be wrong, and the authority's is not.
    const life = certificate.notAfter - certificate.notBefore;
    return { key, certificate, until: clock.now() + life * (1 - SPARE_PART) };
  };
  const currentHolder = async (): Promise<Holder> => {
    const current = holder;
    if (current !== undefined) {
      const { until } = await current;
      if (clock.now() < until) return await current;
      // Somebody else who waited may have renewed it.
      if (holder !== current) return await currentHolder();
    }
    const renewed = getHolder();
    holder = renewed;
    // What failed is tried anew by the next signature.
    renewed.catch(() => {
      if (holder === renewed) holder = undefined;
    });
    return await renewed;
  };

  const signOnce = async (content: Content): Promise<Signed | "too-late"> => {
    await witnesses.logBudget.take();
    const { key, certificate } = await currentHolder();
    const { leaf, chain, notBefore, notAfter } = certificate;
    const made = await makeSignature(key, content, { forLog: witnesses.logs.length > 0 });
    const { logEntries, timestamps, times } = await witness(witnesses, {
      ...made,
      envelope: content.kind === "envelope" ? content : undefined,
      verifier: { kind: "certificate", certificate: leaf, key: key.publicKey },
    });
    if (times.some((time) => time < notBefore || time > notAfter)) return "too-late";
    const signer = { kind: "certificate", certificate: leaf, chain } as const;
    const material: VerificationMaterial = { signer, logEntries, timestamps };
    return { ...made, material };
  };

  return {
    publicKey: undefined,
    witnesses: {
      log: witnesses.logs.length > 0,
      time: witnesses.timestampAuthorities.length > 0,
    },
    async sign(content) {
      for (let attempt = 1;; attempt++) {
        const signed = await signOnce(content);
        if (signed !== "too-late") return signed;
        if (attempt === ATTEMPTS || !isRepeatable(content)) {
          throw new ServiceError(
            "sign without a key",
            "the log or the timestamp authority vouches for a time at which the certificate is not " +
              "valid; look at the services' clocks",
            { failure: "invalid-answer" },
          );
        }
        holder = undefined;
      }
    },
  };
}
