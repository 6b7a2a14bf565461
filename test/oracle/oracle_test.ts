/** Every good bundle and thousands of mutants are judged by @sigstore/verify as well. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { readBlobContent } from "../../lib/signature/blob_content.ts";
import { parseTrustedRoot } from "../../lib/verify/trusted_root.ts";
import type { TrustPolicy } from "../../lib/verify/trust_policy.ts";
import { verifyBlob, verifyBlobAttestation } from "../../lib/verify/verify_blob.ts";
import { SIGNED_AT } from "../support/sigstore/instance.ts";
import { DIFFERENCES } from "./differences.ts";
import { fixtureBundles, type GoodBundle, madeBundles } from "./bundles.ts";
import { type Json, mutantsOf } from "./mutants.ts";
import { openOracle } from "./oracle.ts";

/** Identities are not what is compared. */
const ANY = { shown: "any", matches: () => true };

function trustAnybody(root: object): TrustPolicy {
  return {
    root: parseTrustedRoot(encodeText(JSON.stringify(root))),
    identities: [{ subject: ANY, issuer: ANY }],
    now: () => SIGNED_AT,
  };
}

interface Ours {
  readonly verified: boolean;
  readonly why: string;
}

async function judge(json: Json, trust: TrustPolicy, artifact: Uint8Array): Promise<Ours> {
  const content = await readBlobContent([artifact], []);
  const found = { kind: "bundle", bytes: encodeText(JSON.stringify(json)) } as const;
  const policy = { keys: [], annotations: {}, trust };
  const { dsseEnvelope } = (json ?? {}) as { dsseEnvelope?: { payload?: unknown } };
  const { signatures } = dsseEnvelope === undefined
    ? await verifyBlob(content, found, policy)
    : await verifyBlobAttestation(content, found, {
      ...policy,
      predicateType: predicateTypeOf(dsseEnvelope),
      checkClaims: false,
    });
  const { verified, reasons } = signatures[0]!;
  return { verified, why: reasons.map(({ code, message }) => `${code}: ${message}`).join() };
}

/** What is attested is not what is compared either. */
function predicateTypeOf(envelope: { payload?: unknown } | null): string {
  try {
    const text = Buffer.from(String(envelope?.payload), "base64").toString("utf8");
    return String((JSON.parse(text) as { predicateType: unknown }).predicateType);
  } catch {
    return "";
  }
}

/** A bundle that both take for good, and its judges. */
interface Judges {
  readonly bundle: GoodBundle;
  readonly trust: TrustPolicy;
  readonly oracle: ReturnType<typeof openOracle>;
}

async function judgeAll(bundles: readonly GoodBundle[]): Promise<readonly Judges[]> {
  const good: Judges[] = [];
  for (const bundle of bundles) {
    const { json, root, artifact, name } = bundle;
    const judges = { bundle, trust: trustAnybody(root), oracle: openOracle(root) };
    const { verified, why } = await judge(json, judges.trust, artifact);
    const theirs = judges.oracle(json, artifact);
    // An altered root hash, which is redundant.
    const redundant = /for another tree than its checkpoint/u.test(why);
    if (!redundant) assert.equal(verified, theirs === "", `${name}: ${why} / ${theirs}`);
    if (verified) good.push(judges);
  }
  return good;
}

const fixtures = await judgeAll(fixtureBundles());
const made = await judgeAll(madeBundles());

test("both judges take the same bundles for good", () => {
  assert.equal(fixtures.length, 12);
  assert.equal(made.length, madeBundles().length);
});

test("both judges agree on thousands of mutants, but for differences that are explained", async () => {
  // Of the fixtures the two that are of files: one for each version of Rekor.
  const mutated = [...fixtures.slice(-2), ...made];
  const used = new Set<unknown>();
  let count = 0;
  for (const [index, { bundle, trust, oracle }] of mutated.entries()) {
    const other = mutated[(index + 1) % mutated.length]!.bundle.json;
    const many = (place: string) => index === 2 && /rawBytes$|signedTimestamp$/u.test(place);
    for (const { place, how, json } of mutantsOf(bundle.json, other, many)) {
      count += 1;
      const { verified, why } = await judge(json, trust, bundle.artifact);
      const theirs = oracle(json, bundle.artifact);
      if (verified === (theirs === "")) continue;
      const found = DIFFERENCES.find((one) =>
        (one.ours === "verified") === verified && one.place.test(place) && one.how.test(how)
      );
      assert.ok(found, `${bundle.name}: ${place} ${how}: ${why || "verified"} / ${theirs}`);
      used.add(found);
    }
  }
  assert.ok(count > 3000, String(count));
  assert.deepEqual(DIFFERENCES.filter((one) => !used.has(one)), []);
});
