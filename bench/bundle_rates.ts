/**
 * The part of verify_bundle.ts that is measured, on the runtime that runs it: bundles that each have a
 * certificate of their own, and a fleet whose bundles share one. Prints JSON for verify_bundle.ts.
 */

import { Buffer } from "node:buffer";
import { cpuUsage, stdout } from "node:process";
import { bundleFromJSON } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";
import { decodeText, encodeText } from "../lib/base/bytes.ts";
import { type Digest, digestOf } from "../lib/reference/digest.ts";
import { buildSignStatement } from "../lib/signature/statement.ts";
import { checkBundle } from "../lib/verify/check_bundle.ts";
import { nameHash } from "../test/oracle/oracle.ts";
import { makeBundle } from "../test/support/sigstore/bundle.ts";
import {
  createInstance,
  type Instance,
  ISSUER,
  SUBJECT,
  trustedRootJson,
} from "../test/support/sigstore/instance.ts";
import { trustInstance } from "../test/support/sigstore/judge.ts";
import { createSigningKey } from "../test/support/sigstore/keys.ts";

/** One measured slice. */
export interface Slice {
  /** Bundles a second of wall time. */
  readonly rate: number;
  /** Milliseconds of processor time a bundle, of all threads. */
  readonly cpu: number;
}

/** What is measured beside what. */
export interface Rates {
  readonly oracle: readonly Slice[];
  readonly sigfleet: readonly Slice[];
  readonly oneAtATime: readonly Slice[];
  readonly fleet: readonly Slice[];
}

interface Signed {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
}

/** More than sigfleet remembers certificates of, so that each is new to it when its turn comes. */
const BUNDLES = 600;
const ROUNDS = 9;
const SLICE_MS = 400;
/** As many bundles at a time as verify-fleet has. */
const LANES = 32;

/** As Fulcio and Rekor v1 make them: P-384 above, P-256 else; SCT, promise, proof and checkpoint. */
function makeSigned(instance: Instance, shared: boolean): readonly Signed[] {
  const key = createSigningKey();
  const certificate = shared ? makeBundle(instance, { key }).certificate : undefined;
  return Array.from({ length: BUNDLES }, (_, index) => {
    const digest = digestOf(encodeText(`image ${index}`));
    const { json } = makeBundle(instance, {
      entry: "dsse 0.0.1",
      statement: buildSignStatement(digest, {}),
      ...certificate === undefined ? {} : { key, issued: certificate },
    });
    return { bytes: encodeText(JSON.stringify(json)), digest };
  });
}

type Work = (signed: Signed) => Promise<void> | void;

async function measure(list: readonly Signed[], lanes: number, work: Work): Promise<Slice> {
  const startedAt = performance.now();
  const used = cpuUsage();
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - startedAt < SLICE_MS) {
      await work(list[done++ % list.length]!);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const { user, system } = cpuUsage(used);
  return {
    rate: done / (performance.now() - startedAt) * 1000,
    cpu: (user + system) / 1000 / done,
  };
}

async function run(): Promise<Rates> {
  const instance = createInstance();
  const root = trustedRootJson(instance);
  const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(root)));
  const asked = { subjectAlternativeName: SUBJECT, extensions: { issuer: ISSUER } };
  const policy = { keys: [], annotations: {}, trust: trustInstance(instance) };
  const distinct = makeSigned(instance, false);
  const shared = makeSigned(instance, true);
  const theirs: Work = ({ bytes }) => {
    const bundle = bundleFromJSON(JSON.parse(decodeText(bytes)));
    verifier.verify(toSignedEntity(bundle, Buffer.alloc(0)), asked);
  };
  const ours: Work = async ({ bytes, digest }) => {
    const result = await checkBundle(bytes, digest, policy);
    if (result?.verified !== true) throw new Error(JSON.stringify(result?.reasons));
  };
  const contenders = {
    oracle: () => measure(distinct, 1, theirs),
    sigfleet: () => measure(distinct, LANES, ours),
    oneAtATime: () => measure(distinct, 1, ours),
    fleet: () => measure(shared, LANES, ours),
  };
  const names = Object.keys(contenders) as (keyof typeof contenders)[];
  const slices: Record<keyof Rates, Slice[]> = {
    oracle: [],
    sigfleet: [],
    oneAtATime: [],
    fleet: [],
  };
  for (const name of names) await contenders[name]();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const offset of names.keys()) {
      const name = names[(round + offset) % names.length]!;
      slices[name].push(await contenders[name]());
    }
  }
  return slices;
}

nameHash();
stdout.write(JSON.stringify(await run()));
