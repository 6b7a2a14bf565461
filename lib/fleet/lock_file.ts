import { decodeText, encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { MAX_FILES } from "../base/limits.ts";
import { type Digest, digestHex, parseDigest } from "../reference/digest.ts";

/** A file that is expected. */
export interface LockEntry {
  /** Relative to the folder of the lock file. */
  readonly path: string;
  readonly digest: Digest;
}

/** What would break a line apart, as `sha256sum` writes it (coreutils, "File names"). */
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r" };
const ESCAPED: Readonly<Record<string, string>> = { "\\": "\\", "n": "\n", "r": "\r" };

/** Write a lock file: what `sha256sum` prints, by name. */
export function formatLock(entries: readonly LockEntry[]): Uint8Array {
  const sorted = entries.toSorted((a, b) => a.path < b.path ? -1 : 1);
  const lines = sorted.map(({ path, digest }) => {
    const escaped = path.replace(/[\\\n\r]/gu, (character) => ESCAPES[character]!);
    return `${escaped === path ? "" : "\\"}${digestHex(digest)}  ${escaped}\n`;
  });
  return encodeText(lines.join(""));
}

function parseLine(line: string): LockEntry | undefined {
  const [, escaped, hex, name] = /^(\\?)([0-9a-fA-F]{64}) [ *]([^]+)$/u.exec(line) ?? [];
  if (hex === undefined || name === undefined) return undefined;
  const path = escaped === ""
    ? name
    : name.replace(/\\(.?)/gu, (_, letter: string) => ESCAPED[letter] ?? "\0");
  // A NUL stands for an escape that there is not; no name has one.
  if (path.includes("\0")) return undefined;
  const digest = parseDigest(`sha256:${hex.toLowerCase()}`);
  return { path: path.replace(/^(?:\.\/+)+/u, ""), digest };
}

/**
 * Read a lock file: lines as `sha256sum` writes them, in any order; empty lines and comments, which
 * begin with `#`, are passed over. Where the paths lead is not looked at.
 *
 * @throws {MalformedError}
 */
export function parseLock(untrusted: Uint8Array): readonly LockEntry[] {
  let text: string;
  try {
    text = decodeText(untrusted);
  } catch (error) {
    throw new MalformedError("lock file", "it is not UTF-8", { cause: error });
  }
  const entries = new Map<string, LockEntry>();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/\r$/u, "");
    if (line === "" || line.startsWith("#")) continue;
    const entry = parseLine(line);
    if (entry === undefined) {
      throw new MalformedError("lock file", `line ${index + 1}: want 64 hex digits and a path`);
    }
    if ((entries.get(entry.path)?.digest ?? entry.digest) !== entry.digest) {
      throw new MalformedError("lock file", `line ${index + 1}: its file has another digest above`);
    }
    if (entries.size === MAX_FILES) {
      throw new MalformedError("lock file", `more than ${MAX_FILES} files are in it`);
    }
    entries.set(entry.path, entry);
  }
  return [...entries.values()];
}
