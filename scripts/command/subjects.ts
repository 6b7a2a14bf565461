import type { Command } from "commander";
import { formatReference, parseReference, type Reference } from "../../lib/reference/reference.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import { safeText } from "../../lib/report/safe_text.ts";
import type { StoreOptions } from "../../lib/signature/store.ts";
import type { Verdict } from "../../lib/verify/verdict.ts";
import type { Io } from "./io.ts";
import {
  type RegistryFlags,
  storeOptions,
  withRegistries,
  type WorkerFlags,
} from "./registry_options.ts";

/** Where what is to be verified lies. */
export interface SubjectFlags extends RegistryFlags, WorkerFlags {
  readonly localImage?: boolean;
}

/** Something to verify, in a registry or in a folder. */
export interface Subject {
  /** As it is shown. */
  readonly name: string;
  readonly verify: (
    judge: (remote: Remote, reference: Reference) => Promise<Verdict>,
  ) => Promise<Verdict>;
}

/** Declare that folders can be verified too. */
export function defineLocalOption(command: Command): void {
  command.option("--local-image", "the images are folders that save wrote; no registry is asked");
}

/** Where signatures are kept; in a folder they are beside the image. */
export function subjectStore(flags: SubjectFlags, env: Io["env"]): StoreOptions {
  const store = storeOptions(flags, env);
  const { maxAttachmentBytes } = store;
  return flags.localImage === true ? { maxAttachmentBytes } : store;
}

/**
 * Do something with what the arguments name: images in registries, or folders with `--local-image`.
 *
 * @throws {ReferenceSyntaxError} before anything is done
 */
export async function withSubjects(
  args: readonly string[],
  flags: SubjectFlags,
  io: Io,
  work: (subjects: readonly Subject[]) => Promise<number>,
): Promise<number> {
  if (flags.localImage === true) {
    // Only here: it is much, and most images are in registries.
    const { verifyLayout } = await import("../../lib/verify/verify_layout.ts");
    return await work(args.map((folder) => ({
      name: safeText(folder),
      verify: (judge) => verifyLayout(folder, judge, io.signal),
    })));
  }
  const references = args.map(parseReference);
  return await withRegistries(
    flags,
    io,
    flags.maxWorkers,
    (remote) =>
      work(references.map((reference) => ({
        name: formatReference(reference),
        verify: (judge) => judge(remote, reference),
      }))),
  );
}
