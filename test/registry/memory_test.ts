import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeText } from "../../lib/base/bytes.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import {
  ABSENT_DIGEST,
  ask,
  codeOf,
  EMPTY,
  EMPTY_DIGEST,
  filled,
  HELLO,
  HELLO_DIGEST,
  manifestOf,
  OCI,
} from "../support/memory_registry.ts";

describe("manifests", () => {
  test("a manifest comes back byte for byte, by tag and by digest, with its type and digest", async () => {
    const registry = filled();
    const body = manifestOf();
    const put = await ask(registry, "PUT", "/v2/team/app/manifests/v1", { headers: OCI, body });
    assert.equal(put.status, 201);
    assert.equal(put.headers["docker-content-digest"], digestOf(body));
    for (const reference of ["v1", digestOf(body), digestOf(body).replace(":", "%3A")]) {
      const got = await ask(registry, "GET", `/v2/team/app/manifests/${reference}`);
      assert.equal(got.status, 200);
      assert.deepEqual(got.body, body);
      assert.equal(got.headers["content-type"], MEDIA_TYPES.ociManifest);
      assert.equal(got.headers["docker-content-digest"], digestOf(body));
    }
  });

  test("HEAD has the headers of GET, its length too, and no body", async () => {
    const registry = filled();
    const body = manifestOf();
    registry.putManifest("team/app", body, MEDIA_TYPES.ociManifest, "v1");
    const head = await ask(registry, "HEAD", "http://registry/v2/team/app/manifests/v1");
    const get = await ask(registry, "GET", "/v2/team/app/manifests/v1");
    assert.equal(head.body.length, 0);
    assert.deepEqual(head.headers, get.headers);
    assert.equal(head.headers["content-length"], String(body.length));
    const missing = await ask(registry, "HEAD", "/v2/team/app/manifests/no");
    assert.equal(missing.status, 404);
    assert.equal(missing.body.length, 0);
  });

  test("a push is refused with the code that names what is wrong", async () => {
    const registry = filled();
    const push = async (reference: string, body: Uint8Array, headers = OCI): Promise<string> =>
      codeOf(await ask(registry, "PUT", `/v2/team/app/manifests/${reference}`, { headers, body }));
    const layers = [{ mediaType: "text/plain", size: 1, digest: ABSENT_DIGEST }];
    assert.equal(await push("v1", manifestOf({ layers })), "400 MANIFEST_BLOB_UNKNOWN");
    assert.equal(await push("v1", manifestOf({ config: layers[0] })), "400 MANIFEST_BLOB_UNKNOWN");
    assert.equal(await push(HELLO_DIGEST, manifestOf()), "400 DIGEST_INVALID");
    assert.equal(await push("-v1", manifestOf()), "400 TAG_INVALID");
    assert.equal(await push("v1", HELLO), "400 MANIFEST_INVALID");
    const plain = { "content-type": "text/plain" };
    assert.equal(await push("v1", manifestOf(), plain), "400 MANIFEST_INVALID");
    const index = encodeText(JSON.stringify({ schemaVersion: 2, manifests: layers }));
    const asIndex = { "content-type": MEDIA_TYPES.ociIndex };
    assert.equal(await push("v1", index, asIndex), "400 MANIFEST_UNKNOWN");
    assert.equal(await push("v1", new Uint8Array(5 * 1024 * 1024)), "413 SIZE_INVALID");
    assert.deepEqual(registry.tags("team/app"), []);
    const named = await ask(registry, "PUT", "/v2/Team/manifests/v1", { body: manifestOf() });
    assert.equal(codeOf(named), "400 NAME_INVALID");
  });

  test("layers that are kept elsewhere need not be in the repository", async () => {
    const registry = filled();
    const urls = ["https://example.com/layer"];
    const layers = [{ mediaType: "text/plain", size: 1, digest: ABSENT_DIGEST, urls }];
    const put = await ask(registry, "PUT", "/v2/team/app/manifests/v1", {
      headers: OCI,
      body: manifestOf({ layers }),
    });
    assert.equal(put.status, 201);
  });

  test("deleting a tag leaves the manifest, deleting the digest takes the tags along", async () => {
    const registry = filled();
    const digest = registry.putManifest("team/app", manifestOf(), MEDIA_TYPES.ociManifest, "v1");
    registry.setTag("team/app", "v2", digest);
    assert.equal((await ask(registry, "DELETE", "/v2/team/app/manifests/v1")).status, 202);
    assert.deepEqual(registry.tags("team/app"), ["v2"]);
    const path = `/v2/team/app/manifests/${digest}`;
    assert.equal((await ask(registry, "DELETE", path)).status, 202);
    assert.deepEqual(registry.tags("team/app"), []);
    assert.equal(codeOf(await ask(registry, "DELETE", path)), "404 MANIFEST_UNKNOWN");
    assert.equal(codeOf(await ask(registry, "DELETE", "/v2/no/manifests/v1")), "404 NAME_UNKNOWN");
  });

  test("a registry without deletion says so", async () => {
    const registry = filled({ manifestDelete: false });
    registry.putManifest("team/app", manifestOf(), MEDIA_TYPES.ociManifest, "v1");
    const answer = await ask(registry, "DELETE", "/v2/team/app/manifests/v1");
    assert.equal(codeOf(answer), "405 UNSUPPORTED");
    assert.deepEqual(registry.tags("team/app"), ["v1"]);
  });
});

