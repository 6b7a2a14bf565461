/** A registry in trouble: what could not be stored is not called signed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { SIGNATURE_FORMATS } from "../../lib/signature/signature_format.ts";
import { verifyDigest } from "../../lib/verify/verify_digest.ts";
import { createSwitch, TROUBLES } from "../support/faults.ts";
import { APP, createKey, putImage, sign, trust } from "../support/images.ts";
import { openTestRemote } from "../support/open_test_remote.ts";

const KEY = createKey();
const POLICY = trust([KEY]);

/** The requests that change something. */
const WRITES = { "POST": /^POST/u, "PUT of a blob": /^PUT.*uploads/u, "PUT": /^PUT.*manifests/u };

/** Troubles in which the registry did what it was asked: who looks before he repeats it sees that. */
const UNANSWERED: ReadonlySet<string> = new Set(["reset", "truncated", "timeout"]);

for (const format of SIGNATURE_FORMATS) {
  for (const [what, pattern] of Object.entries(WRITES)) {
    test(`signDigest() fails where ${what} does, and can be repeated (${format})`, async () => {
      for (const [name, trouble] of Object.entries(TROUBLES)) {
        const { fault, set, clear } = createSwitch();
        const registry = createMemoryRegistry({ referrers: false, fault });
        const image = putImage(registry, "1.0");
        const signNow = () =>
          sign(openTestRemote(registry).remote, image, { key: KEY, formats: [format] });
        set(pattern, trouble);
        if (what === "PUT" && format === "legacy" && UNANSWERED.has(name)) {
          assert.equal((await signNow())[format], "signed", name);
        } else await assert.rejects(signNow(), { code: "REGISTRY" }, name);
        clear();
        await signNow();
        const { remote } = openTestRemote(registry);
        const { kind } = await verifyDigest(remote, APP, image.digest, { policy: POLICY });
        assert.equal(kind, "verified", name);
      }
    });

    test(`signDigest() gets over ${what} failing for a moment (${format})`, async () => {
      for (const name of ["429", "429 with Retry-After", "503", "reset", "truncated"] as const) {
        const { fault, set } = createSwitch();
        const registry = createMemoryRegistry({ referrers: false, fault });
        const image = putImage(registry, "1.0");
        set(pattern, TROUBLES[name], 2);
        const { remote } = openTestRemote(registry);
        const outcomes = await sign(remote, image, { key: KEY, formats: [format] });
        assert.equal(outcomes[format], "signed", name);
      }
    });
  }

  test(`signDigest() does not sign what it cannot read first (${format})`, async () => {
    for (const [name, trouble] of Object.entries(TROUBLES)) {
      const { fault, set } = createSwitch();
      const registry = createMemoryRegistry({ referrers: false, fault });
      const image = putImage(registry, "1.0");
      set(/^GET.*manifests/u, trouble);
      let writes = 0;
      await assert.rejects(
        sign(openTestRemote(registry).remote, image, { key: KEY, formats: [format] }),
        name,
      );
      for (const { method, path } of registry.requests.recent) {
        if (method === "PUT" && path.includes("/manifests/sha256-")) writes++;
      }
      assert.equal(writes, 0, name);
    }
  });
}
