/** Bundles that tests made, judged. */

import { encodeText } from "../../../lib/base/bytes.ts";
import { readBlobContent } from "../../../lib/signature/blob_content.ts";
import type { TrustedIdentity } from "../../../lib/verify/check_identity.ts";
import type { TrustPolicy } from "../../../lib/verify/trust_policy.ts";
import { parseTrustedRoot } from "../../../lib/verify/trusted_root.ts";
import type { TrustedKey } from "../../../lib/verify/signature_policy.ts";
import type { SignatureResult } from "../../../lib/verify/verdict.ts";
import { verifyBlob, verifyBlobAttestation } from "../../../lib/verify/verify_blob.ts";
import { MESSAGE } from "./bundle.ts";
import { type Instance, ISSUER, SIGNED_AT, SUBJECT, trustedRootJson } from "./instance.ts";

export const exact = (text: string): TrustedIdentity["subject"] => ({
  shown: text,
  matches: (found) => found === text,
});

export const ALICE: TrustedIdentity = { subject: exact(SUBJECT), issuer: exact(ISSUER) };

/** Trust an instance, and Alice. */
export function trustInstance(
  instance: Instance,
  { root = trustedRootJson(instance), ...more }: Partial<Omit<TrustPolicy, "root">> & {
    readonly root?: object;
  } = {},
): TrustPolicy {
  return {
    root: parseTrustedRoot(encodeText(JSON.stringify(root))),
    identities: [ALICE],
    now: () => SIGNED_AT,
    ...more,
  };
}

/** What became of a bundle; `code` is why it is not verified. */
export interface Judged {
  readonly verified: boolean;
  readonly code: string | undefined;
  readonly result: SignatureResult;
}

export interface JudgeOptions {
  readonly keys?: readonly TrustedKey[];
  readonly message?: Uint8Array;
  /** Judge it as an attestation with this predicate type. */
  readonly predicateType?: string;
}

/** Judge a bundle about a file. */
export async function judgeBundle(
  json: unknown,
  trust: TrustPolicy | undefined,
  { keys = [], message = MESSAGE, predicateType }: JudgeOptions = {},
): Promise<Judged> {
  const content = await readBlobContent([message], []);
  const found = { kind: "bundle", bytes: encodeText(JSON.stringify(json)) } as const;
  const policy = { keys, annotations: {}, trust };
  const { signatures } = predicateType === undefined
    ? await verifyBlob(content, found, policy)
    : await verifyBlobAttestation(content, found, { ...policy, predicateType });
  const result = signatures[0]!;
  return { verified: result.verified, code: result.reasons[0]?.code, result };
}
