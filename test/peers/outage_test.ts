/** A registry that fails makes images unknown: never unsigned, and never verified. */

import assert from "node:assert/strict";
import { countSignatures, crane, digestOfTag, pushImage } from "./support/content.ts";
import { COSIGN_WAYS, cosignKeyPair, cosignVerify } from "./support/cosign.ts";
import { peerTest } from "./support/peers.ts";
import { startProxy } from "./support/proxy.ts";
import { registryKind, startRegistry } from "./support/registries.ts";
import { openSandbox } from "./support/sandbox.ts";
import { sigfleet, signTags, verifyFleet } from "./support/sigfleet.ts";

const TAGS = Array.from({ length: 20 }, (_, index) => `1.${index}`);
const BUNDLE = COSIGN_WAYS[0]!;

/** So that five attempts take no time. */
const AT_ONCE = { "retry-after": "0" };

peerTest(
  "verify-fleet says unknown of what it could not see of a registry that stops midway",
  ["refregistry", "cosign3", "crane"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address, stop } = await startRegistry(context, registryKind("refregistry"), sandbox);
    await cosignKeyPair(sandbox, "cosign3");
    for (const tag of TAGS) await pushImage(sandbox, `${address}/team/app:${tag}`);
    const signed = await signTags(sandbox, ["--key", "cosign3.key", `${address}/team/app`]);
    assert.equal(signed.code, 0, signed.stderr);

    const proxy = await startProxy(context, address);
    let bundles = 0;
    proxy.failing(async (line) => {
      if (/^GET .*\/blobs\//u.test(line)) bundles++;
      if (bundles <= TAGS.length / 2) return undefined;
      await stop();
      return "reset";
    });
    const report = await verifyFleet(sandbox, [
      ...["--key", "cosign3.pub", "--max-workers", "10", `${proxy.address}/team/app`],
    ]);
    assert.equal(report.code, 3, report.stdout);
    const { images, verified, unknown } = report.summary;
    assert.equal(images, TAGS.length);
    assert.equal(verified + unknown, images, report.stdout);
    assert(verified > 0 && unknown > 0, `${verified} verified, ${unknown} unknown`);
    for (const { verdict, reasons, evidence } of report.images) {
      if (verdict !== "unknown") continue;
      assert.equal(reasons[0]!.code, "registry-unavailable");
      assert(evidence!.attempts > 1);
    }

    // Now it is down from the start.
    const down = await verifyFleet(sandbox, [
      ...["--key", "cosign3.pub", `${address}/team/app`, `${address}/team/app:1.0`],
    ]);
    assert.equal(down.code, 3);
    assert.deepEqual(down.images.map(({ verdict }) => verdict), ["unknown", "unknown"]);
    const one = await sigfleet(sandbox, [
      "verify",
      "--key",
      "cosign3.pub",
      `${address}/team/app:1.0`,
    ]);
    assert.equal(one.code, 1);
    assert.doesNotMatch(one.stderr, /no (?:matching )?signatures/u);
  },
);

