import { MalformedError } from "../base/errors.ts";
import type { Digest } from "../reference/digest.ts";
import type { Reference } from "../reference/reference.ts";
import { listChildren } from "../registry/list_children.ts";
import { type Descriptor, formatPlatform } from "../registry/manifest.ts";
import type { Remote } from "../registry/remote.ts";
import type { Reason } from "./reason.ts";
import { unknownVerdict } from "./unknown.ts";
import type { Verdict } from "./verdict.ts";
import { verifyDigest, type VerifyOptions } from "./verify_digest.ts";
import { verifyImage } from "./verify_image.ts";

/** Which of an index's manifests must be signed beside the index itself. */
export interface ChildOptions {
  /**
   * `images`: those that run on some platform; `all`: also what BuildKit puts beside them, provenance
   * and SBOMs, whose platform is unknown/unknown.
   */
  readonly children: "images" | "all";
  /** Only those for these platforms, `os/architecture[/variant]`; every one unless told. */
  readonly platforms?: readonly string[] | undefined;
}

function isWanted({ platform }: Descriptor, { children, platforms = [] }: ChildOptions): boolean {
  if (platform === undefined) return platforms.length === 0;
  const name = formatPlatform(platform);
  // · `linux/arm64` asks for every variant of it.
  if (platforms.length > 0) {
    return platforms.some((wanted) => name === wanted || name.startsWith(`${wanted}/`));
  }
  return children === "all" || name !== "unknown/unknown";
}

/** A platform that was asked for and that an index lacks: nothing to verify is no "verified". */
function missingPlatform(
  listed: readonly Descriptor[],
  { children, platforms = [] }: ChildOptions,
): Reason | undefined {
  if (listed.length === 0) return undefined;
  const missing = platforms.find((platform) =>
    !listed.some((child) => isWanted(child, { children, platforms: [platform] }))
  );
  if (missing === undefined) return undefined;
  return { code: "child-not-verified", message: `the index has no image for ${missing}` };
}

function nameOf({ digest, platform }: Descriptor): string {
  return platform === undefined ? digest : `${formatPlatform(platform)} (${digest.slice(0, 19)}…)`;
}

/** The verdict about an index whose own is `index`, from those about its children. */
function conclude(
  index: Extract<Verdict, { kind: "verified" }>,
  verdicts: readonly (readonly [Descriptor, Verdict])[],
): Verdict {
  const bad = verdicts.filter(([, { kind }]) => kind !== "verified");
  const reasons = bad.map(([child, { kind, reasons: [first] }]): Reason => ({
    code: "child-not-verified",
    message: `${nameOf(child)} is ${kind}: ${first?.message ?? kind}`,
  }));
  if (reasons.length === 0) return index;
  const { digest, signatures } = index;
  // What is known to be wrong outweighs what could not be told.
  if (bad.some(([, { kind }]) => kind !== "unknown")) {
    return { kind: "failed", digest, signatures, reasons };
  }
  const unknown = bad.map(([, verdict]) => verdict).find(({ kind }) => kind === "unknown");
  const { evidence } = unknown as Extract<Verdict, { kind: "unknown" }>;
  return { kind: "unknown", digest, signatures, reasons, evidence };
}

function cannotList(digest: Digest, error: unknown): Verdict {
  if (error instanceof MalformedError) {
    const reasons: readonly Reason[] = [{ code: "child-not-verified", message: error.message }];
    return { kind: "failed", digest, signatures: [], reasons };
  }
  return unknownVerdict(error, digest);
}

/**
 * Verify an image and, if it is an index, the images in it, nested ones too: each must have a
 * signature of its own that satisfies. `verify` is {@link verifyDigest} unless told.
 */
export async function verifyRecursive(
  remote: Remote,
  reference: Reference,
  options: VerifyOptions,
  children: ChildOptions,
  verify: typeof verifyDigest = verifyDigest,
): Promise<Verdict> {
  const { repository } = reference;
  const index = await verifyImage(remote, reference, options, verify);
  if (index.kind !== "verified") return index;
  try {
    const listed = await listChildren(remote, repository, index.digest);
    const wanted = listed.filter((child) => isWanted(child, children));
    const missing = missingPlatform(listed, children);
    if (missing !== undefined) return { ...index, kind: "failed", reasons: [missing] };
    const verdicts: (readonly [Descriptor, Verdict])[] = [];
    for (const child of wanted) {
      verdicts.push([child, await verify(remote, repository, child.digest, options)]);
    }
    return conclude(index, verdicts);
  } catch (error) {
    return cannotList(index.digest, error);
  }
}
