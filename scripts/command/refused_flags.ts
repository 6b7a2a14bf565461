/**
 * Flags of cosign's that are not here, with what to do instead. They are named so that nobody is left
 * to guess, and docs/cosign.md gives the same reasons.
 */
export const REFUSED_FLAGS: Readonly<Record<string, string>> = {
  "sk": "hardware keys are not supported; sign there with cosign, and the result verifies here",
  "slot": "hardware keys are not supported; sign there with cosign, and the result verifies here",
  "kms": "keys in key services are not supported; keep the key in a file or a Kubernetes secret",
};
