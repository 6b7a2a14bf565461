import { readFile } from "node:fs/promises";
import { messageOf, UsageError } from "../../lib/base/errors.ts";
import type { TlsOptions } from "../../lib/base/http.ts";

/** Files of a connection's certificates, PEM. */
export interface TlsFiles {
  /** Whom to trust. */
  readonly ca?: string | undefined;
  /** What to show, and its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Read the files of a connection's certificates.
 *
 * @param both what is wanted where one of certificate and key is missing, for the error
 * @throws {UsageError}
 */
export async function readTlsFiles(files: TlsFiles, both: string): Promise<TlsOptions> {
  if ((files.cert === undefined) !== (files.key === undefined)) {
    throw new UsageError(`Cannot show a certificate: want ${both}`);
  }
  const pems: Record<string, string> = {};
  for (const [name, file] of Object.entries(files)) {
    if (file === undefined) continue;
    try {
      pems[name] = await readFile(file, "utf8");
    } catch (error) {
      throw new UsageError(`Cannot read ${file}: ${messageOf(error)}`, { cause: error });
    }
  }
  return pems;
}
