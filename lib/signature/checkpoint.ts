import { decodeBase64, encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";

/** A signature under a checkpoint: a log's, or a witness's. */
export interface CheckpointSignature {
  readonly name: string;
  /** The first four octets of the key's identifier: a hint of who signed. */
  readonly hint: Uint8Array;
  readonly signature: Uint8Array;
}

/** What a log says of its whole tree. Nothing in it is verified. */
export interface Checkpoint {
  /** What is signed. */
  readonly text: Uint8Array;
  /** The log that it is of. */
  readonly origin: string;
  readonly treeSize: bigint;
  readonly rootHash: Uint8Array;
  readonly signatures: readonly CheckpointSignature[];
}

/** Longer ones, or with more signatures, are not read: Go's sumdb/note has the same limits. */
const MAX_CHARACTERS = 1_000_000;
const MAX_SIGNATURES = 100;

const HINT_BYTES = 4;

function malformed(why: string): never {
  throw new MalformedError("checkpoint", why);
}

function readBase64(text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch {
    return malformed("want base64");
  }
}

/** A line under the text: em dash, name, base64 of the hint and the signature. */
function readSignature(line: string): CheckpointSignature {
  const [, name, base64] = /^— ([^\s+]+) (\S+)$/u.exec(line) ??
    malformed("a signature is no such line");
  const bytes = readBase64(base64!);
  if (bytes.length <= HINT_BYTES) return malformed("a signature is too short");
  return {
    name: name!,
    hint: bytes.subarray(0, HINT_BYTES),
    signature: bytes.subarray(HINT_BYTES),
  };
}

/**
 * Read a signed checkpoint (C2SP, signed-note.md and tlog-checkpoint.md).
 *
 * @throws {MalformedError}
 */
export function parseCheckpoint(untrusted: string): Checkpoint {
  if (untrusted.length > MAX_CHARACTERS) malformed("it is too long");
  // The last empty line, as Go splits it: the text may have others.
  const split = untrusted.lastIndexOf("\n\n");
  if (split === -1 || !untrusted.endsWith("\n")) malformed("it has no signatures");
  const text = untrusted.slice(0, split + 1);
  const lines = untrusted.slice(split + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) malformed("it has too many signatures");
  const [origin = "", size = "", hash = ""] = text.split("\n");
  if (origin === "" || !/^(?:0|[1-9]\d{0,18})$/u.test(size)) malformed("it names no log and size");
  return {
    text: encodeText(text),
    origin,
    treeSize: BigInt(size),
    rootHash: readBase64(hash),
    signatures: lines.map(readSignature),
  };
}
