/** A kubectl for tests: it keeps one secret in a file, and writes down with what words it was called. */

import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import process from "node:process";

/** A fake kubectl that is found first on its PATH. */
export interface FakeKubectl {
  readonly env: Readonly<Record<string, string>>;
  /** The secret, parsed; fails where there is none. */
  secret(): Promise<{
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly data: Readonly<Record<string, string>>;
  }>;
  /** Put a secret there. */
  put(secret: object): Promise<void>;
  /** All words that it was called with. */
  words(): Promise<string>;
}

const SCRIPT = `#!/bin/sh
here=$(dirname "$0")
echo "$*" >> "$here/words"
case $1 in
  get) [ -f "$here/secret.json" ] && cat "$here/secret.json"; exit 0 ;;
  create) [ -f "$here/secret.json" ] && { echo 'Error from server (AlreadyExists): x' >&2; exit 1; }
    cat > "$here/secret.json" ;;
  replace) cat > "$here/secret.json" ;;
  *) echo "unknown command" >&2; exit 1 ;;
esac
`;

/** Write it into a folder. */
export async function writeFakeKubectl(folder: string): Promise<FakeKubectl> {
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "kubectl"), SCRIPT);
  await chmod(join(bin, "kubectl"), 0o755);
  return {
    env: { PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` },
    secret: async () => JSON.parse(await readFile(join(bin, "secret.json"), "utf8")),
    put: (secret) => writeFile(join(bin, "secret.json"), JSON.stringify(secret)),
    words: () => readFile(join(bin, "words"), "utf8"),
  };
}
