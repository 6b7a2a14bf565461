import picomatch from "picomatch";
import { UsageError } from "../base/errors.ts";

/** Which names are meant: those that match some glob of `include`, or any if empty, and none of `exclude`. */
export interface NameFilter {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

const MAX_GLOB = 1000;

/** The matcher goes back and forth between stars, and tags come from outside. */
const MAX_STARS = 4;

/**
 * Refuse a glob that is too much to match with.
 *
 * @throws {UsageError}
 */
export function checkGlob(glob: string): void {
  const stars = glob.match(/\*+/gu)?.length ?? 0;
  if (glob === "" || glob.length > MAX_GLOB || stars > MAX_STARS) {
    throw new UsageError(
      `Cannot use "${glob.slice(0, 80)}" as a glob: want 1 to ${MAX_GLOB} characters and at most ` +
        `${MAX_STARS} stars`,
    );
  }
}

function compile(glob: string): (name: string) => boolean {
  checkGlob(glob);
  // A tag that begins with a dot is as good as any.
  return picomatch(glob, { dot: true, strictBrackets: false });
}

/**
 * Make a test for names from globs (`v1.*`, `{main,release-*}`).
 *
 * @throws {UsageError}
 */
export function compileFilter({ include, exclude }: NameFilter): (name: string) => boolean {
  const wanted = include.map(compile);
  const unwanted = exclude.map(compile);
  return (name) =>
    (wanted.length === 0 || wanted.some((matches) => matches(name))) &&
    !unwanted.some((matches) => matches(name));
}
