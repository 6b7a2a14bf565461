import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeText } from "../../lib/base/bytes.ts";
import { digestOf } from "../../lib/reference/digest.ts";
import { MEDIA_TYPES } from "../../lib/registry/manifest.ts";
import { createMemoryRegistry } from "../../lib/registry/memory.ts";
import {
  ABSENT_DIGEST,
  ask,
  codeOf,
  filled,
  HELLO,
  HELLO_DIGEST,
  json,
  manifestOf,
  OCI,
  referTo,
} from "../support/memory_registry.ts";

describe("listings", () => {
  test("tags come in order, page by page, as n and last ask, and never more than a page", async () => {
    const registry = filled({ pageSize: 3 });
    for (const tag of ["v5", "v3", "v1", "v2", "v4"]) {
      registry.putManifest("team/app", manifestOf(), MEDIA_TYPES.ociManifest, tag);
    }
    const list = async (query: string): Promise<[tags: unknown, link: string | undefined]> => {
      const answer = await ask(registry, "GET", `/v2/team/app/tags/list${query}`);
      return [json(answer)["tags"], answer.headers["link"]];
    };
    const next = (query: string): string => `</v2/team/app/tags/list?${query}>; rel="next"`;
    assert.deepEqual(await list(""), [["v1", "v2", "v3"], next("last=v3&n=3")]);
    assert.deepEqual(await list("?n=3&last=v3"), [["v4", "v5"], undefined]);
    assert.deepEqual(await list("?n=99"), [["v1", "v2", "v3"], next("n=3&last=v3")]);
    assert.deepEqual(await list("?n=2&last=v3"), [["v4", "v5"], undefined]);
    assert.deepEqual(await list("?last=v35"), [["v4", "v5"], undefined]);
    assert.deepEqual(await list("?n=0"), [[], undefined]);
    assert.deepEqual(await list("?last=w"), [[], undefined]);
    const wrong = await ask(registry, "GET", "/v2/team/app/tags/list?n=-1");
    assert.equal(codeOf(wrong), "400 PAGINATION_NUMBER_INVALID");
    registry.setTag("team/app", "v0", HELLO_DIGEST);
    assert.deepEqual((await list("?n=1"))[0], ["v0"]);
  });

  test("an unknown repository has no list of tags", async () => {
    const answer = await ask(createMemoryRegistry(), "GET", "/v2/no/such/tags/list");
    assert.equal(codeOf(answer), "404 NAME_UNKNOWN");
  });

  test("the catalogue has every repository, slashes and awkward names included", async () => {
    const registry = createMemoryRegistry({ pageSize: 2 });
    for (const name of ["blobs/uploads", "a/manifests/b", "z"]) registry.putBlob(name, HELLO);
    const first = await ask(registry, "GET", "/v2/_catalog");
    assert.deepEqual(json(first), { repositories: ["a/manifests/b", "blobs/uploads"] });
    assert.equal(first.headers["link"], '</v2/_catalog?last=blobs%2Fuploads&n=2>; rel="next"');
    const second = await ask(registry, "GET", "/v2/_catalog?last=blobs%2Fuploads&n=2");
    assert.deepEqual(json(second), { repositories: ["z"] });
    for (const name of ["blobs/uploads", "a/manifests/b"]) {
      assert.equal((await ask(registry, "GET", `/v2/${name}/blobs/${HELLO_DIGEST}`)).status, 200);
      assert.equal((await ask(registry, "GET", `/v2/${name}/tags/list`)).status, 200);
    }
  });
});

