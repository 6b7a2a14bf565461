import { FileError, type Files } from "../base/files.ts";

/** A file by its one name, and the folder that links may not lead out of. */
export interface FilePlace {
  /** Absolute; its folder has no links in it, and it may be one itself. */
  readonly path: string;
  /** Absolute and without links; a link may lead anywhere unless told. */
  readonly root?: string | undefined;
}

/** Whether a path is in a folder or is it; both absolute and without links. */
export function isInside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

/** A path below a folder; both absolute and without links. `undefined` where it is not below. */
export function pathBelow(folder: string, path: string): string | undefined {
  if (path === folder || !isInside(folder, path)) return undefined;
  return path.slice(folder.endsWith("/") ? folder.length : folder.length + 1);
}

/** Put a name after a folder's; the current folder is named by nothing. */
export function joinPath(folder: string, name: string): string {
  if (folder === "") return name;
  return folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
}

/** The folder of a path, `.` for the current one. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "." : path.slice(0, slash) || "/";
}

/** How reports name a folder: without what says nothing, and the current one by nothing. */
export function folderName(word: string): string {
  const name = word.replace(/(?<=[^/])\/+$/u, "");
  return name === "." ? "" : name.replace(/^\.\/+(?=.)/u, "");
}

/**
 * Give the one name of a path, links in its folders followed; what stands there is not looked at.
 *
 * @throws {FileError} if there is no such folder
 */
export async function locateFile(
  files: Pick<Files, "resolve">,
  path: string,
): Promise<string> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (["", ".", ".."].includes(name)) return await files.resolve(path);
  return joinPath(await files.resolve(folderOf(path)), name);
}

/**
 * Read a file, and notice where it was changed meanwhile, or another put in its place.
 *
 * @throws {FileError} and what `consume` throws
 */
export async function readPlace<Result>(
  files: Files,
  { path, root }: FilePlace,
  consume: (pieces: AsyncIterable<Uint8Array>) => Promise<Result>,
): Promise<Result> {
  const real = await files.resolve(path);
  if (root !== undefined && !isInside(root, real)) {
    throw new FileError("outside", "it is a link that leads out of the folder");
  }
  const { version } = await files.look(real);
  const result = await consume(files.read(real));
  if ((await files.look(real)).version !== version) {
    throw new FileError("unreadable", "it was changed while it was read");
  }
  return result;
}
