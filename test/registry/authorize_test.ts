import assert from "node:assert/strict";
import { test } from "node:test";
import { type Credentials, CredentialsError } from "../../lib/registry/credentials.ts";
import {
  type BearerAuth,
  createMemoryRegistry,
  type MemoryRegistryOptions,
  type RegistryAuth,
} from "../../lib/registry/memory.ts";
import { answer } from "../../lib/registry/memory_answer.ts";
import { listTags } from "../../lib/registry/list_tags.ts";
import { putBlob } from "../../lib/registry/put_blob.ts";
import { HELLO } from "../support/memory_registry.ts";
import { APP, putImage } from "../support/images.ts";
import { openTestRemote, type TestRemote } from "../support/open_test_remote.ts";
import { createTestClock } from "../support/test_clock.ts";

const ROBOT: Credentials = { kind: "basic", username: "robot", password: "secret" };
const BEARER: BearerAuth = { kind: "bearer", username: "robot", password: "secret" };

/** A registry that asks for proof, and a client that has some or none. */
function setUp(
  auth: RegistryAuth,
  credentials?: Credentials,
  options: MemoryRegistryOptions = {},
): TestRemote & { readonly tokens: () => number; readonly asked: string[] } {
  const clock = createTestClock();
  const registry = createMemoryRegistry({ auth, now: clock.now, ...options });
  putImage(registry, "1.0");
  const asked: string[] = [];
  const opened = openTestRemote(registry, {
    clock,
    credentials: (host) => {
      asked.push(host);
      return Promise.resolve(credentials);
    },
  });
  const tokens = (): number =>
    opened.sent.filter(({ url }) => url.pathname.startsWith("/token")).length;
  return { ...opened, tokens, asked };
}

test("a remote sends name and password where Basic is asked for, and not before", async () => {
  const { remote, sent } = setUp({ kind: "basic", username: "robot", password: "secret" }, ROBOT);
  assert.deepEqual(await listTags(remote, APP), ["1.0"]);
  assert.deepEqual(await listTags(remote, APP), ["1.0"]);
  const headers = sent.map(({ headers }) => headers["authorization"]);
  const basic = `Basic ${btoa("robot:secret")}`;
  assert.deepEqual(headers, [undefined, undefined, basic, basic]);
});

test("a remote fetches one token for many requests, and asks for credentials once", async () => {
  const { remote, tokens, asked } = setUp(BEARER, ROBOT);
  for (let turn = 0; turn < 20; turn++) await listTags(remote, APP);
  assert.deepEqual([tokens(), asked], [1, ["localhost:5000"]]);
});

test("a remote fetches few tokens for many requests at once", async () => {
  const { remote, tokens } = setUp(BEARER, ROBOT);
  await Promise.all(Array.from({ length: 30 }, () => listTags(remote, APP)));
  assert.equal(tokens(), 1);
});

test("a remote fetches a token as nobody where nobody may pull", async () => {
  const { remote, tokens } = setUp({ ...BEARER, anonymousPull: true });
  assert.deepEqual(await listTags(remote, APP), ["1.0"]);
  assert.equal(tokens(), 1);
});

test("a remote fetches another token for another scope", async () => {
  const { remote, tokens, sent } = setUp(BEARER, ROBOT);
  await listTags(remote, APP);
  await putBlob(remote, APP, HELLO);
  await listTags(remote, APP);
  assert.equal(tokens(), 2);
  const scopes = sent.map(({ url }) => url.searchParams.get("scope")).filter((scope) => scope);
  assert.deepEqual(scopes, ["repository:team/app:pull", "repository:team/app:pull,push"]);
});

test("a remote renews a token before it expires", async () => {
  const { remote, clock, tokens, sent } = setUp({ ...BEARER, tokenSeconds: 100 }, ROBOT);
  await listTags(remote, APP);
  clock.pass(80_000);
  await listTags(remote, APP);
  assert.equal(tokens(), 1);
  clock.pass(15_000);
  await listTags(remote, APP);
  assert.equal(tokens(), 2);
  const bare = sent.filter(({ headers }) => headers["authorization"] === undefined);
  assert.equal(bare.length, 2, "only the first requests are refused");
});

