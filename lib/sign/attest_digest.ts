import { equalBytes } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { verifySignature } from "../keys/verify_signature.ts";
import type { Repository } from "../reference/reference.ts";
import { fetchBlob } from "../registry/fetch_blob.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { Remote } from "../registry/remote.ts";
import type { ResolvedManifest } from "../registry/resolve_digest.ts";
import { attachAttestation, LAYER_PREDICATE_TYPE } from "../signature/attach_attestation.ts";
import { buildEnvelope, parseEnvelope, preAuthEncoding } from "../signature/dsse.ts";
import { materialAnnotations } from "../signature/material_annotations.ts";
import { INTOTO_PAYLOAD_TYPE } from "../signature/statement.ts";
import { locateSignatures } from "../signature/store.ts";
import { hasLegacyWitnesses } from "./is_witnessed.ts";
import { bundleStatement } from "./sign_bundle.ts";
import { completeSubject } from "./sign_digest.ts";
import { type SignedStatement, signStatement } from "./sign_statement.ts";
import { toSigner } from "./key_signer.ts";
import type { SigningJob, SignOptions, SignOutcome, SignOutcomes } from "./signing_job.ts";

/** An in-toto statement to sign. */
export interface Attestation {
  readonly statement: Uint8Array;
  /** The statement's own. */
  readonly predicateType: string;
  /** In the legacy form, take away what is attested with the same predicate type. */
  readonly replace?: boolean | undefined;
}

/** How to attest: as one signs, without annotations. */
export type AttestOptions = Omit<
  SignOptions,
  "annotations" | "dockerReference" | "payload" | "legacyReferrers" | "dryRun"
>;

/** The envelope of a signed statement, as legacy attestations are stored. */
export function statementEnvelope(
  { statement, signature }: Pick<SignedStatement, "statement" | "signature">,
): Uint8Array {
  return buildEnvelope({
    payloadType: INTOTO_PAYLOAD_TYPE,
    payload: statement,
    signatures: [signature],
  });
}

/** Signatures differ in length, by key and by chance; cosign 2 writes an empty key id as well. */
const SIZE_TOLERANCE = 1024;

/** Attest in cosign's legacy form, unless this key has signed the same statement already. */
async function attestLegacy(
  { remote, store, signer, options }: SigningJob,
  { statement, predicateType, replace }: Attestation,
): Promise<SignOutcome> {
  const expectedSize = statementEnvelope({ statement, signature: new Uint8Array() }).length;
  const isOurs = async (stored: Descriptor): Promise<boolean> => {
    // Others are not fetched: attestations may be large, and theirs are not of our size and type.
    const type = stored.annotations?.[LAYER_PREDICATE_TYPE] ?? predicateType;
    const difference = stored.size - expectedSize;
    if (type !== predicateType || difference < 0 || difference > SIZE_TOLERANCE) return false;
    if (stored.size > store.maxAttachmentBytes || !hasLegacyWitnesses(signer, stored)) return false;
    const bytes = await fetchBlob(remote, store.repository, stored);
    if (bytes === undefined) return false;
    try {
      const { payloadType, payload, signatures: [signature] } = parseEnvelope(bytes);
      return signature !== undefined && equalBytes(payload, statement) &&
        await verifySignature(signer.publicKey, preAuthEncoding(payloadType, payload), signature);
    } catch (error) {
      if (error instanceof MalformedError) return false;
      throw error;
    }
  };
  const attached = await attachAttestation(remote, store, {
    async makeEnvelope() {
      const signed = await signStatement(signer, statement);
      const annotations = materialAnnotations(signed.material);
      return { envelope: statementEnvelope(signed), annotations };
    },
    predicateType,
    isOurs,
    replace,
    knownAbsent: options.tags?.has(store.attestationTag) === false,
    dockerMediaTypes: options.dockerMediaTypes,
    created: options.created,
    clock: options.clock,
    random: options.random,
  });
  return attached ? "signed" : "already-signed";
}

/**
 * Attest something of one image. What this key has attested already in just these bytes is not signed
 * again; what others attest stays.
 *
 * @throws {RegistryError} if the registry could not be read or written
 * @throws {MalformedError} if what lies where the attestation belongs is something else
 * @throws {TooManySignaturesError}
 * @throws as {@link ContentSigner.sign}
 */
export async function attestDigest(
  remote: Remote,
  image: Repository,
  resolved: ResolvedManifest,
  attestation: Attestation,
  options: AttestOptions,
): Promise<SignOutcomes> {
  const subject = await completeSubject(remote, image, resolved);
  const store = locateSignatures(image, subject.digest, options.store ?? {});
  const job: SigningJob = {
    remote,
    image,
    subject,
    store,
    signer: toSigner(options.key),
    options: { ...options, annotations: {} },
  };
  const { statement, predicateType } = attestation;
  const outcomes: Record<string, SignOutcome> = {};
  for (const format of options.formats) {
    outcomes[format] = format === "legacy"
      ? await attestLegacy(job, attestation)
      : await bundleStatement(job, statement, predicateType);
  }
  return outcomes;
}
