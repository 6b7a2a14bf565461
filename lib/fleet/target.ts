import { ReferenceSyntaxError } from "../reference/reference.ts";
import {
  hasTagOrDigest,
  parseReference,
  parseRepository,
  type Reference,
  type Repository,
} from "../reference/reference.ts";

/** What a fleet task is asked to look at: one image, or all tags of a repository. */
export type Target =
  | { readonly kind: "image"; readonly given: string; readonly reference: Reference }
  | { readonly kind: "repository"; readonly given: string; readonly repository: Repository }
  /** A line of a list that is no reference: a result of its own, so that the rest is done. */
  | { readonly kind: "invalid"; readonly given: string; readonly message: string };

/** `NAME:*` says everywhere that all tags are meant. */
function everyTag(text: string): Repository | undefined {
  return text.endsWith(":*") ? parseRepository(text.slice(0, -":*".length)) : undefined;
}

/**
 * Read a name from the command line: with a tag or digest an image, without a repository.
 *
 * @throws {ReferenceSyntaxError}
 */
export function parseTarget(given: string): Target {
  const repository = everyTag(given) ??
    (hasTagOrDigest(given) ? undefined : parseRepository(given));
  return repository === undefined
    ? { kind: "image", given, reference: parseReference(given) }
    : { kind: "repository", given, repository };
}

/**
 * Read a line of a list: a reference as Docker reads it (without a tag it is `latest`), or `NAME:*`;
 * `undefined` for an empty line or a `#` comment.
 */
export function parseTargetLine(line: string): Target | undefined {
  const given = line.replace(/(?:^|\s)#.*$/u, "").trim();
  if (given === "") return undefined;
  try {
    const repository = everyTag(given);
    return repository === undefined
      ? { kind: "image", given, reference: parseReference(given) }
      : { kind: "repository", given, repository };
  } catch (error) {
    if (!(error instanceof ReferenceSyntaxError)) throw error;
    return { kind: "invalid", given, message: error.message };
  }
}
