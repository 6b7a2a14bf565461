import { equalBytes } from "../base/bytes.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import type { Checkpoint } from "../signature/checkpoint.ts";
import type { TrustedLog } from "./trusted_root.ts";

/** A log signs once; a stranger may write down its hint many times. */
const MAX_TRIES = 4;

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
  for (const { signature } of own.slice(0, MAX_TRIES)) {
    // Over the hash of the key's curve, or over SHA-256 as Rekor v1 does.
    if (await verifySignature(key, text, signature)) return true;
  }
  return false;
}
