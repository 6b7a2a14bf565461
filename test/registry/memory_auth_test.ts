import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText, encodeBase64, encodeText } from "../../lib/base/bytes.ts";
import type { MemoryAnswer, MemoryRegistry } from "../../lib/registry/memory.ts";
import { ask, filled, json } from "../support/memory_registry.ts";

const basic = (pair: string): Record<string, string> => ({
  authorization: `Basic ${encodeBase64(encodeText(pair))}`,
});

test("Basic asks for name and password, and takes no others", async () => {
  const registry = filled({ auth: { kind: "basic", username: "ann", password: "s:e" } });
  const bare = await ask(registry, "GET", "/v2/");
  assert.equal(bare.status, 401);
  assert.match(decodeText(bare.body), /"code":"UNAUTHORIZED"/u);
  assert.match(bare.headers["www-authenticate"] ?? "", /^Basic realm=/u);
  const path = "/v2/team/app/tags/list";
  assert.equal((await ask(registry, "GET", path, { headers: basic("ann:no") })).status, 401);
  const broken = { authorization: "Basic ***" };
  assert.equal((await ask(registry, "GET", path, { headers: broken })).status, 401);
  assert.equal((await ask(registry, "GET", path, { headers: basic("ann:s:e") })).status, 200);
});

const realm = "http://127.0.0.1:5000/auth/token";

async function tokenFor(
  registry: MemoryRegistry,
  scope: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ headers: Record<string, string> }> {
  const query = new URLSearchParams({ service: "registry", scope });
  const answer = await ask(registry, "GET", `/auth/token?${query}`, { headers });
  assert.equal(answer.status, 200);
  return { headers: { authorization: `Bearer ${json(answer)["token"]}` } };
}

test("Bearer names realm, service and scope, and takes a token for that scope only", async () => {
  const registry = filled({ auth: { kind: "bearer", username: "ann", password: "pw", realm } });
  const path = "/v2/team/app/tags/list";
  const bare = await ask(registry, "GET", path);
  assert.equal(
    bare.headers["www-authenticate"],
    `Bearer realm="${realm}",service="registry",scope="repository:team/app:pull"`,
  );
  const pull = await tokenFor(registry, "repository:team/app:pull", basic("ann:pw"));
  assert.equal((await ask(registry, "GET", path, pull)).status, 200);
  assert.equal((await ask(registry, "GET", "/v2/", pull)).status, 200);
  const push = await ask(registry, "POST", "/v2/team/app/blobs/uploads/", pull);
  assert.match(
    push.headers["www-authenticate"] ?? "",
    /scope="repository:team\/app:pull,push",error="insufficient_scope"$/u,
  );
  const catalog = await ask(registry, "GET", "/v2/_catalog", pull);
  assert.match(catalog.headers["www-authenticate"] ?? "", /scope="registry:catalog:\*"/u);
  const remove = await ask(registry, "DELETE", "/v2/team/app/manifests/v1", pull);
  assert.match(remove.headers["www-authenticate"] ?? "", /repository:team\/app:delete/u);
  const both = await tokenFor(registry, "repository:team/app:push,pull", basic("ann:pw"));
  assert.equal((await ask(registry, "POST", "/v2/team/app/blobs/uploads/", both)).status, 202);
  const mount = "/v2/team/app/blobs/uploads/?from=other&mount=x";
  const mounted = await ask(registry, "POST", mount, both);
  assert.match(mounted.headers["www-authenticate"] ?? "", /push repository:other:pull"/u);
});

test("a token expires", async () => {
  let now = 0;
  const registry = filled({
    auth: { kind: "bearer", username: "ann", password: "pw", realm, tokenSeconds: 10 },
    now: () => now,
  });
  const path = "/v2/team/app/tags/list";
  const pull = await tokenFor(registry, "repository:team/app:pull", basic("ann:pw"));
  now = 9_999;
  assert.equal((await ask(registry, "GET", path, pull)).status, 200);
  now = 10_000;
  const late = await ask(registry, "GET", path, pull);
  assert.match(late.headers["www-authenticate"] ?? "", /error="invalid_token"$/u);
});

test("nobody gets a token without the right password, unless pulling is free", async () => {
  const auth = { kind: "bearer", username: "ann", password: "pw", realm } as const;
  const closed = filled({ auth });
  const url = "/auth/token?scope=repository:team/app:pull";
  assert.equal((await ask(closed, "GET", url)).status, 401);
  assert.equal((await ask(closed, "GET", url, { headers: basic("ann:no") })).status, 401);
  const open = filled({ auth: { ...auth, anonymousPull: true } });
  assert.equal((await ask(open, "GET", url, { headers: basic("ann:no") })).status, 401);
  const both = await tokenFor(open, "repository:team/app:pull,push");
  assert.equal((await ask(open, "GET", "/v2/team/app/tags/list", both)).status, 200);
  assert.equal((await ask(open, "POST", "/v2/team/app/blobs/uploads/", both)).status, 401);
});

test("an identity token is exchanged by POST", async () => {
  const registry = filled({
    auth: { kind: "bearer", username: "ann", password: "pw", realm, identityToken: "refresh" },
  });
  const post = (fields: Record<string, string>): Promise<MemoryAnswer> =>
    ask(registry, "POST", "/auth/token", {
      body: encodeText(new URLSearchParams(fields).toString()),
    });
  const scope = "repository:team/app:pull repository:other:pull";
  const grant = { grant_type: "refresh_token", service: "registry", scope };
  assert.equal((await post({ ...grant, refresh_token: "no" })).status, 401);
  const answer = await post({ ...grant, refresh_token: "refresh" });
  const headers = { authorization: `Bearer ${json(answer)["access_token"]}` };
  const list = await ask(registry, "GET", "/v2/team/app/tags/list", { headers });
  assert.equal(list.status, 200);
});

test("without a name anybody is given a token, and the realm is on the host that was asked", async () => {
  const registry = filled({ auth: { kind: "bearer" } });
  const bare = await ask(registry, "GET", "/v2/", { headers: { host: "127.0.0.1:5000" } });
  assert.match(bare.headers["www-authenticate"] ?? "", /realm="http:\/\/127.0.0.1:5000\/token"/u);
  const url = "/token?scope=repository:team/app:pull,push";
  for (const headers of [{}, basic(":"), basic("ann:pw")]) {
    const token = json(await ask(registry, "GET", url, { headers }))["token"];
    const bearer = { headers: { authorization: `Bearer ${token}` } };
    const begun = await ask(registry, "POST", "/v2/team/app/blobs/uploads/", bearer);
    assert.equal(begun.status, 202);
  }
});