for (
  const [what, path, status] of [
    ["the tag list", /\/tags\/list/u, 503],
    ["manifests", /\/manifests\/1\./u, 500],
    ["the referrers API", /\/referrers\//u, 503],
    ["the referrers API, throttled", /\/referrers\//u, 429],
    ["the referrers API, refused", /\/referrers\//u, 403],
    ["bundles", /\/blobs\//u, 502],
  ] as const
) {
  peerTest(
    `an answer of ${status} to a request for ${what} makes a signed image unknown`,
    ["refregistry", "cosign3", "crane"],
    async (context) => {
      const sandbox = await openSandbox(context);
      const kind = registryKind("refregistry with referrers");
      const { address } = await startRegistry(context, kind, sandbox);
      await cosignKeyPair(sandbox, "cosign3");
      await pushImage(sandbox, `${address}/team/app:1.0`);
      const proxy = await startProxy(context, address);
      const image = `${proxy.address}/team/app:1.0`;
      const signed = await signTags(sandbox, ["--key", "cosign3.key", `${proxy.address}/team/app`]);
      assert.equal(signed.code, 0, signed.stderr);
      const fleet = ["--key", "cosign3.pub", `${proxy.address}/team/app`];

      proxy.failing((line) => path.test(line) ? { status, headers: AT_ONCE } : undefined);
      const failing = await verifyFleet(sandbox, fleet);
      assert.equal(failing.code, 3, failing.stdout);
      assert.equal(failing.images[0]!.verdict, "unknown");
      assert.equal(failing.images[0]!.evidence!.status, status);
      if (what !== "the tag list") {
        const verified = await sigfleet(sandbox, ["verify", "--key", "cosign3.pub", image]);
        assert.equal(verified.code, 1, verified.stderr);
        assert.match(verified.stderr, /could not tell/u);
      }
      if (path.source.includes("referrers")) {
        const { code } = await cosignVerify(sandbox, BUNDLE, "cosign3.pub", [image]);
        assert.equal(code, 10, "cosign takes it for unsigned, which is why this test is here");
      }

      proxy.failing(() => undefined);
      const recovered = await verifyFleet(sandbox, fleet);
      assert.equal(recovered.code, 0, recovered.stdout);
    },
  );
}

peerTest(
  "a 503 that goes away is waited for",
  ["refregistry", "cosign3", "crane"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const { address } = await startRegistry(context, registryKind("refregistry"), sandbox);
    await cosignKeyPair(sandbox, "cosign3");
    await pushImage(sandbox, `${address}/team/app:1.0`);
    const proxy = await startProxy(context, address);
    const repository = `${proxy.address}/team/app`;
    const seen = new Map<string, number>();
    proxy.failing((line) => {
      const times = (seen.get(line) ?? 0) + 1;
      seen.set(line, times);
      // The first few after a while, as it is without Retry-After; it would take long with all.
      return times === 1 ? { status: 503, headers: seen.size > 3 ? AT_ONCE : {} } : undefined;
    });
    const signed = await signTags(sandbox, [
      "--key",
      "cosign3.key",
      "--format",
      "both",
      repository,
    ]);
    assert.equal(signed.code, 0, signed.stdout);
    assert(signed.summary.retries > 0);
    seen.clear();
    const verified = await verifyFleet(sandbox, ["--key", "cosign3.pub", repository]);
    assert.equal(verified.code, 0, verified.stdout);
    assert(verified.summary.retries > 0);
  },
);

peerTest(
  "sign-tags goes on where it was stopped by a failing registry, and signs nothing twice",
  ["refregistry", "cosign3", "crane"],
  async (context) => {
    const sandbox = await openSandbox(context);
    const kind = registryKind("refregistry");
    const { address } = await startRegistry(context, kind, sandbox);
    await cosignKeyPair(sandbox, "cosign3");
    const tags = TAGS.slice(0, 6);
    const direct = `${address}/team/app`;
    for (const tag of tags) await pushImage(sandbox, `${direct}:${tag}`);
    const bad = await digestOfTag(sandbox, `${direct}:1.3`);
    const proxy = await startProxy(context, address);
    const repository = `${proxy.address}/team/app`;
    const sign = ["--key", "cosign3.key", repository];

    const badTag = `PUT /v2/team/app/manifests/${bad.replace(":", "-")}`;
    proxy.failing((line) =>
      line.startsWith(badTag) ? { status: 503, headers: AT_ONCE } : undefined
    );
    const first = await signTags(sandbox, sign);
    assert.equal(first.code, 3, first.stdout);
    assert.deepEqual([first.summary.signed, first.summary.failed], [5, 1]);
    assert.equal(
      first.images.find(({ outcome }) => outcome === "failed")!.image,
      `${repository}:1.3`,
    );

    proxy.failing(() => undefined);
    const second = await signTags(sandbox, sign);
    assert.equal(second.code, 0, second.stdout);
    assert.deepEqual([second.summary.signed, second.summary.alreadySigned], [1, 5]);
    for (const tag of tags) {
      const digest = await digestOfTag(sandbox, `${direct}:${tag}`);
      assert.deepEqual(await countSignatures(sandbox, kind, direct, digest), {
        legacy: 0,
        bundle: 1,
      });
    }
    const images = tags.map((tag) => `${direct}:${tag}`);
    assert.equal((await cosignVerify(sandbox, BUNDLE, "cosign3.pub", images)).code, 0);
    assert((await crane(sandbox, ["ls", direct])).split("\n").length >= 2 * tags.length);
  },
);