describe("blobs", () => {
  test("a blob is pushed in one piece, in chunks, or with the request that begins", async () => {
    const registry = createMemoryRegistry();
    const begin = async (): Promise<string> => {
      const begun = await ask(registry, "POST", "/v2/a/b/blobs/uploads/");
      assert.equal(begun.status, 202);
      assert.match(begun.headers["location"] ?? "", /^\/v2\/a\/b\/blobs\/uploads\/[^/]+$/u);
      return begun.headers["location"] ?? "";
    };
    const whole = await begin();
    const closed = await ask(registry, "PUT", `${whole}?digest=${HELLO_DIGEST}`, { body: HELLO });
    assert.equal(closed.status, 201);
    assert.equal(closed.headers["location"], `/v2/a/b/blobs/${HELLO_DIGEST}`);
    const gone = await ask(registry, "PUT", `${whole}?digest=${HELLO_DIGEST}`, { body: HELLO });
    assert.equal(codeOf(gone), "404 BLOB_UPLOAD_UNKNOWN");

    const chunked = await begin();
    const first = await ask(registry, "PATCH", chunked, {
      headers: { "content-range": "0-1" },
      body: EMPTY.subarray(0, 1),
    });
    assert.equal(first.status, 202);
    assert.equal(first.headers["range"], "0-0");
    const skipped = await ask(registry, "PATCH", chunked, {
      headers: { "content-range": "7-8" },
      body: EMPTY.subarray(1),
    });
    assert.equal(skipped.status, 416);
    assert.equal((await ask(registry, "GET", chunked)).headers["range"], "0-0");
    const last = await ask(registry, "PUT", `${chunked}?digest=${EMPTY_DIGEST}`, {
      body: EMPTY.subarray(1),
    });
    assert.equal(last.status, 201);

    const body = encodeText("at once");
    const once = await ask(registry, "POST", `/v2/a/b/blobs/uploads/?digest=${digestOf(body)}`, {
      body,
    });
    assert.equal(once.status, 201);

    for (const bytes of [HELLO, EMPTY, body]) {
      const got = await ask(registry, "GET", `/v2/a/b/blobs/${digestOf(bytes)}`);
      assert.deepEqual(got.body, bytes);
      assert.equal(got.headers["docker-content-digest"], digestOf(bytes));
    }
  });

  test("content that is not of the digest is refused and not kept", async () => {
    const registry = createMemoryRegistry();
    const { headers } = await ask(registry, "POST", "/v2/a/blobs/uploads/");
    const put = `${headers["location"]}?digest=${EMPTY_DIGEST}`;
    assert.equal(codeOf(await ask(registry, "PUT", put, { body: HELLO })), "400 DIGEST_INVALID");
    const post = `/v2/a/blobs/uploads/?digest=${EMPTY_DIGEST}`;
    assert.equal(codeOf(await ask(registry, "POST", post, { body: HELLO })), "400 DIGEST_INVALID");
    const got = await ask(registry, "GET", `/v2/a/blobs/${EMPTY_DIGEST}`);
    assert.equal(codeOf(got), "404 BLOB_UNKNOWN");
    assert.equal(codeOf(await ask(registry, "GET", "/v2/a/blobs/sha256:x")), "400 DIGEST_INVALID");
  });

  test("a blob is mounted from a repository that has it, else an upload begins", async () => {
    const registry = filled();
    const mount = `/v2/b/blobs/uploads/?from=team/app&mount=`;
    const mounted = await ask(registry, "POST", `${mount}${HELLO_DIGEST}`);
    assert.equal(mounted.status, 201);
    assert.equal(mounted.headers["location"], `/v2/b/blobs/${HELLO_DIGEST}`);
    assert.equal((await ask(registry, "HEAD", `/v2/b/blobs/${HELLO_DIGEST}`)).status, 200);
    assert.equal((await ask(registry, "POST", `${mount}${ABSENT_DIGEST}`)).status, 202);
  });

  test("a blob of one repository is not in another, and can be deleted", async () => {
    const registry = filled();
    registry.putBlob("other", EMPTY);
    const elsewhere = await ask(registry, "GET", `/v2/other/blobs/${HELLO_DIGEST}`);
    assert.equal(codeOf(elsewhere), "404 BLOB_UNKNOWN");
    const path = `/v2/team/app/blobs/${HELLO_DIGEST}`;
    assert.equal((await ask(registry, "DELETE", path)).status, 202);
    assert.equal(codeOf(await ask(registry, "GET", path)), "404 BLOB_UNKNOWN");
  });

  test("an upload belongs to its repository and can be given up", async () => {
    const registry = createMemoryRegistry();
    const { headers } = await ask(registry, "POST", "/v2/a/blobs/uploads/");
    const location = headers["location"] ?? "";
    const stranger = await ask(registry, "PATCH", location.replace("/v2/a/", "/v2/b/"));
    assert.equal(codeOf(stranger), "404 BLOB_UPLOAD_UNKNOWN");
    assert.equal((await ask(registry, "DELETE", location)).status, 204);
    assert.equal(codeOf(await ask(registry, "GET", location)), "404 BLOB_UPLOAD_UNKNOWN");
  });
});

