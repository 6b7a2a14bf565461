/** Upper bounds on what is read from outside. Each is generous for honest data. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** Manifests: the size that the distribution specification tells registries to allow. */
export const MAX_MANIFEST_BYTES: number = 4 * MIB;

/** One page of tags, of a catalog or of referrers: about 100,000 entries. */
export const MAX_PAGE_BYTES: number = 16 * MIB;

/** A token answer, an error document or the answer to a write. */
export const MAX_ANSWER_BYTES: number = 1 * MIB;

/** What cosign accepts as a signature's payload or a bundle, unless told (COSIGN_MAX_ATTACHMENT_SIZE). */
export const MAX_ATTACHMENT_BYTES: number = 128 * MIB;

/** Signatures on one image, the limit of cosign too: more is an attack (CVE-2023-46737). */
export const MAX_SIGNATURES = 1000;

/** Tags in one repository: the largest public ones hold some hundred thousand. */
export const MAX_TAGS = 2_000_000;

/** Pages of one listing; each may be short, so this is not MAX_TAGS over a page's size. */
export const MAX_PAGES = 20_000;

/** Redirects followed for one request. */
export const MAX_REDIRECTS = 5;

/** Manifests in an index, nested ones included: the largest real ones hold some dozens. */
export const MAX_CHILDREN = 1000;

/** Files in one layout folder; each is looked at. */
export const MAX_LAYOUT_FILES = 100_000;

/** The manifests of one layout folder together, which are held in memory: an honest one has some KiB. */
export const MAX_LAYOUT_MANIFESTS_BYTES: number = 64 * MIB;

/** The bundle beside a file: a signature has some kilobytes, an attestation with an SBOM more. */
export const MAX_FILE_BUNDLE_BYTES: number = 16 * MIB;

/** Names in one folder, which are held to be sorted. */
export const MAX_FOLDER_ENTRIES = 1_000_000;

/** Folders in folders; and globs take time in a power of it. */
export const MAX_FOLDER_DEPTH = 100;

/** Files in one run: of each its name is kept. */
export const MAX_FILES = 2_000_000;

/** Log entries a second: what the public log bears, and large users keep to. */
export const DEFAULT_LOG_RATE = 5;
