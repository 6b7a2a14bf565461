import { type Digest, digestHex } from "./digest.ts";

/** The kinds of things that cosign keeps beside an image under a tag made of its digest. */
export type AttachmentKind = "sig" | "att" | "sbom";

/**
 * Name the tag under which an attachment of `digest` is stored: `sha256-<hex>.sig`
 * (cosign specs/SIGNATURE_SPEC.md, "Discovery").
 */
export function attachmentTag(digest: Digest, kind: AttachmentKind, prefix = ""): string {
  return `${prefix}sha256-${digestHex(digest)}.${kind}`;
}

/**
 * Name the tag of the index that lists the referrers of `digest` where a registry lacks the
 * referrers API (OCI distribution spec 1.1, "Referrers Tag Schema").
 */
export function referrersTag(digest: Digest): string {
  return `sha256-${digestHex(digest)}`;
}

/** Whether a tag is one of the two above and so names no image that anybody runs. */
export function isAttachmentTag(tag: string, prefix = ""): boolean {
  const rest = tag.startsWith(prefix) ? tag.slice(prefix.length) : tag;
  return /^sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?$/u.test(rest);
}
