import { Buffer } from "node:buffer";
import * as v from "valibot";
import { decodeBase64, decodeText, encodeBase64, encodeText } from "../base/bytes.ts";
import { sha256 } from "../base/hash.ts";
import { parseJson } from "../base/json.ts";
import { decodePem } from "../keys/pem.ts";
import { buildEnvelope } from "../signature/dsse.ts";
import type { LogEntry } from "../signature/verification_material.ts";
import { ServiceError } from "./service_error.ts";
import { endpoint, type ServiceRequest, type Services } from "./services.ts";
import {
  checkSame,
  LOG_DEADLINE,
  LOG_PURPOSE,
  refuseEntry,
  type SignatureToLog,
  verifierBytes,
  verifierPem,
} from "./signature_to_log.ts";

/** Proofs of logs with 2^64 entries are no longer. */
const MAX_HASHES = 64;

const Index = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.transform(String));

/** rekor openapi.yaml, LogEntry: one entry under its id. */
const EntrySchema = v.pipe(
  v.record(
    v.string(),
    v.object({
      body: v.string(),
      integratedTime: Index,
      logID: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/u)),
      logIndex: Index,
      verification: v.object({
        signedEntryTimestamp: v.pipe(v.string(), v.minLength(1)),
        inclusionProof: v.object({
          checkpoint: v.string(),
          hashes: v.pipe(v.array(v.string()), v.maxLength(MAX_HASHES)),
          logIndex: Index,
          rootHash: v.string(),
          treeSize: Index,
        }),
      }),
    }),
  ),
  v.check((entries) => Object.keys(entries).length === 1, "want one entry"),
);

/** Entries that were searched for. */
const FoundSchema = v.array(EntrySchema);

const Hash = v.object({ algorithm: v.string(), value: v.string() });

const KindSchema = v.object({ kind: v.string(), apiVersion: v.string() });

const BodySchema = v.variant("kind", [
  v.object({
    kind: v.literal("hashedrekord"),
    apiVersion: v.literal("0.0.1"),
    spec: v.object({
      data: v.object({ hash: Hash }),
      signature: v.object({
        content: v.string(),
        publicKey: v.object({ content: v.string() }),
      }),
    }),
  }),
  v.object({
    kind: v.literal("dsse"),
    apiVersion: v.literal("0.0.1"),
    spec: v.object({
      payloadHash: Hash,
      signatures: v.pipe(
        v.array(v.object({ signature: v.string(), verifier: v.string() })),
        v.length(1),
      ),
    }),
  }),
]);

function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** What is proposed: the envelope, or the digest of what else was signed. */
function proposeEntry(
  { signature, hash, digest, envelope, verifier }: SignatureToLog,
): Readonly<Record<string, unknown>> {
  const pem = encodeBase64(encodeText(verifierPem(verifier)));
  if (envelope !== undefined) {
    const text = decodeText(buildEnvelope({ ...envelope, signatures: [signature] }));
    return {
      apiVersion: "0.0.1",
      kind: "dsse",
      spec: { proposedContent: { envelope: text, verifiers: [pem] } },
    };
  }
  return {
    apiVersion: "0.0.1",
    kind: "hashedrekord",
    spec: {
      data: { hash: { algorithm: hash, value: Buffer.from(digest).toString("hex") } },
      signature: { content: encodeBase64(signature), publicKey: { content: pem } },
    },
  };
}

/** Take an entry only if it is of our signature, and by our key. */
function checkBody(body: Uint8Array, sent: SignatureToLog, url: URL): void {
  const { signature, digest, envelope, verifier } = sent;
  const entry = parseJson("the log's entry", body, BodySchema);
  if ((entry.kind === "dsse") !== (envelope !== undefined)) {
    refuseEntry(url, "the answer's entry is of another kind");
  }
  const found = entry.kind === "dsse"
    ? {
      signature: entry.spec.signatures[0]!.signature,
      verifier: entry.spec.signatures[0]!.verifier,
      digest: entry.spec.payloadHash.value,
    }
    : {
      signature: entry.spec.signature.content,
      verifier: entry.spec.signature.publicKey.content,
      digest: entry.spec.data.hash.value,
    };
  const pem = decodePem(decodeText(decodeBase64(found.verifier)), "the log's key");
  checkSame(url, [
    ["signature", decodeBase64(found.signature), signature],
    ["key or certificate", pem.bytes, verifierBytes(verifier)],
    ["digest", fromHex(found.digest), envelope === undefined ? digest : sha256(envelope.payload)],
  ]);
}

