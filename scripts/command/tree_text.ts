import type { Digest } from "../../lib/reference/digest.ts";
import { formatReference, type Repository } from "../../lib/reference/reference.ts";
import { safeText } from "../../lib/report/safe_text.ts";
import type { AttachmentNode, AttachmentTree } from "../../lib/signature/attachment_tree.ts";

/** One image with what belongs to it. */
export interface ShownTree {
  /** As the user names it. */
  readonly image: string;
  /** Where attachments are kept. */
  readonly repository: Repository;
  readonly tree: AttachmentTree;
}

/** What cosign calls that which lies under its tags. */
const TAGGED: Readonly<Record<string, string>> = {
  sig: "🔐 Signatures",
  att: "💾 Attestations",
  sbom: "📦 SBOMs",
};

function headOf(repository: Repository, { kind, tag, type, digest }: AttachmentNode): string {
  return tag === undefined
    ? `🔗 ${safeText(type)} artifacts via OCI referrer: ${formatReference({ repository, digest })}`
    : `${TAGGED[kind]} for an image tag: ${formatReference({ repository, tag })}`;
}

function layerLines(layers: readonly Digest[]): readonly string[] {
  return layers.map((layer, index) => `${index === layers.length - 1 ? "└──" : "├──"} 🍒 ${layer}`);
}

function nodeLines(repository: Repository, node: AttachmentNode): readonly string[] {
  const below = node.attachments.flatMap((inner) => nodeLines(repository, inner));
  return [
    `└── ${headOf(repository, node)}`,
    ...[...layerLines(node.layers), ...below].map((line) => `   ${line}`),
  ];
}

/** The text that `cosign tree` prints for one image; cosign knows nothing below the first level. */
export function treeText({ image, repository, tree }: ShownTree): string {
  const lines = tree.attachments.flatMap((node) => nodeLines(repository, node));
  // · cosign leaves the last line open.
  const none = `No Supply Chain Security Related Artifacts found for image ${image},\n ` +
    "start creating one with simply running$ cosign sign <img>";
  return [
    `📦 Supply Chain Security Related artifacts for an image: ${image}`,
    ...(lines.length === 0 ? [none] : lines),
    "",
  ].join("\n");
}

/** The referrers anywhere in a tree that are listed and do not exist. */
export function listDangling({ attachments, dangling }: AttachmentTree): readonly Digest[] {
  return [...dangling, ...attachments.flatMap(listDangling)];
}
