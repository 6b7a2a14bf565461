import type { ErrorCode } from "../base/errors.ts";
import { type Digest, isDigest } from "./digest.ts";

/** Where Docker looks when a name has no registry; the name that cosign signs. */
export const DOCKER_HUB = "index.docker.io";

/** A repository: the registry's host with its port, and the path inside it. */
export interface Repository {
  /** `host`, `host:port` or `[ipv6]:port`. */
  readonly registry: string;
  /** Lower-case components separated by `/`; `library/` is already put before a bare Hub name. */
  readonly path: string;
}

/** An image: a tag of a repository, or a digest in it. */
export interface Reference {
  readonly repository: Repository;
  /** Absent when the reference names a digest. */
  readonly tag?: string;
  readonly digest?: Digest;
}

/** Text that is no image reference. */
export class ReferenceSyntaxError extends SyntaxError {
  override readonly name = "ReferenceSyntaxError";
  readonly code: Extract<ErrorCode, "REFERENCE_SYNTAX"> = "REFERENCE_SYNTAX";

  constructor(text: string, why: string) {
    super(`Cannot parse image reference "${text.slice(0, 200)}": ${why}`);
  }
}

// The grammar of the distribution project's `reference` package, which Docker uses:
// https://pkg.go.dev/github.com/distribution/reference
const COMPONENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`, "u");
const LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const REGISTRY = new RegExp(
  `^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?$`,
  "u",
);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/u;
const MAX_NAME = 255;

/** Whether the text before the first slash is a registry and not the first part of a Hub name. */
function namesRegistry(first: string): boolean {
  return first === "localhost" || /[.:]/u.test(first);
}

/**
 * Read a repository as Docker and cosign do: without a registry it is on Docker Hub, and there a
 * name of one component is in `library/`.
 *
 * @throws {ReferenceSyntaxError}
 */
export function parseRepository(text: string): Repository {
  const slash = text.indexOf("/");
  const first = slash === -1 ? "" : text.slice(0, slash);
  const explicit = namesRegistry(first);
  const named = explicit ? first : DOCKER_HUB;
  const registry = named === "docker.io" ? DOCKER_HUB : named;
  const rest = explicit ? text.slice(slash + 1) : text;
  // A port above 65535 or a number that is no IPv4 address fits the grammar, and is no address.
  if (!REGISTRY.test(registry) || !URL.canParse(`https://${registry}`)) {
    throw new ReferenceSyntaxError(text, `"${first}" is not a registry's host[:port]`);
  }
  if (rest === "") throw new ReferenceSyntaxError(text, "want a repository's name");
  if (!PATH.test(rest)) {
    throw new ReferenceSyntaxError(
      text,
      /[A-Z]/u.test(rest)
        ? "the repository's name must be in lower case"
        : `"${rest.slice(0, 80)}" is not a repository's name`,
    );
  }
  const path = registry === DOCKER_HUB && !rest.includes("/") ? `library/${rest}` : rest;
  if (registry.length + 1 + path.length > MAX_NAME) {
    throw new ReferenceSyntaxError(text, `the name is longer than ${MAX_NAME} characters`);
  }
  return { registry, path };
}

/** What a text names before defaults: a repository, and the tag and digest if it has them. */
interface Parts {
  readonly name: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

function splitReference(text: string): Parts {
  const [name = "", digest, ...more] = text.split("@");
  if (more.length > 0) throw new ReferenceSyntaxError(text, `more than one "@"`);
  if (digest !== undefined && !isDigest(digest)) {
    throw new ReferenceSyntaxError(
      text,
      `after "@" want sha256: and 64 lower-case hex digits`,
    );
  }
  const colon = name.lastIndexOf(":");
  // A colon before the last slash belongs to the registry's port.
  const tagged = colon > name.lastIndexOf("/");
  const tag = tagged ? name.slice(colon + 1) : undefined;
  if (tag !== undefined && !TAG.test(tag)) {
    throw new ReferenceSyntaxError(text, `"${tag.slice(0, 80)}" is not a tag`);
  }
  return {
    name: tagged ? name.slice(0, colon) : name,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/**
 * Read an image reference as Docker and cosign do: `[registry/]path[:tag][@digest]`. With neither
 * tag nor digest the tag is `latest`; with both the digest counts and the tag is left out.
 *
 * @throws {ReferenceSyntaxError}
 */
export function parseReference(text: string): Reference {
  const { name, tag, digest } = splitReference(text);
  const repository = parseRepository(name);
  return digest === undefined ? { repository, tag: tag ?? "latest" } : { repository, digest };
}

/** Whether a reference's text names a tag or a digest; if not, it may stand for a repository. */
export function hasTagOrDigest(text: string): boolean {
  return text.includes("@") || text.lastIndexOf(":") > text.lastIndexOf("/");
}

/** `registry/path`, as cosign writes it in a signature's docker-reference. */
export function formatRepository({ registry, path }: Repository): string {
  return `${registry}/${path}`;
}

/** `registry/path:tag` or `registry/path@digest`. */
export function formatReference({ repository, tag, digest }: Reference): string {
  const name = formatRepository(repository);
  return digest === undefined ? `${name}:${tag}` : `${name}@${digest}`;
}
