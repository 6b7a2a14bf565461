import { pooled } from "../base/pool.ts";
import { formatRepository } from "../reference/reference.ts";
import type { Remote } from "../registry/remote.ts";
import type { SignatureFormat } from "../signature/signature_format.ts";
import { evidenceOf, reasonOf } from "../verify/unknown.ts";
import type { Verdict } from "../verify/verdict.ts";
import { verifyDigest, type VerifyOptions } from "../verify/verify_digest.ts";
import { verifyImage } from "../verify/verify_image.ts";
import { type ChildOptions, verifyRecursive } from "../verify/verify_recursive.ts";
import type { FleetResult } from "./fleet_result.ts";
import { type FleetImage, type InventoryItem, listImages } from "./inventory.ts";
import { shareWork } from "./shared_work.ts";
import type { Target } from "./target.ts";

/** How to verify a fleet. */
export interface VerifyFleetOptions extends Pick<VerifyOptions, "policy" | "store"> {
  /** Which images of an index must be signed beside the index; none unless told. */
  readonly children?: ChildOptions | undefined;
  /** Images at a time. */
  readonly limit: number;
  /** Told of every image that the inventory found, before it is verified. */
  readonly onFound?: () => void;
}

/** The verdict about what is no image that could be looked at. */
function verdictOf(item: Exclude<InventoryItem, { kind: "image" }>): Verdict {
  switch (item.kind) {
    case "unreadable":
      return {
        kind: "unknown",
        signatures: [],
        reasons: [reasonOf(item.error)],
        evidence: evidenceOf(item.error),
      };
    case "missing":
      return {
        kind: "failed",
        signatures: [],
        reasons: [{
          code: "image-not-found",
          message: "the registry says that there is no such repository",
        }],
      };
    case "invalid":
      return {
        kind: "failed",
        signatures: [],
        reasons: [{ code: "invalid-reference", message: item.message }],
      };
    default:
      return item satisfies never;
  }
}

/**
 * Verify the images of a fleet, as a stream of results in the order of the targets. A digest is judged
 * once however many tags name it; every image gets its own result, and none stops or hides another.
 */
export async function* verifyFleet(
  remote: Remote,
  targets: AsyncIterable<Target> | Iterable<Target>,
  { policy, store = {}, children, limit, onFound }: VerifyFleetOptions,
): AsyncGenerator<FleetResult, void, undefined> {
  const share = shareWork<Verdict>();
  // What satisfied last in a repository is looked for first: the next image is signed alike.
  const formats = new Map<string, SignatureFormat>();

  const verifyOnce: typeof verifyDigest = (_remote, repository, digest, options) => {
    const name = formatRepository(repository);
    return share(`${name}@${digest}`, async () => {
      const verdict = await verifyDigest(remote, repository, digest, {
        ...options,
        first: formats.get(name),
      });
      const satisfied = verdict.signatures.find(({ verified }) => verified);
      if (satisfied !== undefined) formats.set(name, satisfied.format);
      return verdict;
    });
  };
  const verifyOne = ({ reference, tags }: FleetImage): Promise<Verdict> => {
    const options = { policy, store, tags };
    return children === undefined
      ? verifyImage(remote, reference, options, verifyOnce)
      : verifyRecursive(remote, reference, options, children, verifyOnce);
  };

  const found = async function* (): AsyncGenerator<InventoryItem> {
    for await (const item of listImages(remote, targets, { store })) {
      onFound?.();
      yield item;
    }
  };
  yield* pooled(found(), async (item) => {
    if (item.kind === "image") {
      return { image: item.image.name, verdict: await verifyOne(item.image) };
    }
    return { image: item.name, verdict: verdictOf(item) };
  }, { limit });
}
