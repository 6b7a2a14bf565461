import { MalformedError } from "../../lib/base/errors.ts";
import { pooled } from "../../lib/base/pool.ts";
import { formatReference, type Reference } from "../../lib/reference/reference.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import { safeText } from "../../lib/report/safe_text.ts";
import { unknownVerdict } from "../../lib/verify/unknown.ts";
import type { Verdict } from "../../lib/verify/verdict.ts";
import { verifyDigest, type VerifyOptions } from "../../lib/verify/verify_digest.ts";
import { verifyGiven } from "../../lib/verify/verify_given.ts";
import { verifyImage } from "../../lib/verify/verify_image.ts";
import { verifyRecursive } from "../../lib/verify/verify_recursive.ts";
import {
  cosignJson,
  cosignPayloads,
  cosignText,
  signaturesToPrint,
  type Verified,
} from "./cosign_output.ts";
import { checkVerifyFlags, type CosignVerifyFlags, readGiven } from "./cosign_verify_options.ts";
import type { Io } from "./io.ts";
import { locateSbom } from "./locate_sbom.ts";
import { type Subject, type SubjectFlags, subjectStore, withSubjects } from "./subjects.ts";
import { childOptions, signaturePolicy } from "./verify_options.ts";

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

/** Print a verified image, or tell that what is signed cannot be printed as is asked. */
async function tellVerified(verified: Verified, output: string, io: Io): Promise<number> {
  try {
    const text = output === "text" ? cosignPayloads(verified) : cosignJson(verified);
    await io.stderr.write(cosignText(verified.name, verified.signatures));
    await io.stdout.write(text);
    return 0;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const why = safeText(error.message);
    await io.stderr.write(`Error: ${verified.name}: ${why}; print it with -o text\n`);
    return 1;
  }
}

/** How each image is judged, or what is attached to it; the name is that of what was judged. */
function judgeWith(
  options: VerifyOptions,
  verify: typeof verifyDigest,
  flags: CosignVerifyFlags,
): (subject: Subject) => Promise<{ readonly name: string; readonly verdict: Verdict }> {
  const children = childOptions(flags);
  const judge = (remote: Remote, reference: Reference): Promise<Verdict> =>
    children === undefined
      ? verifyImage(remote, reference, options, verify)
      : verifyRecursive(remote, reference, options, children, verify);
  return async (subject) => {
    let { name } = subject;
    const verdict = await subject.verify(async (remote, reference) => {
      if (flags.attachment === undefined) return await judge(remote, reference);
      try {
        const attached = await locateSbom(remote, reference, options.store ?? {});
        name = formatReference(attached);
        return await judge(remote, attached);
      } catch (error) {
        return unknownVerdict(error);
      }
    });
    return { name, verdict };
  };
}

/**
 * Verify images as `cosign verify` does, with its output; every one is tried.
 *
 * @returns cosign's exit code for the first that is not verified, or 0
 */
export async function verifyImages(
  images: readonly string[],
  flags: CosignVerifyFlags & SubjectFlags,
  io: Io,
): Promise<number> {
  checkVerifyFlags(flags);
  const policy = { ...await signaturePolicy(flags, io), checkClaims: flags.checkClaims };
  const given = await readGiven(flags, io);
  // cosign prints bundles where there are any, unless told to look at none.
  const format = flags.newBundleFormat === false ? "legacy" : "bundle";
  const store = subjectStore(flags, io.env);
  const judge = judgeWith(
    { policy, store, exhaustive: true, first: format },
    given === undefined
      ? verifyDigest
      : (_remote, image, digest) => verifyGiven(image, digest, given, policy),
    flags,
  );
  return await withSubjects(images, flags, io, async (subjects) => {
    let code = 0;
    for await (const { name, verdict } of pooled(subjects, judge, { limit: flags.maxWorkers })) {
      let told: number;
      if (verdict.kind === "verified") {
        const { digest } = verdict;
        const signatures = signaturesToPrint(verdict.signatures, policy, format);
        told = await tellVerified({ name, digest, signatures }, flags.output, io);
      } else {
        // Of folders cosign says only 1.
        told = flags.localImage === true ? 1 : exitCode(verdict);
        await io.stderr.write(`Error: ${name}: ${safeText(errorText(verdict))}\n`);
      }
      // The first failure decides; the others are told of as well.
      code ||= told;
    }
    return code;
  });
}
