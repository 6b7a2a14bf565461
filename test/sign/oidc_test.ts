import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText } from "../../lib/base/bytes.ts";
import type { HttpRequest, HttpResponse } from "../../lib/base/http.ts";
import { type DeviceCode, deviceToken } from "../../lib/sign/device_flow.ts";
import {
  clientCredentialsToken,
  discover,
  exchangeCode,
  makeChallenge,
  type OidcClient,
  signInAddress,
} from "../../lib/sign/oidc.ts";
import { answer, type FakeSigstore, ISSUER, openFakeSigstore } from "../support/fake_sigstore.ts";
import { createTestClock, type TestClock } from "../support/test_clock.ts";

const DISCOVERY = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/auth`,
  token_endpoint: `${ISSUER}/token`,
  device_authorization_endpoint: `${ISSUER}/device`,
};

interface World {
  readonly client: OidcClient;
  readonly clock: TestClock;
  readonly sigstore: FakeSigstore;
}

/** An issuer that answers its configuration, and all else as a test says. */
function open(
  answers: (path: string, form: URLSearchParams) => HttpResponse,
  discovery: Readonly<Record<string, unknown>> = DISCOVERY,
): World {
  const clock = createTestClock();
  const sigstore = openFakeSigstore(clock);
  sigstore.intercept = ({ url, body }: HttpRequest) =>
    url.pathname === "/.well-known/openid-configuration"
      ? answer(200, discovery)
      : answers(url.pathname, new URLSearchParams(decodeText(body!)));
  return {
    clock,
    sigstore,
    client: { services: sigstore.services, issuer: ISSUER, clientId: "sigstore" },
  };
}

const NOTHING = (): HttpResponse => answer(500, {});

test("discover() reads where an issuer does what, and refuses another issuer", async () => {
  const { client } = open(NOTHING);
  assert.equal((await discover(client)).token, `${ISSUER}/token`);
  const other = open(NOTHING, { ...DISCOVERY, issuer: "https://evil.test" });
  await assert.rejects(discover(other.client), { code: "IDENTITY" });
});

test("the address to sign in at has all that the issuer must know, and no secret", async () => {
  const { client } = open(NOTHING);
  const challenge = makeChallenge();
  const url = signInAddress(await discover(client), { ...client, clientSecret: "secret" }, {
    redirect: "http://localhost:1/auth/callback",
    state: "the-state",
    nonce: "the-nonce",
    challenge,
  });
  const query = Object.fromEntries(url.searchParams);
  assert.deepEqual(query, {
    access_type: "online",
    client_id: "sigstore",
    code_challenge: challenge.challenge,
    code_challenge_method: "S256",
    nonce: "the-nonce",
    redirect_uri: "http://localhost:1/auth/callback",
    response_type: "code",
    scope: "openid email",
    state: "the-state",
  });
  assert.ok(!url.href.includes(challenge.verifier));
  assert.match(challenge.verifier, /^[\w-]{43}$/u);
});

test("a code is exchanged with the challenge's secret", async () => {
  const { client } = open((path, form) => {
    assert.equal(path, "/token");
    assert.deepEqual(
      [form.get("grant_type"), form.get("code"), form.get("code_verifier"), form.get("client_id")],
      ["authorization_code", "the-code", "v", "sigstore"],
    );
    return answer(200, { id_token: "token" });
  });
  const challenge = { verifier: "v", challenge: "c" };
  const token = await exchangeCode(client, await discover(client), {
    code: "the-code",
    redirect: "http://localhost:1/",
    challenge,
  });
  assert.equal(token, "token");
});

test("a client of its own gets a token with its secret", async () => {
  const { client } = open((_path, form) => {
    assert.equal(form.get("client_secret"), "secret");
    return answer(200, { id_token: "token" });
  });
  assert.equal(await clientCredentialsToken({ ...client, clientSecret: "secret" }), "token");
});

const DEVICE = {
  device_code: "device",
  user_code: "ABCD",
  verification_uri: `${ISSUER}/activate`,
  expires_in: 300,
  interval: 5,
};

test("the device flow tells the code, and asks again until somebody has signed in", async () => {
  const answers = [
    answer(401, { error: "authorization_pending" }),
    answer(400, { error: "slow_down" }),
    answer(400, { error: "authorization_pending" }),
    answer(200, { id_token: "token" }),
  ];
  const { client, clock } = open((path) =>
    path === "/device" ? answer(200, DEVICE) : answers.shift()!
  );
  const told: DeviceCode[] = [];
  const token = await deviceToken({
    client,
    clock,
    tell: (code) => {
      told.push(code);
      return Promise.resolve();
    },
  });
  assert.equal(token, "token");
  assert.deepEqual(told, [{ userCode: "ABCD", address: `${ISSUER}/activate`, expiresIn: 300 }]);
  assert.deepEqual(clock.sleeps, [5000, 10_000, 10_000]);
});

test("the device flow ends where it is denied, has expired or is not offered", async () => {
  const flow = (world: World) => deviceToken({ ...world, tell: () => Promise.resolve() });
  const denied = open((path) =>
    path === "/device" ? answer(200, DEVICE) : answer(400, { error: "access_denied" })
  );
  await assert.rejects(flow(denied), { code: "IDENTITY", message: /access_denied/u });
  const pending = open((path) =>
    path === "/device" ? answer(200, DEVICE) : answer(400, { error: "authorization_pending" })
  );
  await assert.rejects(flow(pending), { code: "IDENTITY", message: /in time/u });
  assert.equal(pending.clock.sleeps.length, 60);
  const none = open(NOTHING, { ...DISCOVERY, device_authorization_endpoint: undefined });
  await assert.rejects(flow(none), { code: "IDENTITY", message: /does not offer/u });
});
