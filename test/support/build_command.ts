import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./repo.ts";
import { runScript } from "./run_script.ts";

/** Make the command as npm installs it, in a folder with the dependencies beside it; give its path. */
export async function buildCommand(folder: string): Promise<string> {
  const { code, stderr } = await runScript("build/bundle.ts", [join(folder, "bin")]);
  if (code !== 0) throw new Error(stderr);
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return join(folder, "bin/sigfleet.cjs");
}