describe("the rest", () => {
  test("/v2/ is there, and what no registry has is not", async () => {
    const registry = createMemoryRegistry();
    assert.equal((await ask(registry, "GET", "/v2/")).status, 200);
    for (const path of ["/", "/v3/", "/v2/a", "/v2/a/manifests/", "/v2/%zz/tags/list", "/token"]) {
      assert.equal((await ask(registry, "GET", path)).status, 404, path);
    }
  });

  test("a raw put stores bytes under a digest that they do not hash to", async () => {
    const registry = createMemoryRegistry();
    registry.putRaw("liar", ABSENT_DIGEST, HELLO);
    registry.putRaw("liar", ABSENT_DIGEST, EMPTY, MEDIA_TYPES.ociManifest);
    const blob = await ask(registry, "GET", `/v2/liar/blobs/${ABSENT_DIGEST}`);
    assert.deepEqual(blob.body, HELLO);
    assert.equal(blob.headers["docker-content-digest"], ABSENT_DIGEST);
    assert.deepEqual(registry.manifest("liar", ABSENT_DIGEST)?.bytes, EMPTY);
    registry.putRaw("liar", HELLO_DIGEST, HELLO, MEDIA_TYPES.ociManifest);
    registry.setTag("liar", "v1", HELLO_DIGEST);
    const manifest = await ask(registry, "GET", "/v2/liar/manifests/v1");
    assert.deepEqual(manifest.body, HELLO);
  });

  test("the log has each request with its query, and keeps a bounded number", async () => {
    const registry = createMemoryRegistry();
    await ask(registry, "GET", "/v2/a/tags/list?n=1");
    await ask(registry, "HEAD", "http://127.0.0.1:5000/v2/a/manifests/v1");
    assert.deepEqual(registry.requests.recent, [
      { method: "GET", path: "/v2/a/tags/list?n=1" },
      { method: "HEAD", path: "/v2/a/manifests/v1" },
    ]);
    registry.requests.clear();
    assert.deepEqual([registry.requests.total, registry.requests.recent.length], [0, 0]);
    for (let count = 0; count < 20_001; count++) await ask(registry, "GET", `/v2/?${count}`);
    assert.equal(registry.requests.total, 20_001);
    assert.equal(registry.requests.recent.length, 10_001);
    assert.equal(registry.requests.recent.at(-1)?.path, "/v2/?20000");
  });

  test("a fault answers instead, bends the registry's answer, or lets the request through", async () => {
    const registry = createMemoryRegistry({
      async fault({ url }, proceed) {
        await Promise.resolve();
        const path = String(url);
        if (path.includes("throttle")) {
          return { status: 429, headers: { "retry-after": "1" }, body: new Uint8Array() };
        }
        if (path.includes("tags")) return { ...proceed(), body: HELLO };
        return undefined;
      },
    });
    registry.putBlob("throttle", HELLO);
    registry.putBlob("a", HELLO);
    const throttled = await ask(registry, "GET", `/v2/throttle/blobs/${HELLO_DIGEST}`);
    assert.deepEqual([throttled.status, throttled.headers["retry-after"]], [429, "1"]);
    assert.deepEqual((await ask(registry, "GET", "/v2/a/tags/list")).body, HELLO);
    assert.equal((await ask(registry, "GET", `/v2/a/blobs/${HELLO_DIGEST}`)).status, 200);
    assert.equal(registry.requests.total, 3);
  });
});
