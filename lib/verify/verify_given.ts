import { encodeBase64 } from "../base/bytes.ts";
import type { Digest } from "../reference/digest.ts";
import { formatRepository, type Repository } from "../reference/reference.ts";
import { buildClaim } from "../signature/claim.ts";
import { checkLegacySignature } from "./check_legacy.ts";
import { Findings } from "./findings.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import type { Verdict } from "./verdict.ts";

/** A legacy signature that the caller has, and does not look for in a registry. */
export interface GivenSignature {
  readonly signature: Uint8Array;
  /** What it is over; what cosign signs for the image, without annotations, unless told. */
  readonly payload?: Uint8Array | undefined;
}

/** Verify a signature of an image that is given, and no other (cosign's `--signature`). */
export async function verifyGiven(
  image: Repository,
  digest: Digest,
  { signature, payload }: GivenSignature,
  policy: SignaturePolicy,
): Promise<Verdict> {
  const signed = payload ?? buildClaim(formatRepository(image), digest, {});
  const findings = new Findings(policy);
  const given = { signature: encodeBase64(signature), hasCertificate: false, payload: {} };
  findings.signatures.push(await checkLegacySignature(given, signed, digest, policy));
  return findings.conclude(digest, { code: "no-signature", message: "there is no signature" });
}