describe("referrers", () => {
  test("what has a subject is listed with it, filtered by type, until it is deleted", async () => {
    const registry = filled();
    const headers = { "content-type": MEDIA_TYPES.ociManifest };
    const push = (body: Uint8Array) =>
      ask(registry, "PUT", `/v2/team/app/manifests/${digestOf(body)}`, { headers, body });
    const first = referTo(ABSENT_DIGEST, "application/first");
    const second = referTo(ABSENT_DIGEST, "application/second");
    // The subject itself may come later.
    assert.equal((await push(first)).headers["oci-subject"], ABSENT_DIGEST);
    await push(second);
    const path = `/v2/team/app/referrers/${ABSENT_DIGEST}`;
    const all = await ask(registry, "GET", path);
    assert.equal(all.headers["content-type"], MEDIA_TYPES.ociIndex);
    assert.equal(all.headers["oci-filters-applied"], undefined);
    assert.equal((json(all)["manifests"] as unknown[]).length, 2);
    const filtered = await ask(registry, "GET", `${path}?artifactType=application%2Fsecond`);
    assert.equal(filtered.headers["oci-filters-applied"], "artifactType");
    assert.deepEqual(json(filtered)["manifests"], [{
      mediaType: MEDIA_TYPES.ociManifest,
      digest: digestOf(second),
      size: second.length,
      artifactType: "application/second",
      annotations: { note: "application/second" },
    }]);
    await ask(registry, "DELETE", `/v2/team/app/manifests/${digestOf(second)}`);
    const left = json(await ask(registry, "GET", path))["manifests"] as { digest: string }[];
    assert.deepEqual(left.map(({ digest }) => digest), [digestOf(first)]);
  });

  test("the config's type stands in for a missing artifactType", async () => {
    const registry = filled();
    const subject = { mediaType: MEDIA_TYPES.ociManifest, size: 1, digest: ABSENT_DIGEST };
    registry.putManifest("team/app", manifestOf({ subject }), MEDIA_TYPES.ociManifest);
    const answer = await ask(registry, "GET", `/v2/team/app/referrers/${ABSENT_DIGEST}`);
    const [entry] = json(answer)["manifests"] as { artifactType: string }[];
    assert.equal(entry?.artifactType, MEDIA_TYPES.ociEmpty);
  });

  test("the list has pages that keep the filter", async () => {
    const registry = filled({ pageSize: 2 });
    for (const note of ["1", "2", "3"]) {
      const subject = { mediaType: MEDIA_TYPES.ociManifest, size: 1, digest: ABSENT_DIGEST };
      const body = manifestOf({ artifactType: "t/t", subject, annotations: { note } });
      registry.putManifest("team/app", body, MEDIA_TYPES.ociManifest);
    }
    const seen: string[] = [];
    let path = `/v2/team/app/referrers/${ABSENT_DIGEST}?artifactType=t/t`;
    while (path !== "") {
      const answer = await ask(registry, "GET", path);
      assert.equal(answer.headers["oci-filters-applied"], "artifactType");
      const page = json(answer)["manifests"] as { digest: string }[];
      seen.push(...page.map(({ digest }) => digest));
      path =
        /^<(?<next>[^>]+)>; rel="next"$/u.exec(answer.headers["link"] ?? "")?.groups?.["next"] ??
          "";
    }
    assert.equal(new Set(seen).size, 3);
    assert.equal(registry.requests.total, 2);
  });

  test("an unknown subject, even in an unknown repository, has an empty list", async () => {
    const answer = await ask(createMemoryRegistry(), "GET", `/v2/no/referrers/${HELLO_DIGEST}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(json(answer)["manifests"], []);
  });

  test("a registry of spec 1.0 has no such page and does not acknowledge subjects", async () => {
    const registry = filled({ referrers: false });
    const body = referTo(ABSENT_DIGEST, "application/first");
    const put = await ask(registry, "PUT", "/v2/team/app/manifests/v1", { headers: OCI, body });
    assert.equal(put.status, 201);
    assert.equal(put.headers["oci-subject"], undefined);
    const answer = await ask(registry, "GET", `/v2/team/app/referrers/${ABSENT_DIGEST}`);
    assert.equal(answer.status, 404);
    assert.equal(decodeText(answer.body), "404 page not found\n");
  });
});
