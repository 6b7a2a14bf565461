import type { Reference } from "../reference/reference.ts";
import { resolveDigest } from "../registry/resolve_digest.ts";
import type { Remote } from "../registry/remote.ts";
import { unknownVerdict } from "./unknown.ts";
import type { Verdict } from "./verdict.ts";
import { verifyDigest, type VerifyOptions } from "./verify_digest.ts";

function notFound(reference: Reference): Verdict {
  return {
    kind: "failed",
    signatures: [],
    reasons: [{
      code: "image-not-found",
      message: `the registry says that there is no ${reference.digest ?? `tag ${reference.tag}`}`,
    }],
  };
}

/**
 * Verify an image: find the digest that its tag names now, and judge that digest's signatures with
 * `verify`, which is {@link verifyDigest} unless told.
 *
 * A registry's failure is a verdict of `unknown`, never an exception, and never "unsigned".
 */
export async function verifyImage(
  remote: Remote,
  reference: Reference,
  options: VerifyOptions,
  verify: typeof verifyDigest = verifyDigest,
): Promise<Verdict> {
  const { repository, tag, digest } = reference;
  try {
    if (digest === undefined) {
      const found = await resolveDigest(remote, repository, tag ?? "latest");
      return found === undefined
        ? notFound(reference)
        : await verify(remote, repository, found.digest, options);
    }
    const verdict = await verify(remote, repository, digest, options);
    if (verdict.kind !== "unsigned") return verdict;
    // Only now does it matter whether the image exists: signed ones are not asked for.
    return await resolveDigest(remote, repository, digest) === undefined
      ? notFound(reference)
      : verdict;
  } catch (error) {
    return unknownVerdict(error, digest);
  }
}
