import { messageOf, UsageError } from "../base/errors.ts";
import { parseRepository, type Repository } from "../reference/reference.ts";

/** The beginning of repositories' names: a registry, or a path in it up to a slash. */
interface Prefix {
  readonly registry: string;
  /** Empty where all of the registry is meant. */
  readonly path: string;
}

/** One rule: where the signatures of some images are kept. */
interface Rule {
  readonly from: Prefix;
  readonly to: Prefix;
  /** Whether what follows `from` in an image's name follows `to` as well. */
  readonly keepsRest: boolean;
}

const REST = "/*";

/** Read the beginning of a repository's name. The registry must be there: `docker.io` for Docker Hub. */
function parsePrefix(text: string): Prefix {
  const [first = "", ...rest] = text.split("/");
  if (first !== "localhost" && !/[.:]/u.test(first)) {
    throw new UsageError(`"${text.slice(0, 80)}" names no registry, as docker.io/library does`);
  }
  // A name below it tells whether it may begin one; Docker Hub's `library/` is not put in between.
  const { registry } = parseRepository(`${text}/x`);
  return { registry, path: rest.join("/") };
}

function parseRule(text: string): Rule {
  try {
    const [from = "", to, ...more] = text.split("=");
    if (to === undefined || more.length > 0) throw new UsageError("want FROM=TO");
    if (from.endsWith(REST)) throw new UsageError("FROM means all below it, also without /*");
    const keepsRest = to.endsWith(REST);
    const rule = {
      from: parsePrefix(from),
      to: parsePrefix(keepsRest ? to.slice(0, -REST.length) : to),
      keepsRest,
    };
    // An image may be just what `from` names, and then nothing is left of its name.
    const namesRegistry = rule.to.path === "" && (!keepsRest || rule.from.path !== "");
    if (namesRegistry) throw new UsageError(`"${to.slice(0, 80)}" is a registry, not a repository`);
    return rule;
  } catch (error) {
    throw new UsageError(
      `Cannot use signature repository "${text.slice(0, 200)}": ${messageOf(error)}`,
      { cause: error },
    );
  }
}

const joinPath = (...parts: readonly string[]): string =>
  parts.filter((part) => part !== "").join("/");

/** What is left of an image's name after a prefix; `undefined` where it has another. */
function restAfter({ registry, path }: Prefix, image: Repository): string | undefined {
  if (image.registry !== registry) return undefined;
  if (path === "") return image.path;
  if (image.path === path) return "";
  return image.path.startsWith(`${path}/`) ? image.path.slice(path.length + 1) : undefined;
}

/**
 * Read rules of where signatures are kept, each `FROM=TO`: the signatures of the repository FROM and of
 * all that are below it are kept in the repository TO. With `TO/*` each has a repository of its own
 * there, named by what follows FROM. Of several rules the one with the longest FROM counts.
 *
 * @returns the repository for the signatures of an image's; `undefined` where no rule is about it
 * @throws {UsageError}
 */
export function parseSignatureRepositories(
  texts: readonly string[],
): (image: Repository) => Repository | undefined {
  const rules = texts.map(parseRule)
    .sort((a, b) => b.from.path.length - a.from.path.length);
  const names = rules.map(({ from }) => joinPath(from.registry, from.path));
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new UsageError(`Cannot use two signature repositories for ${twice}: name one`);
  }
  return (image) => {
    for (const { from, to, keepsRest } of rules) {
      const rest = restAfter(from, image);
      if (rest === undefined) continue;
      return { registry: to.registry, path: keepsRest ? joinPath(to.path, rest) : to.path };
    }
    return undefined;
  };
}
