/** An entry proves something only if a trusted log has it, and if it is of this very signature. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { checkInclusion } from "../../lib/verify/check_inclusion.ts";
import { concatBytes, decodeText, encodeText } from "../../lib/base/bytes.ts";
import { sha256 } from "../../lib/base/hash.ts";
import { publicKeyFromSpki } from "../../lib/keys/public_key.ts";
import { type BundleOptions, type EntryKind, makeBundle } from "../support/sigstore/bundle.ts";
import {
  createInstance,
  MINUTE,
  SIGNED_AT,
  type TestWindow,
  trustedRootJson,
} from "../support/sigstore/instance.ts";
import { judgeBundle, trustInstance } from "../support/sigstore/judge.ts";
import { createSigningKey } from "../support/sigstore/keys.ts";
import { inclusionPath, treeHash } from "../support/sigstore/log.ts";

const INSTANCE = createInstance();
const TRUST = trustInstance(INSTANCE);

test("checkInclusion() agrees with RFC 9162's definition on every leaf of every small tree", () => {
  const leaves = Array.from({ length: 33 }, (_, index) => encodeText(`leaf ${index}`));
  for (let size = 1; size <= leaves.length; size += 1) {
    const tree = leaves.slice(0, size);
    const rootHash = treeHash(tree);
    for (const [index, leaf] of tree.entries()) {
      const hashes = inclusionPath(index, tree);
      const inclusion = { leaf, index: BigInt(index), hashes, treeSize: BigInt(size), rootHash };
      const where = `${index} of ${size}`;
      assert.ok(checkInclusion(inclusion), where);
      assert.ok(!checkInclusion({ ...inclusion, leaf: encodeText("other") }), where);
      assert.ok(!checkInclusion({ ...inclusion, index: inclusion.index + 1n }), where);
      assert.ok(!checkInclusion({ ...inclusion, hashes: [...hashes, rootHash] }), where);
      assert.ok(!checkInclusion({ ...inclusion, index: BigInt(size) }), where);
      if (hashes.length === 0) continue;
      assert.ok(!checkInclusion({ ...inclusion, hashes: hashes.slice(1) }), where);
      assert.ok(!checkInclusion({ ...inclusion, hashes: hashes.toReversed().slice(1) }), where);
    }
  }
});

test("checkInclusion() takes no node of the tree for a leaf, and no hash of another length", () => {
  const leaves = ["a", "b"].map(encodeText);
  const rootHash = treeHash(leaves);
  const [hash] = inclusionPath(0, leaves);
  const node = Uint8Array.of(...treeHash([leaves[0]!]), ...hash!);
  const alone = { index: 0n, treeSize: 1n, rootHash, hashes: [] };
  assert.ok(!checkInclusion({ ...alone, leaf: node }));
  const long = { leaf: leaves[0]!, index: 0n, treeSize: 2n, rootHash };
  assert.ok(!checkInclusion({ ...long, hashes: [Uint8Array.of(...hash!, 0)] }));
});

test("checkInclusion() takes a path of just the length that the tree is deep", () => {
  const leaves = ["a", "b"].map(encodeText);
  const leaf = leaves[0]!;
  const hashes = inclusionPath(0, leaves);
  const rootHash = treeHash(leaves);
  const good = { leaf, index: 0n, hashes, treeSize: 2n, rootHash };
  assert.ok(checkInclusion(good));
  assert.ok(!checkInclusion({ ...good, treeSize: 4n }), "it ends below the root");
  const above = sha256(concatBytes([Uint8Array.of(1), ...hashes, treeHash([leaf])]));
  assert.ok(!checkInclusion({ ...good, treeSize: 1n, rootHash: above }), "it goes on above it");
  const long = new Uint8Array(33);
  const odd = sha256(concatBytes([Uint8Array.of(1), treeHash([leaf]), long]));
  assert.ok(!checkInclusion({ ...good, hashes: [long], rootHash: odd }), "it has no hash");
});

const ENTRIES: readonly EntryKind[] = ["hashedrekord 0.0.1", "hashedrekord 0.0.2"];

// deno-lint-ignore no-explicit-any -- any part of the entry may be broken
type Change = (entry: any, other: any) => void;

const flip = (base64: string): string => {
  const bytes = Buffer.from(base64, "base64");
  bytes[bytes.length - 1]! ^= 1;
  return bytes.toString("base64");
};

const BROKEN: Readonly<Record<string, readonly [code: string, change: Change]>> = {
  "a promise that was altered": ["log-entry-invalid", (entry) => {
    entry.inclusionPromise.signedEntryTimestamp = flip(entry.inclusionPromise.signedEntryTimestamp);
  }],
  "another time than was promised": ["log-entry-invalid", (entry) => {
    entry.integratedTime = String(Number(entry.integratedTime) + 1);
  }],
  "another number than was promised": ["log-entry-invalid", (entry) => {
    entry.logIndex = "4";
  }],
  "a root that was altered": ["log-entry-invalid", ({ inclusionProof }) => {
    inclusionProof.rootHash = flip(inclusionProof.rootHash);
  }],
  "another size than its checkpoint's": ["log-entry-invalid", ({ inclusionProof }) => {
    inclusionProof.treeSize = "7";
  }],
  "another place in the tree": ["log-entry-invalid", ({ inclusionProof }) => {
    inclusionProof.logIndex = "2";
  }],
  "a path that was altered": ["log-entry-invalid", ({ inclusionProof }) => {
    inclusionProof.hashes[0] = flip(inclusionProof.hashes[0]);
  }],
  "a path that is too short": ["log-entry-invalid", ({ inclusionProof }) => {
    inclusionProof.hashes.pop();
  }],
  "a checkpoint of another size": ["log-entry-invalid", ({ inclusionProof }) => {
    const { checkpoint } = inclusionProof;
    checkpoint.envelope = checkpoint.envelope.replace("\n6\n", "\n7\n");
    inclusionProof.treeSize = "7";
  }],
  "neither promise nor proof": ["signature-malformed", (entry) => {
    delete entry.inclusionPromise;
    delete entry.inclusionProof;
  }],
  "another kind than it says": ["log-entry-mismatch", (entry) => {
    entry.kindVersion.kind = "dsse";
  }],
  "a genuine entry of another signature": ["log-entry-mismatch", (entry, other) => {
    Object.assign(entry, other);
  }],
  "a log that nobody knows": ["log-entry-missing", (entry) => {
    entry.logId.keyId = flip(entry.logId.keyId);
  }],
  "a time that is no number": ["signature-malformed", (entry) => {
    entry.integratedTime = "soon";
  }],
  "a size that is no number": ["signature-malformed", ({ inclusionProof }) => {
    inclusionProof.treeSize = "-1";
  }],
};

for (const [what, [code, change]] of Object.entries(BROKEN)) {
  test(`verifyBlob() refuses an entry with ${what}`, async () => {
    for (const entry of ENTRIES) {
      if (entry === "hashedrekord 0.0.2" && /promise/u.test(what)) continue;
      const { json } = makeBundle(INSTANCE, { entry, stamped: true });
      const other = makeBundle(INSTANCE, { entry }).json.verificationMaterial.tlogEntries[0];
      assert.ok((await judgeBundle(json, TRUST)).verified);
      change(json.verificationMaterial.tlogEntries[0], other);
      assert.equal((await judgeBundle(json, TRUST)).code, code, entry);
    }
  });
}

test("verifyBlob() refuses an entry by another signer, whose content and signature are the same", async () => {
  const key = createSigningKey();
  const alice = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.1", key }).json;
  // The same key has another certificate.
  const again = makeBundle(INSTANCE, {
    entry: "hashedrekord 0.0.1",
    key,
    certificate: { notAfter: SIGNED_AT + 4 * MINUTE },
  }).json;
  const material = alice.verificationMaterial;
  material.certificate = again.verificationMaterial.certificate;
  assert.equal((await judgeBundle(alice, TRUST)).code, "log-entry-mismatch");

  const keys = [{ name: "alice.pub", key: publicKeyFromSpki(key.spki) }];
  const bare = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.1", key, bare: true }).json;
  const stranger = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.1", bare: true }).json;
  bare.verificationMaterial.tlogEntries = stranger.verificationMaterial.tlogEntries;
  assert.equal((await judgeBundle(bare, TRUST, { keys })).code, "log-entry-mismatch");
});

test("verifyBlob() refuses an entry of another signature by the same signer over the same file", async () => {
  for (const entry of ENTRIES) {
    const { json } = makeBundle(INSTANCE, {
      entry,
      body: (body) => {
        const [, content = ""] = /"content":"(ME[^"]{90,94})"/u.exec(decodeText(body))!;
        return encodeText(decodeText(body).replace(content, flip(content)));
      },
    });
    assert.equal((await judgeBundle(json, TRUST)).code, "log-entry-mismatch");
  }
});

test("verifyBlob() refuses an entry of the same signature that says it is over something else", async () => {
  for (const entry of ENTRIES) {
    const { json } = makeBundle(INSTANCE, {
      entry,
      body: (body) => {
        const text = decodeText(body);
        const [digest] = /[0-9a-f]{64}|[A-Za-z0-9+/]{43}=/u.exec(text)!;
        return encodeText(
          text.replace(digest, digest.replace(/^./u, (one) => one === "0" ? "1" : "0")),
        );
      },
    });
    assert.equal((await judgeBundle(json, TRUST)).code, "log-entry-mismatch");
  }
});

test("verifyBlob() refuses an entry whose body is none that it knows", async () => {
  const bodies = ["", "{", "[]", "null", '{"kind":"x","apiVersion":"0.0.1","spec":{}}'];
  const known = '{"kind":"hashedrekord","apiVersion":"0.0.1","spec":{}}';
  for (const text of [...bodies, known, known.replace("0.0.1", "9"), known.replace("{}", "null")]) {
    const { json } = makeBundle(INSTANCE, {
      entry: "hashedrekord 0.0.1",
      body: () => encodeText(text),
    });
    const { verified, code } = await judgeBundle(json, TRUST);
    assert.deepEqual([verified, code?.startsWith("log-entry-")], [false, true], text);
  }
});

test("verifyBlob() takes an entry of a key's signature that names a certificate of that key", async () => {
  const key = createSigningKey();
  const keys = [{ name: "alice.pub", key: publicKeyFromSpki(key.spki) }];
  const { json } = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.1", key });
  delete json.verificationMaterial.certificate;
  json.verificationMaterial.publicKey = { hint: "" };
  assert.ok((await judgeBundle(json, TRUST, { keys })).verified);
});

function judgeIn(
  options: BundleOptions,
  log: "rekor1" | "rekor2",
  window: TestWindow,
  now: number,
) {
  const key = createSigningKey();
  const keys = [{ name: "alice.pub", key: publicKeyFromSpki(key.spki) }];
  const { json } = makeBundle(INSTANCE, { key, bare: true, ...options });
  const root = trustedRootJson(INSTANCE, { [log]: window });
  return judgeBundle(json, trustInstance(INSTANCE, { root, now: () => now }), { keys });
}

test("verifyBlob() trusts a log's key only in its time: when it promised, when stamped, or now", async () => {
  const later = SIGNED_AT + 60 * MINUTE;
  const entry1 = { entry: "hashedrekord 0.0.1" } as const;
  const entry2 = { entry: "hashedrekord 0.0.2" } as const;
  const bare2 = { ...entry2, stamped: false } as const;
  const during = { start: SIGNED_AT, end: SIGNED_AT };
  assert.ok((await judgeIn(entry1, "rekor1", during, later)).verified);
  assert.ok((await judgeIn(entry2, "rekor2", during, later)).verified);
  for (const window of [{ start: SIGNED_AT + 1 }, { start: 0, end: SIGNED_AT - 1 }]) {
    assert.equal((await judgeIn(entry1, "rekor1", window, later)).code, "log-entry-invalid");
    assert.equal((await judgeIn(entry2, "rekor2", window, later)).code, "log-entry-invalid");
  }
  // Nothing tells when it was logged.
  assert.equal((await judgeIn(bare2, "rekor2", during, later)).code, "log-entry-invalid");
  assert.ok((await judgeIn(bare2, "rekor2", { start: SIGNED_AT }, later)).verified);
});

test("verifyBlob() looks at no entry where the log is ignored", async () => {
  const { json } = makeBundle(INSTANCE, { entry: "hashedrekord 0.0.2" });
  const [entry] = json.verificationMaterial.tlogEntries;
  entry.canonicalizedBody = Buffer.from("garbage").toString("base64");
  const ignoring = trustInstance(INSTANCE, { logThreshold: 0 });
  const { verified, result } = await judgeBundle(json, ignoring);
  assert.ok(verified);
  assert.ok(!result.checks.includes("transparency-log"));
  assert.deepEqual(result.proof?.entries, []);
});
