/** What the name of a file's bundle has after the file's own. */
export const BUNDLE_SUFFIX = ".sigstore.json";
