import assert from "node:assert/strict";
import { test } from "node:test";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { assertDeletes, deleteManifest } from "../../lib/registry/delete_manifest.ts";
import type { MemoryRegistryOptions } from "../../lib/registry/memory.ts";
import { refuse } from "../../lib/registry/memory_answer.ts";
import { TROUBLES } from "../support/faults.ts";
import { APP, putImage } from "../support/images.ts";
import { ABSENT_DIGEST, filled, referTo } from "../support/memory_registry.ts";
import { openTestRemote } from "../support/open_test_remote.ts";
import { referrersOf } from "../support/stored_signatures.ts";

function setUp(options: MemoryRegistryOptions = {}) {
  const registry = filled(options);
  const image = putImage(registry, "1.0");
  const referrer = registry.putManifest(
    APP.path,
    referTo(image.digest, "test/kind"),
    MEDIA_TYPES.ociManifest,
  );
  return { registry, image, referrer, remote: openTestRemote(registry).remote };
}

test("deleteManifest() deletes a manifest, and the registry lists it no more", async () => {
  const { registry, image, referrer, remote } = setUp();
  assert.equal(await deleteManifest(remote, APP, referrer), true);
  assert.equal(registry.manifest(APP.path, referrer), undefined);
  assert.deepEqual(await referrersOf(registry, image.digest), []);
  assert.equal(await deleteManifest(remote, APP, referrer), false, "it is gone already");
});

test("deleteManifest() asks for the right to delete, and for no other", async () => {
  const { referrer, registry } = setUp();
  const scopes: string[] = [];
  const { remote } = openTestRemote({
    handle(request) {
      const { pathname, searchParams } = new URL(request.url, "http://registry");
      if (pathname === "/token") scopes.push(...searchParams.getAll("scope"));
      if (pathname === "/token") {
        const body = new TextEncoder().encode('{"token":"t"}');
        return Promise.resolve({ status: 200, headers: {}, body });
      }
      const challenge = 'Bearer realm="http://localhost:5000/token",service="s"';
      return request.headers["authorization"] === undefined
        ? Promise.resolve(
          refuse(401, "UNAUTHORIZED", "who are you?", { "www-authenticate": challenge }),
        )
        : registry.handle(request);
    },
  });
  assert.equal(await deleteManifest(remote, APP, referrer), true);
  assert.deepEqual(scopes.filter((scope) => scope !== ""), [`repository:${APP.path}:delete`]);
});

test("deleteManifest() says that a registry does not let its clients delete", async () => {
  const refusals = [refuse(405, "UNSUPPORTED", "no"), refuse(400, "UNSUPPORTED", "no")];
  for (const refusal of refusals) {
    const { registry, referrer, remote } = setUp({
      fault: ({ method }) => method === "DELETE" ? refusal : undefined,
    });
    for (const attempt of [deleteManifest(remote, APP, referrer), assertDeletes(remote, APP)]) {
      await assert.rejects(attempt, {
        code: "REGISTRY",
        failure: "unsupported",
        status: refusal.status,
        registryCode: "UNSUPPORTED",
        message:
          /^Cannot DELETE http:.*: the registry does not let its clients delete \(40[05] UN/u,
      });
    }
    assert.ok(registry.manifest(APP.path, referrer) !== undefined);
  }
});

test("deleteManifest() takes no other trouble for success, nor for a missing manifest", async () => {
  const bare404 = { status: 404, headers: {}, body: new Uint8Array() };
  const troubles = { ...TROUBLES, "a bare 404": () => bare404 };
  for (const [name, trouble] of Object.entries(troubles)) {
    const { referrer, remote } = setUp({
      fault: ({ method }, proceed) => method === "DELETE" ? trouble(proceed) : undefined,
    });
    await assert.rejects(deleteManifest(remote, APP, referrer), { code: "REGISTRY" }, name);
  }
});

test("assertDeletes() changes nothing where the registry deletes", async () => {
  const { registry, image, remote } = setUp();
  await assertDeletes(remote, APP);
  assert.equal((await referrersOf(registry, image.digest)).length, 1);
  assert.deepEqual(registry.tags(APP.path), ["1.0"]);
  assert.equal(registry.manifest(APP.path, ABSENT_DIGEST), undefined);
});
