import { Buffer } from "node:buffer";
import { decodeBase64 } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { readBundle, type SigstoreBundle } from "./bundle.ts";
import { INTOTO_PAYLOAD_TYPE, parseStatement } from "./statement.ts";

/** A line, and what stands below it. */
interface Entry {
  readonly text: string;
  readonly below: readonly Entry[];
}

function entry(text: string, ...below: readonly Entry[]): Entry {
  return { text, below };
}

function present(bytes: Uint8Array | undefined): string {
  return bytes === undefined || bytes.length === 0 ? "none" : `Present (${bytes.length} bytes)`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

const HASH_NAMES: Readonly<Record<number, string>> = {
  1: "SHA2_256",
  2: "SHA2_384",
  3: "SHA2_512",
};

const UNSPECIFIED = "HASH_ALGORITHM_UNSPECIFIED";

function materialEntries({ verificationMaterial: { content } }: SigstoreBundle): Entry[] {
  switch (content.$case) {
    case "publicKey": {
      const { hint } = content.publicKey;
      let shown = hint;
      try {
        shown = hex(decodeBase64(hint));
      } catch {
        // Some other hint than cosign's.
      }
      return [entry("Content: Public Key Identifier", entry(`Hint: ${shown}`))];
    }
    case "certificate": {
      const { rawBytes } = content.certificate;
      return [entry("Content: X.509 Certificate", entry(`Certificate: ${present(rawBytes)}`))];
    }
    case "x509CertificateChain": {
      const { certificates } = content.x509CertificateChain;
      return [
        entry(
          "Content: X.509 Certificate Chain",
          ...certificates.map(({ rawBytes }, index) =>
            entry(`Certificate [${index}]: ${present(rawBytes)}`)
          ),
        ),
      ];
    }
    default:
      return content satisfies never;
  }
}

type LogEntry = SigstoreBundle["verificationMaterial"]["tlogEntries"][number];

function timeText(seconds: string): string {
  const time = new Date(Number(seconds) * 1000);
  return seconds === "0" || Number.isNaN(time.getTime())
    ? "0 (Not set)"
    : time.toISOString().replace(".000Z", "Z");
}

function logEntry(one: LogEntry, index: number): Entry {
  const { inclusionPromise, inclusionProof, logId, kindVersion } = one;
  return entry(
    `Entry [${index}]:`,
    entry(`Log Index: ${one.logIndex}`),
    entry(`Log ID: ${hex(logId.keyId)}`),
    entry(`Kind: ${kindVersion.kind}`),
    entry(`Version: ${kindVersion.version}`),
    entry(`Integrated Time: ${timeText(one.integratedTime)}`),
    ...(inclusionPromise === undefined ? [] : [entry(
      "Inclusion Promise:",
      entry(`Signed Entry Timestamp: ${present(inclusionPromise.signedEntryTimestamp)}`),
    )]),
    ...(inclusionProof === undefined ? [] : [entry(
      "Inclusion Proof:",
      entry(`Log Index: ${inclusionProof.logIndex}`),
      entry(`Tree Size: ${inclusionProof.treeSize}`),
      entry(`Hashes: ${inclusionProof.hashes.length}`),
    )]),
    entry(`Canonicalized Body: ${present(one.canonicalizedBody)}`),
  );
}

function statementEntries(payload: Uint8Array): Entry[] {
  try {
    const { predicateType, subjects } = parseStatement(payload);
    return [entry(
      "Payload Content (in-toto):",
      entry(`Predicate Type: ${predicateType}`),
      entry(
        `Subjects: ${subjects.length}`,
        ...subjects.flatMap(({ name, digest }) =>
          name === undefined
            ? Object.entries(digest).map(([hash, value]) => entry(`${hash}: ${value}`))
            : [entry(`Name: ${name}`)]
        ),
      ),
    )];
  } catch (error) {
    if (error instanceof MalformedError) return [];
    throw error;
  }
}

function contentEntries({ content }: SigstoreBundle, hasDigest: boolean): Entry[] {
  if (content.$case === "messageSignature") {
    const { messageDigest, signature } = content.messageSignature;
    return [
      entry("Type: Message Signature"),
      entry(
        "Message Digest:",
        entry(`Algorithm: ${hasDigest && HASH_NAMES[messageDigest.algorithm] || UNSPECIFIED}`),
        entry(`Digest: Present (${hasDigest ? messageDigest.digest.length : 0} bytes)`),
      ),
      entry(`Signature: ${present(signature)}`),
    ];
  }
  const { payload, payloadType, signatures } = content.dsseEnvelope;
  return [
    entry("Type: DSSE Envelope"),
    entry(`Payload Type: ${payloadType}`),
    entry(`Payload: ${present(payload)}`),
    ...(payloadType === INTOTO_PAYLOAD_TYPE ? statementEntries(payload) : []),
    entry(
      `Signatures: ${signatures.length}`,
      ...signatures.map(({ sig, keyid }, index) =>
        entry(
          `Signature [${index}]:`,
          ...(keyid === "" ? [] : [entry(`Key ID: ${keyid}`)]),
          entry(`Signature: ${present(sig)}`),
        )
      ),
    ),
  ];
}

function* linesOf(entries: readonly Entry[], indent = ""): Generator<string> {
  for (const { text, below } of entries) {
    yield `${indent}- ${text}`;
    yield* linesOf(below, `${indent}  `);
  }
}

/**
 * Describe a Sigstore bundle for people, as `cosign bundle inspect` does; of certificates and
 * timestamps only that they are there. Nothing is verified, and what is shown comes from outside.
 *
 * @throws {MalformedError}
 */
export function inspectBundle(untrusted: Uint8Array): readonly string[] {
  const { bundle, filled } = readBundle(untrusted);
  const { tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  const timestamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  return [...linesOf([
    entry(`Bundle Media Type: ${bundle.mediaType}`),
    entry(
      "Verification Material:",
      ...materialEntries(bundle),
      ...(tlogEntries.length === 0
        ? []
        : [entry(`Transparency Log Entries: ${tlogEntries.length}`, ...tlogEntries.map(logEntry))]),
      ...(timestamps.length === 0 ? [] : [entry(
        "Timestamp Verification Data:",
        entry(`RFC3161 Timestamps: ${timestamps.length}`),
      )]),
    ),
    entry("Content:", ...contentEntries(bundle, !filled)),
  ])];
}