function toLogEntry(answer: v.InferOutput<typeof EntrySchema>): LogEntry {
  const [found] = Object.values(answer);
  const { integratedTime, logID, logIndex, verification } = found!;
  const { signedEntryTimestamp, inclusionProof } = verification;
  const body = decodeBase64(found!.body);
  const { kind, apiVersion } = parseJson("the log's entry", body, KindSchema);
  return {
    logIndex,
    logId: fromHex(logID),
    kind,
    version: apiVersion,
    integratedTime,
    signedEntryTimestamp: decodeBase64(signedEntryTimestamp),
    inclusionProof: {
      ...inclusionProof,
      rootHash: fromHex(inclusionProof.rootHash),
      hashes: inclusionProof.hashes.map(fromHex),
    },
    body,
  };
}

function readEntry(answer: Uint8Array, sent: SignatureToLog, url: URL): LogEntry {
  const entry = toLogEntry(parseJson("Rekor's answer", answer, EntrySchema));
  checkBody(entry.body, sent, url);
  return entry;
}

/** Send the proposal, or find the entry that is there already: a lost answer's, or a key's that signs
 * the same in the same way. */
async function propose(
  services: Services,
  url: URL,
  proposal: Readonly<Record<string, unknown>>,
): Promise<Uint8Array> {
  const common = { purpose: LOG_PURPOSE, deadline: LOG_DEADLINE };
  try {
    const { body } = await services.request({
      ...common,
      method: "POST",
      url,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: encodeText(JSON.stringify(proposal)),
      expect: [201],
    });
    return body;
  } catch (error) {
    const location = error instanceof ServiceError && error.failure === "duplicate"
      ? error.location
      : undefined;
    const id = /\/([0-9a-f]{64,80})$/u.exec(location ?? "")?.[1];
    if (id === undefined) throw error;
    const { body } = await services.request({
      ...common,
      method: "GET",
      url: new URL(`${url.href}/${id}`),
      headers: { accept: "application/json" },
      expect: [200],
    });
    return body;
  }
}

/**
 * Write a signature into a Rekor v1 log (rekor openapi.yaml, `createLogEntry`): envelopes as `dsse`,
 * all else as `hashedrekord`.
 *
 * @throws {ServiceError}
 * @throws {MalformedError}
 */
export async function logWithRekorV1(
  services: Services,
  rekorUrl: string,
  sent: SignatureToLog,
): Promise<LogEntry> {
  const url = endpoint(rekorUrl, "/api/v1/log/entries", LOG_PURPOSE);
  const answer = await propose(services, url, proposeEntry(sent));
  try {
    return readEntry(answer, sent, url);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    return refuseEntry(url, (error as Error).message);
  }
}

const SEARCH_PURPOSE = "search the transparency log";

/** Ask for what is wanted, and refuse any other number of entries than one. */
async function search(
  services: Services,
  request: Pick<ServiceRequest, "method" | "url" | "body">,
): Promise<LogEntry> {
  const { url } = request;
  const { body } = await services.request({
    ...request,
    purpose: SEARCH_PURPOSE,
    headers: { "content-type": "application/json", accept: "application/json" },
    deadline: LOG_DEADLINE,
    expect: [200],
  });
  const answer = parseJson("Rekor's answer", body, v.union([FoundSchema, EntrySchema]));
  const found = Array.isArray(answer) ? answer : [answer];
  if (found.length !== 1) {
    throw new ServiceError(`${SEARCH_PURPOSE} (${url.origin})`, `it has ${found.length} entries`, {
      failure: "invalid-answer",
    });
  }
  return toLogEntry(found[0]!);
}

/** What is known of an entry: that, and where it is. */
export type KnownEntry = Pick<LogEntry, "logIndex" | "body" | "logId">;

/**
 * Get an entry anew by its place in the log, with its proof of inclusion. The answer must hold just the
 * same.
 *
 * @throws {ServiceError}
 * @throws {MalformedError}
 */
export async function refreshFromRekorV1(
  services: Services,
  rekorUrl: string,
  known: KnownEntry,
): Promise<LogEntry> {
  const url = endpoint(rekorUrl, "/api/v1/log/entries", SEARCH_PURPOSE);
  url.searchParams.set("logIndex", known.logIndex);
  const entry = await search(services, { method: "GET", url });
  checkSame(url, [["content", entry.body, known.body], ["log", entry.logId, known.logId]]);
  return entry;
}

/**
 * Find the entry of a signature that was logged before, with its proof of inclusion.
 *
 * @param known what is known of it; without, the log is searched for the signature
 * @throws {ServiceError} if there is not just one
 * @throws {MalformedError}
 */
export async function findInRekorV1(
  services: Services,
  rekorUrl: string,
  wanted: SignatureToLog,
  known?: KnownEntry,
): Promise<LogEntry> {
  const url = endpoint(rekorUrl, "/api/v1/log/entries/retrieve", SEARCH_PURPOSE);
  const body = encodeText(JSON.stringify({ entries: [proposeEntry(wanted)] }));
  const entry = known === undefined
    ? await search(services, { method: "POST", url, body })
    : await refreshFromRekorV1(services, rekorUrl, known);
  checkBody(entry.body, wanted, url);
  return entry;
}
