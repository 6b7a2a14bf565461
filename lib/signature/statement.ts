import * as v from "valibot";
import { encodeText, equalBytes } from "../base/bytes.ts";
import { parseJson } from "../base/json.ts";
import { stringifyAsProtojson } from "../base/proto_json.ts";
import { type Digest, digestHex } from "../reference/digest.ts";
import type { Annotations } from "./claim.ts";

/** The predicate type of a signature, as against an attestation of something else. */
export const SIGN_PREDICATE_TYPE = "https://sigstore.dev/cosign/sign/v1";

/** The payload type of in-toto statements in a DSSE envelope. */
export const INTOTO_PAYLOAD_TYPE = "application/vnd.in-toto+json";

/** One thing that a statement is about. */
export interface Subject {
  readonly name?: string;
  readonly digest: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, unknown>>;
}

/** What is read of an in-toto statement. */
export interface Statement {
  readonly predicateType: string;
  readonly subjects: readonly Subject[];
}

// The limits of sigstore-go: pkg/verify/signature.go.
const MAX_SUBJECTS = 1024;

const StatementSchema = v.object({
  _type: v.picklist([
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
  ]),
  subject: v.pipe(
    v.array(v.object({
      name: v.nullish(v.string()),
      digest: v.record(v.string(), v.string()),
      annotations: v.nullish(v.record(v.string(), v.unknown())),
    })),
    v.maxLength(MAX_SUBJECTS),
  ),
  predicateType: v.string(),
});

/**
 * Write the in-toto statement that cosign 3 signs for an image, byte for byte: it names the digest
 * and no repository (in-toto attestation spec v1, "Statement"; cosign cmd/cosign/cli/sign/sign.go).
 */
export function buildSignStatement(digest: Digest, annotations: Annotations): Uint8Array {
  // · cosign 3 writes annotations where there are none, too, and with protojson.
  const subject = `{"digest":{"sha256":"${digestHex(digest)}"},` +
    `"annotations":${stringifyAsProtojson(annotations)}}`;
  return encodeText(
    `{"_type":"https://in-toto.io/Statement/v1","subject":[${subject}],` +
      `"predicateType":"${SIGN_PREDICATE_TYPE}","predicate":{}}`,
  );
}

/**
 * Read an in-toto statement. Believe what it says only where its signature verified.
 *
 * @throws {MalformedError}
 */
export function parseStatement(payload: Uint8Array): Statement {
  const { predicateType, subject } = parseJson("in-toto statement", payload, StatementSchema);
  return {
    predicateType,
    subjects: subject.map(({ name, digest, annotations }) => ({
      ...(name === undefined || name === null ? {} : { name }),
      digest,
      annotations: annotations ?? {},
    })),
  };
}

/**
 * Whether a stored statement signs what ours does, however it is written: cosign 2 leaves out
 * annotations and predicate.
 *
 * @throws {MalformedError}
 */
export function signsTheSame(stored: Uint8Array, ours: Uint8Array): boolean {
  if (equalBytes(stored, ours)) return true;
  const statement = parseStatement(stored);
  return statement.predicateType === SIGN_PREDICATE_TYPE &&
    stringifyAsProtojson(statement) === stringifyAsProtojson(parseStatement(ours));
}
