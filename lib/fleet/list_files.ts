import { UsageError } from "../base/errors.ts";
import { FileError, type Files, type FolderEntry } from "../base/files.ts";
import { MAX_FILES, MAX_FOLDER_DEPTH } from "../base/limits.ts";
import { parsePathGlob } from "../policy/path_glob.ts";
import { BUNDLE_SUFFIX } from "./bundle_suffix.ts";
import { type FilePlace, folderName, isInside, joinPath, locateFile } from "./locate_file.ts";

/** What files are asked for by. */
export type FileSource =
  /** A word of the user's: a file, a folder with all in it, or a glob. */
  | { readonly kind: "word"; readonly text: string }
  /** A line of a list: a file or a folder, relative to `base`, which it may not leave. */
  | { readonly kind: "line"; readonly text: string; readonly base: string };

/** A file, or what is none and has a result of its own all the same. */
export type FileItem =
  | FilePlace & { readonly kind: "file"; readonly name: string }
  | { readonly kind: "trouble"; readonly name: string; readonly error: FileError };

/** What is left out. */
export interface ListFilesOptions {
  /** Whether to leave out a file or a folder by its path below the folder that was asked for. */
  readonly excluded?: (path: string) => boolean;
  /** Files to leave out by their one names ({@link locateFile}): the run's own reports. */
  readonly skipped?: ReadonlySet<string>;
}

/** A folder on the way down. */
interface Folder {
  /** Absolute and without links. */
  readonly path: string;
  /** As reports name it; empty for the current one. */
  readonly name: string;
  /** Its path below the root; empty for the root itself. */
  readonly below: string;
  /** How many folders are above it in the walk. */
  readonly level: number;
}

/** A walk through a folder. */
interface Walk {
  readonly files: Files;
  readonly root: string;
  readonly depth: number;
  readonly wanted: (path: string) => boolean;
  readonly excluded: (path: string) => boolean;
}

/** Whether a file is a bundle by its name, and so none to sign. */
export function isBundleName(name: string): boolean {
  return name.endsWith(BUNDLE_SUFFIX);
}

function trouble(name: string, error: unknown): FileItem {
  if (!(error instanceof FileError)) throw error;
  return { kind: "trouble", name, error };
}

/** Refuse what was made of a name that is not UTF-8: no file has it, so that one would seem missing. */
function checkName(name: string): void {
  if (name.includes("\ufffd")) throw new FileError("unreadable", "its name is not UTF-8");
}

/** A link in a folder: to a file in it, it is one; to a folder in it, all there has a name already. */
async function* followLink(
  { files, root }: Walk,
  path: string,
  name: string,
): AsyncGenerator<FileItem> {
  const real = await files.resolve(path);
  if (!isInside(root, real)) {
    throw new FileError("outside", "it is a link that leads out of the folder");
  }
  const { kind } = await files.look(real);
  if (kind === "folder") return;
  yield { kind: "file", name, path, root };
}

async function* walkEntry(
  walk: Walk,
  folder: Folder,
  entry: FolderEntry,
): AsyncGenerator<FileItem> {
  const below = joinPath(folder.below, entry.name);
  if (walk.excluded(below)) return;
  const path = joinPath(folder.path, entry.name);
  const name = joinPath(folder.name, entry.name);
  if (entry.kind === "folder") {
    if (folder.level < walk.depth) {
      yield* walkFolder(walk, { path, name, below, level: folder.level + 1 });
    }
    return;
  }
  if (isBundleName(entry.name) || !walk.wanted(below)) return;
  checkName(entry.name);
  if (entry.kind === "link") {
    yield* followLink(walk, path, name);
  } else {
    // What is no regular file says so where it is read.
    yield { kind: "file", name, path, root: walk.root };
  }
}

async function* walkFolder(walk: Walk, folder: Folder): AsyncGenerator<FileItem> {
  const { path, name, level } = folder;
  try {
    if (level > MAX_FOLDER_DEPTH) {
      throw new FileError("too-large", `it lies under more than ${MAX_FOLDER_DEPTH} folders`);
    }
    const entries = await walk.files.list(path);
    for (const entry of entries.toSorted((a, b) => a.name < b.name ? -1 : 1)) {
      try {
        yield* walkEntry(walk, folder, entry);
      } catch (error) {
        yield trouble(joinPath(name, entry.name), error);
      }
    }
  } catch (error) {
    yield trouble(name === "" ? "." : name, error);
  }
}

