import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Make an empty folder for one test, and remove it when the test is over. */
export async function temporaryFolder(
  context: { after(work: () => Promise<void>): void },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sigfleet-test-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
