import { MalformedError } from "../base/errors.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import type { Descriptor } from "../registry/manifest.ts";
import { RegistryError } from "../registry/registry_error.ts";
import { TooManySignaturesError } from "../signature/read_legacy.ts";
import { readReferrer, type Referrer } from "../signature/read_referrer.ts";
import type { SigningJob } from "./signing_job.ts";

/** What is looked for among the referrers of an image that is to be signed. */
export interface ReferrerSearch {
  /** Those to open, in order. */
  readonly choose: (listed: readonly Descriptor[]) => readonly Descriptor[];
  /** The predicate type of the bundles that are fetched; all where it is `undefined`. */
  readonly wanted: string | undefined;
  readonly isOurs: (referrer: Referrer) => Promise<boolean>;
}

/** Whether a referrer is beyond reading, so that it is none of ours: anybody may put one there. */
function isBroken(error: unknown): boolean {
  return error instanceof MalformedError || error instanceof TooManySignaturesError ||
    error instanceof RegistryError && error.failure === "invalid-answer";
}

/**
 * Whether one of an image's referrers is ours already.
 *
 * @throws {RegistryError}
 */
export async function someReferrer(
  { remote, subject, store, options }: SigningJob,
  { choose, wanted, isOurs }: ReferrerSearch,
): Promise<boolean> {
  const { descriptors } = await listReferrers(remote, store.repository, subject.digest, {
    hasFallbackTag: options.tags?.has(store.referrersTag),
  });
  const { repository, maxAttachmentBytes: maxBytes } = store;
  for (const descriptor of choose(descriptors)) {
    try {
      const referrer = await readReferrer(remote, repository, descriptor, { wanted, maxBytes });
      if (await isOurs(referrer)) return true;
    } catch (error) {
      if (!isBroken(error)) throw error;
    }
  }
  return false;
}
