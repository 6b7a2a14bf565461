import { MalformedError } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import { listReferrers } from "../registry/list_referrers.ts";
import type { Remote } from "../registry/remote.ts";
import { type ImageBundle, parseImageBundle } from "./bundle.ts";
import { TooManySignaturesError } from "./read_legacy.ts";
import { readReferrer } from "./read_referrer.ts";
import { parseStatement } from "./statement.ts";
import type { SignatureStore } from "./store.ts";

/** A bundle about an image. Nothing of it is verified. */
export interface StoredBundle {
  readonly bytes: Uint8Array;
  readonly bundle: ImageBundle;
  readonly predicateType: string;
}

/**
 * Read the bundles that refer to an image; what is no bundle with a statement is left out.
 *
 * @param wanted a predicate type; all where it is `undefined`
 * @throws {RegistryError}
 * @throws {TooManySignaturesError}
 */
export async function* readBundles(
  remote: Remote,
  { repository, maxAttachmentBytes: maxBytes }: SignatureStore,
  digest: Digest,
  wanted?: string,
): AsyncGenerator<StoredBundle, void, undefined> {
  const { descriptors, truncated } = await listReferrers(remote, repository, digest, {});
  if (truncated) throw new TooManySignaturesError(descriptors.length);
  for (const descriptor of descriptors) {
    try {
      const referrer = await readReferrer(remote, repository, descriptor, {
        wanted,
        maxBytes,
      });
      if (referrer.kind !== "bundle") continue;
      const bundle = parseImageBundle(referrer.bytes);
      const { predicateType } = parseStatement(bundle.envelope.payload);
      if (wanted === undefined || predicateType === wanted) {
        yield { bytes: referrer.bytes, bundle, predicateType };
      }
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
    }
  }
}
