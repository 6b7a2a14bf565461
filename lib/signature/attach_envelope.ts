import type { Clock } from "../base/clock.ts";
import { equalBytes } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { digestOf } from "../reference/digest.ts";
import type { Remote } from "../registry/remote.ts";
import type { ResolvedManifest } from "../registry/resolve_digest.ts";
import { attachAttestation } from "./attach_attestation.ts";
import { attachBundle } from "./attach_bundle.ts";
import { parseImageBundle } from "./bundle.ts";
import { parseEnvelope } from "./dsse.ts";
import { readBundles } from "./read_bundles.ts";
import { INTOTO_PAYLOAD_TYPE, parseStatement } from "./statement.ts";
import type { SignatureStore } from "./store.ts";

/** What somebody else signed, to be stored beside an image. */
export interface Signed {
  /** A DSSE envelope, or a Sigstore bundle. */
  readonly bytes: Uint8Array;
  readonly subject: ResolvedManifest;
  readonly dockerMediaTypes?: boolean | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Store a bundle that was made elsewhere as a referrer of an image, unless just these bytes are there.
 *
 * @throws {MalformedError} if it is no bundle with a statement
 * @throws {RegistryError}
 */
export async function attachForeignBundle(
  remote: Remote,
  store: SignatureStore,
  { bytes, subject, clock, random }: Signed,
): Promise<void> {
  const { predicateType } = parseStatement(parseImageBundle(bytes).envelope.payload);
  for await (const stored of readBundles(remote, store, subject.digest, predicateType)) {
    if (equalBytes(stored.bytes, bytes)) return;
  }
  await attachBundle(remote, store, { bundle: bytes, predicateType, subject, clock, random });
}

/**
 * Store an attestation's envelope that was made elsewhere, in cosign's legacy form, unless just these
 * bytes are there.
 *
 * @throws {MalformedError} if it is no envelope with a statement
 * @throws {RegistryError}
 */
export async function attachForeignEnvelope(
  remote: Remote,
  store: SignatureStore,
  { bytes, dockerMediaTypes, clock, random }: Signed,
): Promise<void> {
  const { payload, payloadType } = parseEnvelope(bytes);
  if (payloadType !== INTOTO_PAYLOAD_TYPE) {
    throw new MalformedError(
      "DSSE envelope",
      `invalid payloadType ${payloadType.slice(0, 80)} on envelope, want ${INTOTO_PAYLOAD_TYPE}`,
    );
  }
  const digest = digestOf(bytes);
  await attachAttestation(remote, store, {
    makeEnvelope: () => Promise.resolve({ envelope: bytes }),
    predicateType: parseStatement(payload).predicateType,
    isOurs: (stored) => Promise.resolve(stored.digest === digest),
    dockerMediaTypes,
    clock,
    random,
  });
}
