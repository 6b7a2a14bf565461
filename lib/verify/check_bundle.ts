import { MalformedError } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import { parseImageBundle } from "../signature/bundle.ts";
import { bundleMaterial } from "../signature/material.ts";
import { SIGN_PREDICATE_TYPE } from "../signature/statement.ts";
import { checkEnvelope, type OtherPredicate, type StatementPolicy } from "./check_envelope.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import type { SignatureResult } from "./verdict.ts";

/** Judge one bundle with any statement against an image's digest. */
export async function checkStatementBundle(
  untrusted: Uint8Array,
  digest: Digest,
  policy: StatementPolicy,
): Promise<SignatureResult | OtherPredicate> {
  try {
    const { envelope, material, whole } = parseImageBundle(untrusted);
    return await checkEnvelope(
      {
        format: "bundle",
        envelope,
        hasCertificate: material === "certificate",
        material: () => bundleMaterial(whole),
      },
      digest,
      // As in cosign 3, where only the annotations are left unchecked in a bundle.
      { ...policy, checkSubject: true },
    );
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const reasons = [{ code: "signature-malformed", message: error.message }] as const;
    return { format: "bundle", verified: false, checks: [], reasons };
  }
}

/**
 * Judge one bundle against an image's digest; `undefined` where it is an attestation of something
 * else and so no signature, whoever made it.
 */
export async function checkBundle(
  untrusted: Uint8Array,
  digest: Digest,
  policy: SignaturePolicy,
): Promise<SignatureResult | undefined> {
  const result = await checkStatementBundle(untrusted, digest, {
    ...policy,
    predicateType: SIGN_PREDICATE_TYPE,
  });
  return "verified" in result ? result : undefined;
}
