import { encodeText } from "../base/bytes.ts";
import type { Digest } from "../reference/digest.ts";
import type { Place } from "./copy_manifest.ts";
import { LayoutError, openWriter } from "./layout_files.ts";
import {
  dropTagPrefix,
  findSaved,
  formatLayoutIndex,
  LAYOUT_INDEX,
  type Listed,
} from "./layout_index.ts";
import { emptyStore, LAYOUT_REPOSITORY, openLayoutRemote } from "./layout_remote.ts";
import {
  findManifest,
  readLinks,
  sortedTags,
  type StoredManifest,
  type StoredRepository,
} from "./memory_store.ts";
import { type LayoutOptions, readLayoutIndex } from "./open_layout.ts";
import { RegistryError } from "./registry_error.ts";

/** A layout folder to copy an image into. */
export interface NewLayout extends Place {
  /**
   * Make the folder a layout of `root` and of all else that was stored; until then it is what it was
   * before.
   *
   * @throws {LayoutError}
   */
  finish(root: Digest): Promise<void>;
  /** Give up, or be done: remove what is unfinished. */
  close(): Promise<void>;
}

/** As others write it, to the byte. */
const MARKER = encodeText('{\n    "imageLayoutVersion": "1.0.0"\n}');

/** `index.json` is written over: it must be one that tells of one image, as `save` writes it. */
async function assertReplaceable(folder: string): Promise<void> {
  let entries;
  try {
    entries = await readLayoutIndex(folder) ?? [];
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    throw new LayoutError(`Cannot write ${folder}: it has a file ${LAYOUT_INDEX} of another kind`, {
      cause: error,
    });
  }
  if (entries.length === 0 || findSaved(entries).length > 0) return;
  throw new LayoutError(
    `Cannot write ${folder}: it is a layout that another tool made; choose another folder`,
  );
}

function list(manifest: StoredManifest, tag: string | undefined): Listed {
  const { mediaType, digest, bytes } = manifest;
  const { artifactType } = readLinks(bytes);
  return {
    descriptor: {
      mediaType,
      size: bytes.length,
      digest,
      ...(artifactType === undefined ? {} : { artifactType }),
    },
    ...(tag === undefined ? {} : { tag }),
  };
}

/** What `index.json` is to list: the root, what has a tag, and what refers to another. */
function listAll(
  repository: StoredRepository,
  root: Digest,
  tagPrefix: string,
): readonly Listed[] {
  const tagged = sortedTags(repository).map((tag) =>
    list(findManifest(repository, tag)!, dropTagPrefix(tag, tagPrefix))
  );
  const named = new Set(tagged.map(({ descriptor }) => descriptor.digest));
  const untagged = [...repository.manifests.values()].filter(({ digest, bytes }) =>
    !named.has(digest) && (digest === root || readLinks(bytes).subject !== undefined)
  );
  const all = [...tagged, ...untagged.map((manifest) => list(manifest, undefined))];
  // cosign's own order is the image first; others look at nothing else.
  const isRoot = ({ descriptor }: Listed): boolean => descriptor.digest === root;
  return [...all.filter(isRoot), ...all.filter((entry) => !isRoot(entry))];
}

/**
 * Open a folder to copy an image into: a new one, or one that an earlier `save` wrote, finished or
 * not. Blobs that are there and whole are used again.
 *
 * @throws {LayoutError}
 */
export async function createLayout(
  path: string,
  { tagPrefix = "", signal }: LayoutOptions = {},
): Promise<NewLayout> {
  const writer = await openWriter(path);
  const { store, repository } = emptyStore();
  const remote = openLayoutRemote({ folder: writer.folder, store, writer, signal });
  try {
    await assertReplaceable(writer.folder);
  } catch (error) {
    await writer.close();
    throw error;
  }
  return {
    remote,
    repository: LAYOUT_REPOSITORY,
    async finish(root) {
      await writer.write("oci-layout", [MARKER]);
      await writer.write(LAYOUT_INDEX, [
        formatLayoutIndex(root, listAll(repository, root, tagPrefix)),
      ]);
    },
    close: () => writer.close(),
  };
}
