import { MAX_CHILDREN, MAX_SIGNATURES } from "../base/limits.ts";
import { MalformedError } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import { formatReference } from "../reference/reference.ts";
import type { Place } from "../registry/copy_manifest.ts";
import { type Contents, parseContents } from "../registry/manifest.ts";
import { RegistryError } from "../registry/registry_error.ts";
import { PREDICATE_TYPE_ANNOTATION } from "./bundle.ts";
import { CREATED_ANNOTATION } from "./created.ts";
import { type Attachment, type AttachmentSearch, listAttachments } from "./list_attachments.ts";

/** What belongs to a digest, and what belongs to that. Nothing about it is verified. */
export interface AttachmentTree {
  readonly digest: Digest;
  readonly attachments: readonly AttachmentNode[];
  /** Listed as referrers, and the registry says that they do not exist. */
  readonly dangling: readonly Digest[];
}

/** Something that belongs to an image, as it describes itself. */
export interface AttachmentNode extends AttachmentTree {
  readonly kind: Attachment["kind"];
  /** The tag that it lies under; absent if it refers to the image. */
  readonly tag?: string;
  /** The predicate type of a bundle, or the artifact type; empty where it says neither. */
  readonly type: string;
  /** The annotation `org.opencontainers.image.created`, as it stands. */
  readonly created?: string;
  /** The digests of its layers, or of the manifests of an index. */
  readonly layers: readonly Digest[];
}

function readContents(manifest: Uint8Array): Contents {
  try {
    return parseContents(manifest);
  } catch (error) {
    if (error instanceof MalformedError) return { layers: [], blobs: [], children: [] };
    throw error;
  }
}

function describe({ kind, tag, manifest }: Attachment): Omit<AttachmentNode, keyof AttachmentTree> {
  const { annotations = {}, artifactType = "", layers, children } = readContents(manifest.bytes);
  const created = annotations[CREATED_ANNOTATION];
  return {
    kind,
    ...(tag === undefined ? {} : { tag }),
    type: annotations[PREDICATE_TYPE_ANNOTATION] ?? artifactType,
    ...(created === undefined ? {} : { created }),
    layers: [...layers, ...children].map(({ digest }) => digest),
  };
}

/** What lies under tags first, then what refers to the image, by type and time. */
function inOrder(nodes: readonly AttachmentNode[]): readonly AttachmentNode[] {
  const key = ({ type, created = "", digest }: AttachmentNode): string =>
    [type, created, digest].join("\n");
  return [
    ...nodes.filter(({ tag }) => tag !== undefined),
    ...nodes.filter(({ tag }) => tag === undefined).sort((a, b) => key(a) < key(b) ? -1 : 1),
  ];
}

/**
 * Read what belongs to an image as a tree: what lies under cosign's tags, in the order of
 * {@link ATTACHMENT_KINDS}, then what refers to it, by type, time and digest.
 *
 * @param place where attachments are kept
 * @throws {RegistryError} also if there is more than is read
 * @throws {MalformedError} if what a fallback tag names is no index
 */
export async function readAttachmentTree(
  place: Place,
  digest: Digest,
  search: AttachmentSearch = {},
): Promise<AttachmentTree> {
  const seen = new Set<Digest>();
  const read = async (subject: Digest): Promise<AttachmentTree> => {
    seen.add(subject);
    if (seen.size > MAX_CHILDREN + MAX_SIGNATURES) {
      throw new RegistryError(`more than ${MAX_CHILDREN + MAX_SIGNATURES} manifests`, {
        failure: "invalid-answer",
        request: `list what belongs to ${formatReference({ ...place, digest })}`,
        attempts: 1,
      });
    }
    const { attachments, dangling } = await listAttachments(place, subject, search);
    const nodes: AttachmentNode[] = [];
    for (const attachment of attachments) {
      const { kind, manifest } = attachment;
      // Nothing belongs to signatures under tags; and what a list names in a circle is shown once.
      const isLeaf = kind === "sig" || kind === "att" || seen.has(manifest.digest);
      const below = isLeaf
        ? { digest: manifest.digest, attachments: [], dangling: [] }
        : await read(manifest.digest);
      nodes.push({ ...describe(attachment), ...below });
    }
    return { digest: subject, attachments: inOrder(nodes), dangling };
  };
  return await read(digest);
}
