/** Files that are signed and verified in bulk, with what is wrong with them. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { diskFiles } from "../../lib/base/disk.ts";
import type { Files } from "../../lib/base/files.ts";
import { type FileSource, listFiles } from "../../lib/fleet/list_files.ts";
import type { FleetResult } from "../../lib/fleet/fleet_result.ts";
import type { FileLock } from "../../lib/fleet/read_lock.ts";
import { signFiles, type SignFilesOptions } from "../../lib/fleet/sign_files.ts";
import type { SignedTag } from "../../lib/fleet/sign_tags.ts";
import { verifyFiles } from "../../lib/fleet/verify_files.ts";
import type { PrivateKey } from "../../lib/keys/private_key.ts";
import { collect } from "./collect.ts";
import { type Faults, faultyFiles, type TreeEntry, writeTree } from "./file_tree.ts";
import { trust } from "./images.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const DISK = diskFiles();

/** A folder of files, and what is done to them. Names in results are relative to it. */
export interface FileFolder {
  readonly folder: string;
  readonly files: Files;
  path(name: string): string;
  read(name: string): Promise<string>;
  sign(
    names?: readonly string[],
    options?: Partial<SignFilesOptions> & { readonly faults?: Faults },
  ): Promise<readonly SignedTag[]>;
  verify(
    names?: readonly string[],
    options?: { readonly faults?: Faults; readonly lock?: FileLock },
  ): Promise<readonly FleetResult[]>;
}

/** Make a folder of files, to be signed by a key and trusted by it. */
export async function openFolder(
  t: TestContext,
  tree: Readonly<Record<string, TreeEntry>>,
  key: PrivateKey,
): Promise<FileFolder> {
  const folder = await temporaryFolder(t);
  await writeTree(folder, tree);
  const list = (names: readonly string[], faults: Faults) => {
    const files = faultyFiles(DISK, faults);
    const sources: FileSource[] = names.map((name) => ({ kind: "word", text: join(folder, name) }));
    return { files, items: listFiles(files, sources) };
  };
  const named = <Result extends { readonly image: string }>(result: Result): Result => ({
    ...result,
    image: result.image.replace(`${folder}/`, ""),
  });
  return {
    folder,
    files: DISK,
    path: (name) => join(folder, name),
    read: (name) => readFile(join(folder, name), "utf8"),
    async sign(names = ["."], { faults = {}, ...options } = {}) {
      const { files, items } = list(names, faults);
      return (await collect(signFiles(files, items, { key, limit: 4, ...options }))).map(named);
    },
    async verify(names = ["."], { faults = {}, lock } = {}) {
      const { files, items } = list(names, faults);
      const policy = trust([key]);
      return (await collect(verifyFiles(files, items, { policy, lock, limit: 4 }))).map(named);
    },
  };
}

/** What became of each file, in a word: the outcome and why it failed. */
export function outcomesOf(results: readonly SignedTag[]): readonly string[] {
  return results.map((result) => {
    const what = result.kind === "done" ? result.outcomes.bundle : result.kind;
    return `${result.image} ${what}${result.kind === "failed" ? `: ${result.message}` : ""}`;
  });
}

/** The verdict on each file, with the codes of its reasons. */
export function verdictsOf(results: readonly FleetResult[]): readonly string[] {
  return results.map(({ image, verdict: { kind, reasons } }) =>
    [image, kind, ...reasons.map(({ code }) => code)].join(" ")
  );
}
