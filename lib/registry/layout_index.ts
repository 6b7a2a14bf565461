/**
 * `index.json` of an OCI image layout (OCI image spec 1.1, "Image Layout"), with what cosign adds to
 * it (cosign pkg/oci/layout/index.go).
 */

import { encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import { attachmentTag, isAttachmentTag } from "../reference/triangulate.ts";
import { type Descriptor, isIndexType, MEDIA_TYPES } from "./manifest.ts";
import { isTag } from "./memory_store.ts";

/** The name of the file. */
export const LAYOUT_INDEX = "index.json";

/** The tag of an entry (OCI image spec 1.1, "Annotations"). */
const TAG = "org.opencontainers.image.ref.name";

/** What an entry is to cosign, which takes the first of each kind. */
const KIND = "kind";

const KINDS = {
  index: "dev.cosignproject.cosign/imageIndex",
  image: "dev.cosignproject.cosign/image",
  sig: "dev.cosignproject.cosign/sigs",
  att: "dev.cosignproject.cosign/atts",
} as const;

/** An attachment's tag as it is in the folder, given as it is elsewhere; other tags stay. */
export function dropTagPrefix(tag: string, prefix: string): string {
  const rest = tag.slice(prefix.length);
  return tag.startsWith(prefix) && isAttachmentTag(rest) ? rest : tag;
}

/** The other way round. The index of referrers never has a prefix. */
export function addTagPrefix(tag: string, prefix: string): string {
  return isAttachmentTag(tag) && tag.includes(".") ? `${prefix}${tag}` : tag;
}

/** The entries that say that they were saved. cosign saves one, and reads the first. */
export function findSaved(entries: readonly Descriptor[]): readonly Descriptor[] {
  const saved: readonly (string | undefined)[] = [KINDS.index, KINDS.image];
  return entries.filter(({ annotations }) => saved.includes(annotations?.[KIND]));
}

/**
 * The digests that may be what a layout is about: what was saved, or else whatever belongs to no
 * other.
 */
export function findRoots(
  entries: readonly Descriptor[],
  isReferrer: (digest: Digest) => boolean,
): readonly Digest[] {
  const saved = findSaved(entries);
  const roots = saved.length > 0
    ? saved
    : entries.filter(({ digest, annotations }) =>
      !isAttachmentTag(annotations?.[TAG] ?? "") && !isReferrer(digest)
    );
  return [...new Set(roots.map(({ digest }) => digest))];
}

/**
 * The tags that the entries give, those of what belongs to `root` among them.
 *
 * @throws {MalformedError} if they give one twice: another tool might then read the other manifest
 */
export function tagsOf(
  entries: readonly Descriptor[],
  root: Digest,
): ReadonlyMap<string, Digest> {
  const tags = new Map<string, Digest>();
  for (const kind of ["sig", "att"] as const) {
    const entry = entries.find(({ annotations }) => annotations?.[KIND] === KINDS[kind]);
    if (entry !== undefined) tags.set(attachmentTag(root, kind), entry.digest);
  }
  for (const { digest, annotations } of entries) {
    const tag = annotations?.[TAG];
    if (tag === undefined || !isTag(tag)) continue;
    if ((tags.get(tag) ?? digest) !== digest) {
      throw new MalformedError("index", `it gives the tag ${tag} to two manifests`);
    }
    tags.set(tag, digest);
  }
  return tags;
}

/** A manifest that is to be listed. */
export interface Listed {
  /** Without annotations: whoever made the manifest could else pass it off as another kind. */
  readonly descriptor: Pick<Descriptor, "mediaType" | "size" | "digest" | "artifactType">;
  readonly tag?: string;
}

function kindOf({ descriptor, tag }: Listed, root: Digest): string | undefined {
  if (descriptor.digest === root) {
    return isIndexType(descriptor.mediaType) ? KINDS.index : KINDS.image;
  }
  const kind = (["sig", "att"] as const).find((one) => tag === attachmentTag(root, one));
  return kind && KINDS[kind];
}

/** Write the index over `root` and what belongs to it, which cosign and others read. */
export function formatLayoutIndex(root: Digest, listed: readonly Listed[]): Uint8Array {
  const manifests = listed.map((entry) => {
    const kind = kindOf(entry, root);
    const annotations = {
      ...(kind === undefined ? {} : { [KIND]: kind }),
      ...(entry.tag === undefined ? {} : { [TAG]: entry.tag }),
    };
    return {
      ...entry.descriptor,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    };
  });
  const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests };
  return encodeText(`${JSON.stringify(document, undefined, 2)}\n`);
}