/** A registry whose clock can run ahead of the client's. */
function withFastClock(): ReturnType<typeof setUp> & { readonly advance: () => void } {
  let ahead = 0;
  const clock = createTestClock();
  const opened = setUp({ ...BEARER, tokenSeconds: 100 }, ROBOT, {
    now: () => clock.now() + ahead,
  });
  return {
    ...opened,
    advance() {
      ahead += 200_000;
    },
  };
}

test("a remote gets another token where the registry says that one has expired", async () => {
  const { remote, tokens, advance } = withFastClock();
  await listTags(remote, APP);
  advance();
  assert.deepEqual(await listTags(remote, APP), ["1.0"]);
  assert.equal(tokens(), 2);
});

test("a remote gets over the expiry of a token that many requests have sent", async () => {
  const { remote, tokens, advance } = withFastClock();
  await listTags(remote, APP);
  advance();
  const lists = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      for (let turn = 0; turn < index; turn++) await Promise.resolve();
      return await listTags(remote, APP);
    }),
  );
  assert.deepEqual(new Set(lists.map(String)), new Set(["1.0"]));
  assert.equal(tokens(), 2);
});

test("a remote sends an identity token to the token service, by POST", async () => {
  const { remote, sent } = setUp({ ...BEARER, identityToken: "refresh-me" }, {
    kind: "identity-token",
    token: "refresh-me",
  });
  assert.deepEqual(await listTags(remote, APP), ["1.0"]);
  assert.deepEqual(sent.filter(({ method }) => method === "POST").map(({ url }) => url.pathname), [
    "/token",
  ]);
});

test("a remote with wrong credentials is unauthorized, and asks no more than it must", async () => {
  const wrong: Credentials = { kind: "basic", username: "robot", password: "guess" };
  for (const auth of [BEARER, { kind: "basic", username: "robot", password: "secret" }] as const) {
    const { remote, sent } = setUp(auth, wrong);
    await assert.rejects(listTags(remote, APP), { failure: "unauthorized", status: 401 });
    assert.ok(sent.length <= 4, `${sent.length} requests`);
  }
});

test("a remote without credentials is unauthorized where some are needed", async () => {
  for (const auth of [BEARER, { kind: "basic", username: "robot", password: "secret" }] as const) {
    const { remote } = setUp(auth);
    await assert.rejects(listTags(remote, APP), { failure: "unauthorized", status: 401 });
  }
});

test("a remote that may only pull is unauthorized to push", async () => {
  const { remote } = setUp({ ...BEARER, anonymousPull: true });
  await assert.rejects(putBlob(remote, APP, HELLO), { failure: "unauthorized", status: 401 });
});

test("a remote whose credentials cannot be had is unauthorized, with the reason", async () => {
  const registry = createMemoryRegistry({ auth: BEARER });
  const { remote } = openTestRemote(registry, {
    credentials: () => Promise.reject(new CredentialsError("Cannot run docker-credential-x")),
  });
  await assert.rejects(listTags(remote, APP), {
    code: "REGISTRY",
    failure: "unauthorized",
    message: /docker-credential-x/u,
  });
});

test("a remote sends no password to a token service without TLS elsewhere", async () => {
  const { remote, sent } = setUp({ ...BEARER, realm: "http://tokens.example/token" }, ROBOT);
  await assert.rejects(listTags(remote, APP), { failure: "unauthorized", message: /not HTTPS/u });
  assert.ok(sent.every(({ url }) => url.host === "localhost:5000"));
});

test("a remote asks a token service again that is away for a moment", async () => {
  let left = 2;
  const { remote, tokens } = setUp(BEARER, ROBOT, {
    fault: ({ url }) => String(url).includes("/token") && left-- > 0 ? answer(503, {}) : undefined,
  });
  assert.deepEqual(await listTags(remote, APP), ["1.0"]);
  assert.equal(tokens(), 3);
});

test("a remote tells a token service that is away from one that refuses", async () => {
  const { remote } = setUp(BEARER, ROBOT, {
    fault: ({ url }) => String(url).includes("/token") ? answer(429, {}) : undefined,
  });
  await assert.rejects(listTags(remote, APP), {
    failure: "throttled",
    status: 429,
    attempts: 5,
    request: "GET http://localhost:5000/token",
  });
});

test("a remote is unauthorized where the registry asks for what it does not know", async () => {
  const { remote } = setUp(BEARER, ROBOT, {
    fault: () => answer(401, { "www-authenticate": "Negotiate" }),
  });
  await assert.rejects(listTags(remote, APP), { failure: "unauthorized", status: 401 });
});
