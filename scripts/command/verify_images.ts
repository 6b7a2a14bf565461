import { MalformedError } from "../../lib/base/errors.ts";
import { pooled } from "../../lib/base/pool.ts";
import { formatReference, type Reference } from "../../lib/reference/reference.ts";
import type { Remote } from "../../lib/registry/remote.ts";
import { safeText } from "../../lib/report/safe_text.ts";
import { evidenceOf, reasonOf } from "../../lib/verify/unknown.ts";
import type { Verdict } from "../../lib/verify/verdict.ts";
import { verifyDigest, type VerifyOptions } from "../../lib/verify/verify_digest.ts";
import { verifyGiven } from "../../lib/verify/verify_given.ts";
import { verifyImage } from "../../lib/verify/verify_image.ts";
import { type ChildOptions, verifyRecursive } from "../../lib/verify/verify_recursive.ts";
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
import { storeOptions, withRegistries } from "./registry_options.ts";
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

/** What every image is judged by. */
interface Judgement {
  readonly options: VerifyOptions;
  readonly children: ChildOptions | undefined;
  readonly verify: typeof verifyDigest;
  readonly attachment: string | undefined;
}

/** Judge one image, or what is attached to it. */
async function judge(
  remote: Remote,
  given: Reference,
  { options, children, verify, attachment }: Judgement,
): Promise<{ readonly reference: Reference; readonly verdict: Verdict }> {
  let reference = given;
  try {
    if (attachment !== undefined) reference = await locateSbom(remote, given, options.store ?? {});
  } catch (error) {
    const evidence = evidenceOf(error);
    const reasons = [reasonOf(error)];
    return { reference, verdict: { kind: "unknown", signatures: [], reasons, evidence } };
  }
  const verdict = children === undefined
    ? await verifyImage(remote, reference, options, verify)
    : await verifyRecursive(remote, reference, options, children, verify);
  return { reference, verdict };
}

/** Print a verified image, or tell that what is signed cannot be printed as is asked. */
async function tellVerified(
  verified: Verified,
  output: string,
  io: Io,
): Promise<number> {
  try {
    const text = output === "text" ? cosignPayloads(verified) : cosignJson(verified);
    await io.stderr.write(cosignText(verified.reference, verified.signatures));
    await io.stdout.write(text);
    return 0;
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const name = formatReference(verified.reference);
    await io.stderr.write(`Error: ${name}: ${safeText(error.message)}; print it with -o text\n`);
    return 1;
  }
}

/**
 * Verify images as `cosign verify` does, with its output; every one is tried.
 *
 * @returns cosign's exit code for the first that is not verified, or 0
 */
export async function verifyImages(
  references: readonly Reference[],
  flags: CosignVerifyFlags,
  io: Io,
): Promise<number> {
  checkVerifyFlags(flags);
  const policy = { ...await signaturePolicy(flags, io), checkClaims: flags.checkClaims };
  const given = await readGiven(flags, io);
  // cosign prints bundles where there are any, unless told to look at none.
  const format = flags.newBundleFormat === false ? "legacy" : "bundle";
  const judgement: Judgement = {
    options: { policy, store: storeOptions(flags, io.env), exhaustive: true, first: format },
    children: childOptions(flags),
    verify: given === undefined
      ? verifyDigest
      : (_remote, image, digest) => verifyGiven(image, digest, given, policy),
    attachment: flags.attachment,
  };
  return await withRegistries(flags, io, flags.maxWorkers, async (remote) => {
    let code = 0;
    const judged = pooled(references, (given) => judge(remote, given, judgement), {
      limit: flags.maxWorkers,
    });
    // The first failure decides; the others are told of as well.
    for await (const { reference, verdict } of judged) {
      if (verdict.kind === "verified") {
        const signatures = signaturesToPrint(verdict.signatures, policy, format);
        const verified = { reference, digest: verdict.digest, signatures };
        const told = await tellVerified(verified, flags.output, io);
        code ||= told;
        continue;
      }
      code ||= exitCode(verdict);
      const why = safeText(errorText(verdict));
      await io.stderr.write(`Error: ${formatReference(reference)}: ${why}\n`);
    }
    return code;
  });
}
