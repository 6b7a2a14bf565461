/**
 * A signed image, and a registry that has trouble with one kind of request: the image is never called
 * verified or unsigned where that request is needed, but unknown, with evidence; and when the trouble
 * has passed it is verified.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { parseTarget } from "../../lib/fleet/target.ts";
import { verifyFleet } from "../../lib/fleet/verify_fleet.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { answer } from "../../lib/registry/memory_answer.ts";
import type { SignatureFormat } from "../../lib/signature/signature_format.ts";
import type { Verdict } from "../../lib/verify/verdict.ts";
import { createSwitch, type Trouble, TROUBLES } from "../support/faults.ts";
import { APP, createKey, putImage, sign, trust } from "../support/images.ts";
import { HOST, openTestRemote } from "../support/open_test_remote.ts";

const KEY = createKey();
const NAMED = `${HOST}/${APP.path}:1.0`;
const LISTED = `${HOST}/${APP.path}`;

/** A request that a verdict needs: how the image is signed and found, and what is asked. */
interface Need {
  readonly format: SignatureFormat;
  readonly referrers: boolean;
  readonly pattern: RegExp;
  readonly targets: readonly string[];
}

const BOTH = [NAMED, LISTED];

const NEEDS: Readonly<Record<string, Need>> = {
  "the list of tags": {
    format: "legacy",
    referrers: false,
    pattern: /\/tags\/list/u,
    targets: [LISTED],
  },
  "the tag": {
    format: "legacy",
    referrers: false,
    pattern: /^(?:HEAD|GET) .*\/manifests\/1\.0$/u,
    targets: BOTH,
  },
  "the legacy manifest": {
    format: "legacy",
    referrers: false,
    pattern: /\/manifests\/sha256-.*\.sig$/u,
    targets: BOTH,
  },
  // Signed with an annotation that is not asked for, so that the payload cannot be foreseen.
  "the payload": { format: "legacy", referrers: false, pattern: /\/blobs\//u, targets: BOTH },
  "the referrers": { format: "bundle", referrers: true, pattern: /\/referrers\//u, targets: BOTH },
  "the fallback index": {
    format: "bundle",
    referrers: false,
    pattern: /\/manifests\/sha256-[0-9a-f]*$/u,
    targets: BOTH,
  },
  "the referrer": {
    format: "bundle",
    referrers: true,
    pattern: /^GET .*\/manifests\/sha256:/u,
    targets: BOTH,
  },
  "the bundle": { format: "bundle", referrers: true, pattern: /\/blobs\//u, targets: BOTH },
};

/** Sign an image, let the registry have its trouble, and verify. */
async function judge(
  { format, referrers, pattern }: Need,
  target: string,
  trouble: Trouble,
  times?: number,
): Promise<Verdict> {
  const { fault, set } = createSwitch();
  const registry = createMemoryRegistry({ referrers, fault });
  const image = putImage(registry, "1.0");
  await sign(openTestRemote(registry).remote, image, {
    key: KEY,
    formats: [format],
    annotations: { build: "1" },
  });
  set(pattern, trouble, times);
  const results = verifyFleet(openTestRemote(registry).remote, [parseTarget(target)], {
    policy: trust([KEY]),
    limit: 4,
  });
  for await (const { verdict } of results) return verdict;
  throw new Error("there is no result");
}

const CUT: Trouble = (proceed) => {
  const right = proceed();
  // As HTTP lets pass: the length is that of what came.
  return { ...right, body: right.body.subarray(0, right.body.length - 9) };
};

const AWAY: Trouble = () => answer(404, {}, encodeText("default backend - 404"));

/** Trouble that is no trouble for one kind of request, and what it means there. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  // HEAD has no body that could be cut.
  "cut short": ["the tag"],
  // What registries without the API answer: the fallback tag is asked instead.
  "a 404 of an ingress": ["the referrers"],
  "a web page": ["the referrers"],
};

const ALL: Readonly<Record<string, Trouble>> = {
  ...TROUBLES,
  "cut short": CUT,
  "a 404 of an ingress": AWAY,
};

for (const [what, need] of Object.entries(NEEDS)) {
  for (const [name, trouble] of Object.entries(ALL)) {
    if (HARMLESS[name]?.includes(what) === true) continue;
    test(`verifyFleet() calls a signed image unknown where ${what} meets ${name}`, async () => {
      for (const target of need.targets) {
        const verdict = await judge(need, target, trouble);
        assert.equal(verdict.kind, "unknown", target);
        assert.ok(verdict.evidence.attempts > 0);
        assert.match(verdict.reasons[0]!.code, /^registry-/u);
        const retried = ["429", "500", "502", "503", "reset", "truncated", "timeout"];
        if (retried.includes(name)) assert.equal(verdict.evidence.attempts, 5);
        if (/^\d+$/u.test(name)) assert.equal(verdict.evidence.status, Number(name));
      }
    });
  }

  test(`verifyFleet() verifies a signed image where trouble with ${what} passes`, async () => {
    for (const name of ["429", "429 with Retry-After", "503", "reset", "truncated"] as const) {
      for (const target of need.targets) {
        const { kind } = await judge(need, target, TROUBLES[name], 2);
        assert.equal(kind, "verified", `${name}, ${target}`);
      }
    }
  });
}

test("verifyFleet() verifies an image by one signature where another cannot be read", async () => {
  for (const format of ["legacy", "bundle"] as const) {
    const { fault, set } = createSwitch();
    const registry = createMemoryRegistry({ fault });
    const image = putImage(registry, "1.0");
    await sign(openTestRemote(registry).remote, image, { key: KEY, formats: ["legacy", "bundle"] });
    set(format === "legacy" ? /\.sig$/u : /\/referrers\//u, TROUBLES["503"]);
    const results = verifyFleet(openTestRemote(registry).remote, [parseTarget(NAMED)], {
      policy: trust([KEY]),
      limit: 1,
    });
    for await (const { verdict } of results) assert.equal(verdict.kind, "verified", format);
  }
});

test("verifyFleet() does not call a stranger's signature failed where others cannot be read", async () => {
  const { fault, set } = createSwitch();
  const registry = createMemoryRegistry({ fault });
  const image = putImage(registry, "1.0");
  const { remote } = openTestRemote(registry);
  await sign(remote, image, { key: createKey(), formats: ["legacy"] });
  await sign(remote, image, { key: KEY, formats: ["bundle"] });
  set(/\/referrers\//u, TROUBLES["429"]);
  const results = verifyFleet(remote, [parseTarget(NAMED)], { policy: trust([KEY]), limit: 1 });
  for await (const { verdict } of results) {
    assert.equal(verdict.kind, "unknown");
    assert.deepEqual(verdict.reasons.map(({ code }) => code), [
      "registry-throttled",
      "signature-mismatch",
    ]);
  }
});
