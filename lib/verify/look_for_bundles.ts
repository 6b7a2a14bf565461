import { MAX_ATTACHMENT_BYTES, MAX_SIGNATURES } from "../base/limits.ts";
import type { Digest } from "../reference/digest.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { Remote } from "../registry/remote.ts";
import type { LegacySignature } from "../signature/read_legacy.ts";
import { orderReferrers, readReferrer } from "../signature/read_referrer.ts";
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

async function judgeReferrer(search: BundleSearch, descriptor: Descriptor): Promise<void> {
  const { remote, store, predicateType, findings } = search;
  const referrer = await readReferrer(remote, store.repository, descriptor, {
    wanted: predicateType,
  });
  switch (referrer.kind) {
    case "bundle":
      return await search.judgeBundle(referrer.bytes);
    case "legacy":
      return await search.judgeLegacy(referrer.signatures);
    case "other-predicate":
      return search.passBy(referrer.predicateType);
    case "missing":
      findings.notes.push({
        code: "signature-missing",
        message: `the referrer ${descriptor.digest} is listed and does not exist`,
      });
      return;
    case "too-large":
      findings.refuse("bundle", {
        code: "attachment-too-large",
        message: `the bundle is larger than ${MAX_ATTACHMENT_BYTES} bytes`,
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
    const { descriptors, truncated } = await listReferrers(remote, store.repository, digest, {
      hasFallbackTag,
    });
    if (truncated) {
      findings.refuse("bundle", {
        code: "too-many-signatures",
        message: `more than ${MAX_SIGNATURES} referrers; they are not read`,
      });
    }
    for (const descriptor of orderReferrers(descriptors, predicateType)) {
      try {
        await judgeReferrer(search, descriptor);
      } catch (error) {
        findings.caught("bundle", error);
      }
      if (!search.exhaustive && findings.verified) return;
    }
  } catch (error) {
    findings.caught("bundle", error);
  }
}
