import { equalBytes } from "../base/bytes.ts";
import { SIGNATURE_HASHES } from "../keys/algorithm.ts";
import { verifyHashed } from "../keys/verify_signature.ts";
import type { Checkpoint } from "../signature/checkpoint.ts";
import type { TrustedLog } from "./trusted_root.ts";

/** Rekor v1 writes its tree's number after its name. */
function logName(origin: string): string {
  return origin.replace(/ - \d+$/u, "");
}

/**
 * Whether a log signed a checkpoint (C2SP signed-note.md): under its own name, with its key. Other
 * signatures, such as those of witnesses, are passed over.
 */
export async function checkCheckpoint(
  { text, origin, signatures }: Checkpoint,
  { key, ids }: TrustedLog,
): Promise<boolean> {
  const own = signatures.filter(({ name, hint }) =>
    name === logName(origin) && ids.some((id) => equalBytes(hint, id.subarray(0, hint.length)))
  );
  for (const { signature } of own) {
    // The hash is that of the curve, which Rekor v1 takes, or SHA-256.
    const hashes = key.algorithm === "ed25519"
      ? ["sha512"] as const
      : SIGNATURE_HASHES[key.algorithm];
    for (const hash of hashes) if (await verifyHashed(key, text, signature, hash)) return true;
  }
  return false;
}
