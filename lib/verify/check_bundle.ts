import { messageOf } from "../base/errors.ts";
import { type Digest, digestHex } from "../reference/digest.ts";
import { type ImageBundle, parseImageBundle } from "../signature/bundle.ts";
import { preAuthEncoding } from "../signature/dsse.ts";
import {
  INTOTO_PAYLOAD_TYPE,
  parseStatement,
  SIGN_PREDICATE_TYPE,
  type Statement,
} from "../signature/statement.ts";
import { checkAnnotations } from "./check_annotations.ts";
import { findSigner } from "./check_signature.ts";
import type { SignaturePolicy } from "./signature_policy.ts";
import type { Reason } from "./reason.ts";
import type { Check, SignatureResult } from "./verdict.ts";

function readStatement(payload: Uint8Array): Statement | string {
  try {
    return parseStatement(payload);
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Judge one bundle against an image's digest; `undefined` where it is an attestation of something
 * else and so no signature, whoever made it.
 */
export async function checkBundle(
  untrusted: Uint8Array,
  digest: Digest,
  { keys, annotations }: SignaturePolicy,
): Promise<SignatureResult | undefined> {
  const checks: Check[] = [];
  const failed = (reason: Reason): SignatureResult => ({
    format: "bundle",
    verified: false,
    checks,
    reasons: [reason],
  });

  let bundle: ImageBundle;
  try {
    bundle = parseImageBundle(untrusted);
  } catch (error) {
    return failed({ code: "signature-malformed", message: messageOf(error) });
  }
  const { payload, payloadType, signatures } = bundle.envelope;
  // Read before it is verified only to tell a signature from an attestation.
  const statement = readStatement(payload);
  if (typeof statement !== "string" && statement.predicateType !== SIGN_PREDICATE_TYPE) {
    return undefined;
  }
  if (bundle.material === "certificate") {
    return failed({
      code: "certificate-instead-of-key",
      message: "the bundle is signed with a certificate, and a key was asked for",
    });
  }
  const message = preAuthEncoding(payloadType, payload);
  const signer = await findSigner(keys, message, signatures[0] ?? new Uint8Array());
  if (signer === undefined) {
    return failed({
      code: "signature-mismatch",
      message: "the signature is not by any key asked for",
    });
  }
  checks.push("signature");
  const refused = (reason: Reason): SignatureResult => ({ ...failed(reason), signer });

  if (payloadType !== INTOTO_PAYLOAD_TYPE) {
    return refused({
      code: "claim-malformed",
      message: "the signed payload is no in-toto statement",
      expected: INTOTO_PAYLOAD_TYPE,
      found: payloadType.slice(0, 200),
    });
  }
  if (typeof statement === "string") {
    return refused({ code: "claim-malformed", message: statement });
  }
  checks.push("predicate-type");
  const subjects = statement.subjects.filter((subject) =>
    subject.digest["sha256"] === digestHex(digest)
  );
  if (subjects.length === 0) {
    return refused({
      code: "claim-digest-mismatch",
      message: "the signature is for another image",
      expected: digest,
      found: statement.subjects.map((subject) => subject.digest["sha256"] ?? "none")
        .join(", ").slice(0, 200),
    });
  }
  checks.push("claims");
  const mismatches = subjects.map((subject) => checkAnnotations(annotations, subject.annotations));
  const [mismatch] = mismatches;
  if (mismatch !== undefined && !mismatches.includes(undefined)) return refused(mismatch);
  if (Object.keys(annotations).length > 0) checks.push("annotations");
  return { format: "bundle", verified: true, signer, checks, reasons: [], signed: payload };
}
