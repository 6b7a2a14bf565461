import { MalformedError } from "../base/errors.ts";
import type { PublicKey } from "../keys/public_key.ts";
import type { Digest } from "../reference/digest.ts";
import type { Place } from "../registry/copy_manifest.ts";
import type { FetchedManifest } from "../registry/fetch_manifest.ts";
import { parseContents } from "../registry/manifest.ts";
import { parseImageBundle } from "./bundle.ts";
import { judgeAge, judgeLayerKey } from "./choose_layers.ts";
import { manifestCreated } from "./created.ts";
import type { ReferringAttachment } from "./list_attachments.ts";
import { type LegacySignature, TooManySignaturesError } from "./read_legacy.ts";
import { openReferrer } from "./read_referrer.ts";
import type { ReferrerKind } from "./referrer_kind.ts";
import type { Decision, RemovalChoice, RemovalType } from "./removal.ts";
import { isSignedBy } from "./signed_by.ts";
import { parseStatement, SIGN_PREDICATE_TYPE } from "./statement.ts";

/** The types that take a referrer of a kind. */
const TYPES: Readonly<Record<ReferrerKind, readonly RemovalType[]>> = {
  signature: ["all", "referrer", "signature"],
  attestation: ["all", "referrer", "attestation"],
  bundle: ["all", "referrer"],
  sbom: ["all", "referrer", "sbom"],
  other: [],
};

/** Legacy signatures that share one manifest go together, or not at all. */
async function judgeLegacyKey(
  place: Place,
  signatures: readonly LegacySignature[],
  key: PublicKey,
): Promise<Decision> {
  const decisions: Decision[] = [];
  for (const signature of signatures) {
    decisions.push(await judgeLayerKey(place, "sig", signature, key));
  }
  if (decisions.every((decision) => decision === "goes")) return "goes";
  if (!decisions.includes("goes")) {
    return decisions.find((decision) => typeof decision === "object") ?? "stays";
  }
  return { kept: "it also holds signatures that this key has not made" };
}

async function judgeKey(
  place: Place,
  manifest: FetchedManifest,
  key: PublicKey | undefined,
): Promise<Decision> {
  if (key === undefined) return "goes";
  const referrer = await openReferrer(place, manifest, { wanted: undefined });
  switch (referrer.kind) {
    case "bundle": {
      const { envelope } = parseImageBundle(referrer.bytes);
      return await isSignedBy(key, envelope) ? "goes" : "stays";
    }
    case "legacy":
      return await judgeLegacyKey(place, referrer.signatures, key);
    case "missing":
    case "no-blob":
      return { kept: "its bundle does not exist" };
    case "too-large":
      return { kept: "its bundle is too large to be read" };
    case "other":
    case "other-predicate":
      return "stays";
    default:
      return referrer satisfies never;
  }
}

/** What a bundle is whose manifest does not say it. */
async function openKind(place: Place, manifest: FetchedManifest): Promise<ReferrerKind> {
  const referrer = await openReferrer(place, manifest, { wanted: undefined });
  if (referrer.kind !== "bundle") return "bundle";
  const { envelope } = parseImageBundle(referrer.bytes);
  const { predicateType } = parseStatement(envelope.payload);
  return predicateType === SIGN_PREDICATE_TYPE ? "signature" : "attestation";
}

/**
 * Decide whether a referrer of an image is to go.
 *
 * @throws {RegistryError}
 */
export async function judgeReferrer(
  place: Place,
  subject: Digest,
  { kind, manifest }: ReferringAttachment,
  { type, key, before }: RemovalChoice,
): Promise<Decision> {
  if (kind === "other") return "stays";
  try {
    const isOpen = kind === "bundle" && !TYPES.bundle.includes(type);
    const found = isOpen ? await openKind(place, manifest) : kind;
    if (!TYPES[found].includes(type)) return "stays";
    const stated = parseContents(manifest.bytes).subject;
    // A list may name anything, the signature of another image too.
    if (stated !== subject) return { kept: `it says that it belongs to ${stated ?? "nothing"}` };
    const decision = await judgeKey(place, manifest, key);
    return decision === "goes" ? judgeAge(manifestCreated(manifest.bytes), before) : decision;
  } catch (error) {
    const isBroken = error instanceof MalformedError || error instanceof TooManySignaturesError;
    if (!isBroken) throw error;
    return { kept: error.message };
  }
}
