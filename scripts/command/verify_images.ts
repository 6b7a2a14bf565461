import { pooled } from "../../lib/base/pool.ts";
import { safeText } from "../../lib/report/safe_text.ts";
import type { Verdict } from "../../lib/verify/verdict.ts";
import type { VerifyOptions } from "../../lib/verify/verify_digest.ts";
import { verifyImage } from "../../lib/verify/verify_image.ts";
import { verifyRecursive } from "../../lib/verify/verify_recursive.ts";
import { cosignJson, cosignText } from "./cosign_output.ts";
import type { Io } from "./io.ts";
import { type Subject, type SubjectFlags, subjectStore, withSubjects } from "./subjects.ts";
import { childOptions, signaturePolicy, type VerifyFlags } from "./verify_options.ts";

/** cosign's exit codes (cmd/cosign/errors), and 1 for whatever is no answer about the signature. */
function exitCode(verdict: Verdict): number {
  switch (verdict.kind) {
    case "verified":
      return 0;
    case "unsigned":
      return 10;
    case "failed":
      return verdict.reasons.some(({ code }) => code === "image-not-found") ? 11 : 12;
    case "unknown":
      return 1;
    default:
      return verdict satisfies never;
  }
}

function errorText(verdict: Exclude<Verdict, { kind: "verified" }>): string {
  const why = [...new Set(verdict.reasons.map(({ message }) => message))].join("; ");
  switch (verdict.kind) {
    case "unsigned":
      return `no signatures found: ${why}`;
    case "failed":
      return exitCode(verdict) === 11
        ? `image tag not found: ${why}`
        : `no matching signatures: ${why}`;
    case "unknown":
      return `could not tell: ${why}`;
    default:
      return verdict satisfies never;
  }
}

/**
 * Verify images as `cosign verify` does, with its output; every one is tried.
 *
 * @returns cosign's exit code for the first that is not verified, or 0
 */
export async function verifyImages(
  images: readonly string[],
  flags: VerifyFlags & SubjectFlags,
  io: Io,
): Promise<number> {
  const policy = await signaturePolicy(flags, io);
  const children = childOptions(flags);
  const options: VerifyOptions = {
    policy,
    store: subjectStore(flags, io.env),
    exhaustive: true,
  };
  return await withSubjects(images, flags, io, async (subjects) => {
    const verify = async ({ name, verify }: Subject) => ({
      name,
      verdict: await verify((remote, reference) =>
        children === undefined
          ? verifyImage(remote, reference, options)
          : verifyRecursive(remote, reference, options, children)
      ),
    });
    let code = 0;
    for await (const { name, verdict } of pooled(subjects, verify, { limit: flags.maxWorkers })) {
      if (verdict.kind === "verified") {
        await io.stderr.write(cosignText(name, verdict.signatures));
        await io.stdout.write(`\n${cosignJson(name, verdict.digest, verdict.signatures)}\n`);
      } else {
        // The first failure decides; the others are told of as well. Of folders cosign says only 1.
        code ||= flags.localImage === true ? 1 : exitCode(verdict);
        await io.stderr.write(`Error: ${name}: ${safeText(errorText(verdict))}\n`);
      }
    }
    return code;
  });
}
