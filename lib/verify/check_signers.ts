import type { Reason } from "./reason.ts";
import type { SignaturePolicy, TrustedKey } from "./signature_policy.ts";
import type { SignatureResult, Signer } from "./verdict.ts";

/** The keys of a policy, each once however often it is given. */
export function distinctKeys({ keys }: Pick<SignaturePolicy, "keys">): readonly TrustedKey[] {
  const distinct = new Map<string, TrustedKey>();
  for (const trusted of keys) {
    const { fingerprint } = trusted.key;
    if (!distinct.has(fingerprint)) distinct.set(fingerprint, trusted);
  }
  return [...distinct.values()];
}

/** How many keys must have signed; never none, whatever the caller asks for. */
function requiredCount(policy: SignaturePolicy): number {
  const { required = 1 } = policy;
  return Math.max(1, required === "all" ? distinctKeys(policy).length : required);
}

/** One key is one signer, and one identity is, however many certificates it has. */
function identify(signer: Signer): string {
  return signer.kind === "key" ? signer.fingerprint : `${signer.issuer} ${signer.name}`;
}

/** Who made a signature that satisfies, keys by their fingerprint: each counts once. */
function signedBy(signatures: readonly SignatureResult[]): ReadonlySet<string> {
  const signers = signatures.flatMap(({ verified, signer, alsoBy = [] }) =>
    verified && signer !== undefined ? [signer, ...alsoBy] : []
  );
  return new Set(signers.map(identify));
}

/** Whether as many keys have signed as the policy requires, over both formats together. */
export function haveEnoughSigned(
  policy: SignaturePolicy,
  signatures: readonly SignatureResult[],
): boolean {
  return signedBy(signatures).size >= requiredCount(policy);
}

/** The reason where some of the keys have signed, and fewer than the policy requires. */
export function checkSigners(
  policy: SignaturePolicy,
  signatures: readonly SignatureResult[],
): Reason | undefined {
  const signed = signedBy(signatures);
  const required = requiredCount(policy);
  // Where nobody has signed at all the signatures' own reasons say why.
  if (signed.size === 0 || signed.size >= required) return undefined;
  const keys = distinctKeys(policy);
  const names = (some: readonly TrustedKey[]): string =>
    some.map(({ name }) => name).join(", ").slice(0, 200);
  return {
    code: "too-few-signers",
    message: `${signed.size} of ${required} required keys have signed; missing: ${
      names(keys.filter(({ key }) => !signed.has(key.fingerprint)))
    }`,
    expected: `${required} of ${names(keys)}`,
    found: names(keys.filter(({ key }) => signed.has(key.fingerprint))),
  };
}
