import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import { openRegistries } from "../../lib/registry/open_registries.ts";
import { resolveDigest } from "../../lib/registry/resolve_digest.ts";
import { listTags } from "../../lib/registry/list_tags.ts";
import { serveRegistry } from "../../lib/registry/serve.ts";
import { TROUBLES } from "../support/faults.ts";
import { APP, putImage } from "../support/images.ts";
import { createTestClock } from "../support/test_clock.ts";

test("openRegistries() reads a registry over HTTP, with Docker's credentials", async () => {
  const registry = createMemoryRegistry({
    auth: { kind: "basic", username: "robot", password: "secret" },
  });
  const image = putImage(registry, "1.0");
  const server = await serveRegistry(registry);
  const repository = { ...APP, registry: server.host };
  const remote = openRegistries({
    env: {},
    credentials: () =>
      Promise.resolve({ kind: "basic", username: "robot", password: "secret" } as const),
  });
  try {
    assert.deepEqual(await resolveDigest(remote, repository, "1.0"), image);
    assert.deepEqual(await listTags(remote, repository), ["1.0"]);
  } finally {
    await remote.close();
    await server.close();
  }
});

for (const name of ["reset", "truncated", "timeout"] as const) {
  test(`openRegistries() gets over an answer that ends in a ${name}`, async () => {
    let left = 2;
    const registry = createMemoryRegistry({
      fault: ({ url }, proceed) =>
        String(url).includes("/tags/") && left-- > 0 ? TROUBLES[name](proceed) : undefined,
    });
    putImage(registry, "1.0");
    const server = await serveRegistry(registry);
    const remote = openRegistries({ env: {}, clock: createTestClock(), deadline: 200 });
    try {
      assert.deepEqual(await listTags(remote, { ...APP, registry: server.host }), ["1.0"]);
      assert.equal(remote.counters.retries, 2);
    } finally {
      await remote.close();
      await server.close();
    }
  });
}
