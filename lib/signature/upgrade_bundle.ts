import * as v from "valibot";
import { encodeText } from "../base/bytes.ts";
import { MalformedError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";
import { BUNDLE_MEDIA_TYPE, readBundle } from "./bundle.ts";
import { type LogEntry, logEntryJson, parseLogEntry } from "./verification_material.ts";

/** A bundle of the newest version, and what was done for it, a line each. */
export interface UpgradedBundle {
  readonly bundle: Uint8Array;
  readonly notes: readonly string[];
}

const Fields = v.record(v.string(), v.unknown());

const BundleSchema = v.looseObject({
  mediaType: v.string(),
  verificationMaterial: v.looseObject({
    x509CertificateChain: v.optional(v.object({
      certificates: v.pipe(v.array(Fields), v.minLength(1)),
    })),
    tlogEntries: v.optional(v.pipe(v.array(Fields), v.maxLength(32)), []),
  }),
});

const OLD = /^application\/vnd\.dev\.sigstore\.bundle\+json;version=(0\.[12])$/u;
const CURRENT = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.3\+json|\+json;version=0\.3)$/u;

/**
 * Bring a Sigstore bundle to version 0.3, as `cosign bundle upgrade` does: of a chain of certificates
 * the leaf stays, and entries of a log get the proof of inclusion that they lack. What is signed, and
 * by whom, stays as it is; nothing is verified.
 *
 * @param refresh gets an entry anew, with its proof
 * @throws {MalformedError}
 */
export async function upgradeBundle(
  untrusted: Uint8Array,
  refresh: (entry: LogEntry) => Promise<LogEntry>,
): Promise<UpgradedBundle> {
  readBundle(untrusted);
  const json = parseJson("bundle", untrusted, BundleSchema);
  if (CURRENT.test(json.mediaType)) {
    return { bundle: untrusted, notes: ["Bundle is already at v0.3, no upgrade needed."] };
  }
  const version = OLD.exec(json.mediaType)?.[1];
  if (version === undefined) {
    throw new MalformedError("bundle", `version "${json.mediaType.slice(0, 80)}" is not known`);
  }
  const notes = [`Upgrading from v${version} to v0.3...`];
  const { x509CertificateChain, tlogEntries, ...material } = json.verificationMaterial;
  const [certificate] = x509CertificateChain?.certificates ?? [];
  if (certificate !== undefined) {
    notes.push("Truncating certificate chain to only the leaf certificate...");
  }
  const entries: unknown[] = [];
  for (const entry of tlogEntries) {
    const known = parseLogEntry(entry);
    if (known.inclusionProof !== undefined) {
      entries.push(entry);
      continue;
    }
    notes.push(`Fetching missing inclusion proof from Rekor for log index ${known.logIndex}...`);
    entries.push(logEntryJson(await refresh(known)));
  }
  const bundle = encodeText(JSON.stringify({
    ...json,
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: {
      ...(certificate === undefined ? {} : { certificate }),
      ...material,
      ...(entries.length === 0 ? {} : { tlogEntries: entries }),
    },
  }));
  // A bundle of version 0.3 must have every proof.
  readBundle(bundle);
  return { bundle, notes };
}