/** Walk through a folder; where there is nothing, that is a result too: it may be on no disk. */
async function* walkFrom(
  walk: Walk,
  name: string,
  nothing: { readonly name: string; readonly message: string },
): AsyncGenerator<FileItem> {
  let found = false;
  for await (const item of walkFolder(walk, { path: walk.root, name, below: "", level: 0 })) {
    found = true;
    yield item;
  }
  if (!found) yield trouble(nothing.name, new FileError("missing", nothing.message));
}

async function* expandGlob(
  files: Files,
  text: string,
  excluded: Walk["excluded"],
): AsyncGenerator<FileItem> {
  const glob = parsePathGlob(text);
  if (glob === undefined) throw new FileError("missing", "there is no such file");
  const { folder, depth, matches: wanted } = glob;
  const root = await files.resolve(folder === "" ? "." : folder);
  const walk = { files, root, depth, wanted, excluded };
  yield* walkFrom(walk, folder, { name: text, message: "no file matches" });
}

async function* expandWord(
  files: Files,
  text: string,
  excluded: Walk["excluded"],
): AsyncGenerator<FileItem> {
  let root: string;
  try {
    root = await files.resolve(text);
  } catch (error) {
    if (!(error instanceof FileError) || error.failure !== "missing") throw error;
    return yield* expandGlob(files, text, excluded);
  }
  const name = folderName(text);
  if (name !== "" && excluded(name)) return;
  if ((await files.look(root)).kind !== "folder") {
    yield { kind: "file", name: text, path: await locateFile(files, text) };
    return;
  }
  const walk = { files, root, depth: Infinity, wanted: () => true, excluded };
  yield* walkFrom(walk, name, { name: text, message: "there is no file in it" });
}

async function* expandLine(
  files: Files,
  { text, base }: Extract<FileSource, { kind: "line" }>,
  excluded: Walk["excluded"],
): AsyncGenerator<FileItem> {
  const name = folderName(text);
  if (name !== "" && excluded(name)) return;
  checkName(text);
  const path = await locateFile(files, text.startsWith("/") ? text : joinPath(base, text));
  if (!isInside(base, path)) {
    throw new FileError("outside", "the list may not lead out of the folder");
  }
  const walk = { files, root: base, depth: Infinity, wanted: () => true, excluded };
  const { kind } = await files.look(path);
  if (kind === "folder") {
    yield* walkFolder(walk, { path, name, below: "", level: 0 });
  } else if (kind === "link") {
    yield* followLink(walk, path, text);
  } else {
    yield { kind: "file", name: text, path, root: base };
  }
}

/**
 * List the files that words and lists stand for, as a stream in their order, those of a folder by
 * name, and each once. Bundles are none: what ends in {@link BUNDLE_SUFFIX} is left out.
 *
 * @throws {UsageError} if a glob is too much to match with, or there are too many files
 */
export async function* listFiles(
  files: Files,
  sources: AsyncIterable<FileSource> | Iterable<FileSource>,
  { excluded = () => false, skipped = new Set() }: ListFilesOptions = {},
): AsyncGenerator<FileItem, void, undefined> {
  const seen = new Set<string>();
  const expand = async function* (source: FileSource): AsyncGenerator<FileItem> {
    if (source.kind === "line") yield* expandLine(files, source, excluded);
    else yield* expandWord(files, source.text, excluded);
  };
  for await (const source of sources) {
    try {
      for await (const item of expand(source)) {
        if (item.kind === "file") {
          if (isBundleName(item.path) || skipped.has(item.path) || seen.has(item.path)) continue;
          if (seen.size === MAX_FILES) {
            throw new UsageError(`Cannot list files: there are more than ${MAX_FILES}`);
          }
          seen.add(item.path);
        }
        yield item;
      }
    } catch (error) {
      yield trouble(source.text, error);
    }
  }
}
