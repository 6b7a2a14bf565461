import type { Repository } from "../reference/reference.ts";
import { listChildren } from "../registry/list_children.ts";
import type { Remote } from "../registry/remote.ts";
import type { ResolvedManifest } from "../registry/resolve_digest.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { signDigest } from "./sign_digest.ts";
import {
  joinOutcomes,
  type SignOptions,
  type SignOutcome,
  type SignOutcomes,
} from "./signing_job.ts";

/**
 * Sign an image and, if it is an index, every manifest in it, nested ones too, as `cosign sign -r`
 * does. The index comes last: where it is signed, its children are.
 *
 * @throws as {@link signDigest}
 */
export async function signRecursive(
  remote: Remote,
  image: Repository,
  resolved: ResolvedManifest,
  options: SignOptions,
): Promise<SignOutcomes> {
  const children = await listChildren(remote, image, resolved.digest);
  const outcomes: Partial<Record<SignatureFormat, SignOutcome>> = {};
  for (const subject of [...children, resolved]) {
    const signed = await signDigest(remote, image, subject, options);
    for (const format of options.formats) {
      outcomes[format] = joinOutcomes([outcomes[format] ?? "already-signed", signed[format]!]);
    }
  }
  return outcomes;
}
