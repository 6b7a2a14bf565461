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

function isEnough(policy: SignaturePolicy, signed: ReadonlySet<string>): boolean {
  // Not the other way about: no number is enough where what is required is no number.
  if (!(signed.size >= requiredCount(policy))) return false;
  // An identity that is trusted beside the keys stands for none of them.
  return policy.required !== "all" ||
    policy.keys.every(({ key }) => signed.has(key.fingerprint));
}

/** Whether as many keys have signed as the policy requires, over both formats together. */
export function haveEnoughSigned(
  policy: SignaturePolicy,
  signatures: readonly SignatureResult[],
): boolean {
  return isEnough(policy, signedBy(signatures));
}

/** The reason where some of the keys have signed, and fewer than the policy requires. */
export function checkSigners(
  policy: SignaturePolicy,
  signatures: readonly SignatureResult[],
): Reason | undefined {
  const signed = signedBy(signatures);
  // Where nobody has signed at all the signatures' own reasons say why.
  if (signed.size === 0 || isEnough(policy, signed)) return undefined;
  const required = requiredCount(policy);
  const keys = distinctKeys(policy);
  const found = keys.filter(({ key }) => signed.has(key.fingerprint));
  const names = (some: readonly TrustedKey[]): string =>
    some.map(({ name }) => name).join(", ").slice(0, 200);
  const count = policy.required === "all" ? found.length : signed.size;
  return {
    code: "too-few-signers",
    message: `${count} of ${required} required keys have signed; missing: ${
      names(keys.filter((trusted) => !found.includes(trusted)))
    }`,
    expected: `${required} of ${names(keys)}`,
    found: names(found),
  };
}
