import { MAX_SIGNATURES } from "../base/limits.ts";
import type { Digest } from "../reference/digest.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import type { Descriptor } from "../registry/manifest.ts";
import { RegistryError } from "../registry/registry_error.ts";
import type { Remote } from "../registry/remote.ts";
import type { LegacySignature } from "../signature/read_legacy.ts";
import { mayBeWanted, orderReferrers, readReferrer } from "../signature/read_referrer.ts";
import type { SignatureStore } from "../signature/store.ts";
import type { Findings } from "./findings.ts";

/** What is looked for among the referrers of an image. */
export interface BundleSearch {
  readonly remote: Remote;
  readonly digest: Digest;
  readonly store: SignatureStore;
  /** Bundles with another predicate type, as their manifest says, are not fetched. */
  readonly predicateType: string;
  /** Whether the fallback tag is known to be there. */
  readonly hasFallbackTag: boolean | undefined;
  /** Judge every one, instead of stopping when there are enough good ones. */
  readonly exhaustive: boolean;
  readonly findings: Findings;
  readonly judgeBundle: (bytes: Uint8Array) => Promise<void>;
  /** Judge legacy signatures that are kept as a referrer. */
  readonly judgeLegacy: (signatures: readonly LegacySignature[]) => Promise<void>;
  /** Take note of a bundle that is about something else. */
  readonly passBy: (predicateType: string) => void;
}

/**
 * Take note of a referrer that is listed and does not exist. Where only the fallback tag lists it, it is
 * gone: clients write that list, and clean-ups that delete a manifest leave its entry. What the
 * registry's own API lists and then does not have, it contradicts itself about.
 */
function noteMissing(
  { store: { repository }, predicateType, findings }: BundleSearch,
  descriptor: Descriptor,
  isListedByApi: boolean,
): void {
  if (!mayBeWanted(descriptor, predicateType)) return;
  const { digest } = descriptor;
  const message = `the referrer ${digest} is listed and does not exist`;
  if (isListedByApi) {
    findings.caught(
      "bundle",
      new RegistryError("the registry lists this referrer and says that it does not exist", {
        failure: "invalid-answer",
        request: `GET ${repository.registry}/v2/${repository.path}/manifests/${digest}`,
        status: 404,
        attempts: 1,
      }),
    );
  }
  findings.notes.push({ code: "signature-missing", message });
}

async function judgeReferrer(
  search: BundleSearch,
  descriptor: Descriptor,
  isListedByApi: boolean,
): Promise<void> {
  const { remote, store, predicateType, findings } = search;
  const referrer = await readReferrer(remote, store.repository, descriptor, {
    wanted: predicateType,
    maxBytes: store.maxAttachmentBytes,
  });
  switch (referrer.kind) {
    case "bundle":
      return await search.judgeBundle(referrer.bytes);
    case "legacy":
      return await search.judgeLegacy(referrer.signatures);
    case "other-predicate":
      return search.passBy(referrer.predicateType);
    case "missing":
      return noteMissing(search, descriptor, isListedByApi);
    case "no-blob":
      findings.refuse("bundle", {
        code: "signature-missing",
        message: `the bundle ${referrer.digest} does not exist`,
      });
      return;
    case "too-large":
      findings.refuse("bundle", {
        code: "attachment-too-large",
        message: `the bundle is larger than ${store.maxAttachmentBytes} bytes`,
        found: String(referrer.size),
      });
      return;
    case "other":
      return;
    default:
      return referrer satisfies never;
  }
}

/** Judge the bundles that refer to an image; what cannot be read is noted and hides no other. */
export async function lookForBundles(search: BundleSearch): Promise<void> {
  const { remote, digest, store, predicateType, hasFallbackTag, findings } = search;
  try {
    const listed = await listReferrers(remote, store.repository, digest, { hasFallbackTag });
    const { descriptors, truncated, byApi } = listed;
    if (truncated) {
      findings.refuse("bundle", {
        code: "too-many-signatures",
        message: `more than ${MAX_SIGNATURES} referrers; they are not read`,
      });
    }
    for (const descriptor of orderReferrers(descriptors, predicateType)) {
      try {
        await judgeReferrer(search, descriptor, byApi?.has(descriptor.digest) === true);
      } catch (error) {
        findings.caught("bundle", error);
      }
      if (!search.exhaustive && findings.verified) return;
    }
  } catch (error) {
    findings.caught("bundle", error);
  }
}
