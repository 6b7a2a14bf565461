import type { PublicKey } from "../keys/public_key.ts";
import type { Digest } from "../reference/digest.ts";
import type { Descriptor } from "../registry/manifest.ts";

/** What `cosign clean --type` can name. */
export const REMOVAL_TYPES = ["all", "signature", "attestation", "referrer", "sbom"] as const;

/** One of them: `referrer` is whatever of cosign's refers to the image, and nothing under tags. */
export type RemovalType = typeof REMOVAL_TYPES[number];

/** What is to go of all that belongs to an image. */
export interface RemovalChoice {
  readonly type: RemovalType;
  /** Only what this key has made, as its signature proves. */
  readonly key?: PublicKey | undefined;
  /** Only what was made before, in milliseconds since 1970; what does not say when stays. */
  readonly before?: number | undefined;
  /** What the tags of signatures begin with. */
  readonly tagPrefix?: string | undefined;
}

/** Whether something is to go; or why that could not be told, so that it stays. */
export type Decision = "goes" | "stays" | { readonly kept: string };

/** Layers of the manifest under a tag that are to go. */
export interface TagRemoval {
  readonly tag: string;
  /** What the tag named when this was decided. */
  readonly manifest: Digest;
  /** Whether nothing of that is to stay. */
  readonly whole: boolean;
  readonly layers: readonly Descriptor[];
}

/** What is to go of what belongs to one digest. */
export interface SubjectRemovals {
  readonly subject: Digest;
  readonly tags: readonly TagRemoval[];
  readonly referrers: readonly Digest[];
  /** Listed as referrers, and not there: their entries go. */
  readonly dangling: readonly Digest[];
}

/** Something that was asked for and stays, since it could not be told whether it is meant. */
export interface Kept {
  /** `registry/path:tag` or `registry/path@digest`. */
  readonly reference: string;
  readonly why: string;
}

/** What is to go, the innermost first: a signature of an attestation before the attestation. */
export interface RemovalPlan {
  readonly removals: readonly SubjectRemovals[];
  readonly kept: readonly Kept[];
}
