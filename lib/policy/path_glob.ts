import picomatch from "picomatch";
import { checkGlob } from "./glob.ts";

/** Hidden files are as good as any, and an exclamation mark may begin a name. */
const OPTIONS: picomatch.PicomatchOptions = { dot: true, nonegate: true, strictBrackets: false };

function compile(glob: string): (path: string) => boolean {
  const matches = picomatch(glob, OPTIONS);
  // Its second argument asks for another answer.
  return (path) => matches(path);
}

/** A glob of paths: where to look, how deep, and for what. */
export interface PathGlob {
  /** The folder before the first wildcard; empty for the current one. */
  readonly folder: string;
  /** How many folders deep below it a match may lie. */
  readonly depth: number;
  /** Whether a path, relative to the folder, is meant. */
  readonly matches: (path: string) => boolean;
}

/**
 * Read a glob of paths (`dist/*.tar.gz`, `vendor/**`); `undefined` where the text has no wildcard.
 *
 * @throws {UsageError} if it is too much to match with
 */
export function parsePathGlob(text: string): PathGlob | undefined {
  const { base, glob, isGlob } = picomatch.scan(text, OPTIONS);
  if (isGlob !== true) return undefined;
  checkGlob(glob);
  // Two stars cross folders, and a group may be repeated.
  const depth = /\*\*|\(/u.test(glob) ? Infinity : glob.split("/").length - 1;
  return { folder: base, depth, matches: compile(glob) };
}

/**
 * Make a test for paths from globs: one without a slash is matched with a file's own name, in every
 * folder, as in `.gitignore`.
 *
 * @throws {UsageError}
 */
export function compilePathFilter(globs: readonly string[]): (path: string) => boolean {
  const matchers = globs.map((glob) => {
    checkGlob(glob);
    const matches = compile(glob);
    if (glob.includes("/")) return matches;
    return (path: string) => matches(path.slice(path.lastIndexOf("/") + 1));
  });
  return (path) => matchers.some((matches) => matches(path));
}
