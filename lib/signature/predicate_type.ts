import { UsageError } from "../base/errors.ts";

/** cosign's names of predicate types (cmd/cosign/cli/options/predicate.go). */
export const PREDICATE_TYPES = {
  custom: "https://cosign.sigstore.dev/attestation/v1",
  slsaprovenance: "https://slsa.dev/provenance/v0.2",
  slsaprovenance02: "https://slsa.dev/provenance/v0.2",
  slsaprovenance1: "https://slsa.dev/provenance/v1",
  link: "https://in-toto.io/Link/v1",
  spdx: "https://spdx.dev/Document",
  spdxjson: "https://spdx.dev/Document",
  cyclonedx: "https://cyclonedx.org/bom",
  vuln: "https://cosign.sigstore.dev/attestation/vuln/v1",
  openvex: "https://openvex.dev/ns",
} as const;

/** One of the names. */
export type PredicateName = keyof typeof PREDICATE_TYPES;

/** What cosign 1 wrote for `custom`. */
const OLD_CUSTOM = "cosign.sigstore.dev/attestation/v1";

/** Whether a text is one of cosign's names, and so no URI. */
export function isPredicateName(text: string): text is PredicateName {
  return Object.hasOwn(PREDICATE_TYPES, text);
}

/**
 * Read a predicate type as users type it: one of cosign's names, or a URI.
 *
 * @throws {UsageError}
 */
export function parsePredicateType(text: string): string {
  if (isPredicateName(text)) return PREDICATE_TYPES[text];
  if (URL.canParse(text) && /^[a-z][a-z0-9+.-]*:\S+$/iu.test(text)) return text;
  const names = Object.keys(PREDICATE_TYPES).join(", ");
  throw new UsageError(
    `Cannot use predicate type "${text.slice(0, 80)}": want a URI or one of ${names}`,
  );
}

/** Whether an attestation's predicate type is the one asked for, as any cosign may have written it. */
export function isPredicateType(wanted: string, found: string): boolean {
  return found === wanted || wanted === PREDICATE_TYPES.custom && found === OLD_CUSTOM;
}
