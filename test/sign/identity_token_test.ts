import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText } from "../../lib/base/bytes.ts";
import { inspect } from "node:util";
import {
  ambientAdvice,
  type AmbientOptions,
  ambientToken,
  TOKEN_FILE,
} from "../../lib/sign/ambient_token.ts";
import { isToken, parseIdentityToken } from "../../lib/sign/identity_token.ts";
import { aliceToken, answer, makeToken, openFakeSigstore } from "../support/fake_sigstore.ts";
import { createTestClock, START } from "../support/test_clock.ts";

test("the subject of a token is its verified e-mail address, or else its sub", () => {
  assert.equal(parseIdentityToken(aliceToken(START), START).subject, "alice@example.com");
  const job = aliceToken(START, { email: undefined, sub: "repo:a/b:ref:refs/heads/main" });
  assert.equal(parseIdentityToken(`${job}\n`, START).subject, "repo:a/b:ref:refs/heads/main");
  const text = aliceToken(START, { email_verified: "true" });
  assert.equal(parseIdentityToken(text, START).subject, "alice@example.com");
});

test("a token that cannot serve is refused, and never shown", () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ["", /no JSON Web Token/u],
    ["secret", /no JSON Web Token/u],
    ["a.b.c", /no JSON Web Token/u],
    ["eyJzZWNyZXQ.c2VjcmV0.c2VjcmV0", /no JSON/u],
    [makeToken({ iss: "secret" }), /exp/u],
    [aliceToken(START, { exp: START / 1000 - 1 }), /expired at 2026-11-23T/u],
    [aliceToken(START, { email_verified: false }), /not verified/u],
    [aliceToken(START, { email_verified: undefined }), /not verified/u],
    [aliceToken(START, { email: "", sub: "" }), /no subject/u],
    [aliceToken(START, { iss: "" }), /iss/u],
    [`eyJ${"a".repeat(70_000)}.a.b`, /no JSON Web Token/u],
  ];
  for (const [token, why] of bad) {
    assert.throws(() => parseIdentityToken(token, START), (error: Error & { code: string }) => {
      assert.equal(error.code, "IDENTITY");
      assert.match(error.message, why);
      assert.ok(token === "" || !inspect(error).includes(token), token);
      return true;
    });
  }
});

test("a token for another sign-in is refused", () => {
  const token = aliceToken(START, { nonce: "one" });
  assert.equal(parseIdentityToken(token, START, "one").subject, "alice@example.com");
  assert.throws(() => parseIdentityToken(token, START, "other"), { code: "IDENTITY" });
});

test("a token that is printed shows nothing secret", () => {
  const token = parseIdentityToken(aliceToken(START), START);
  assert.ok(!`${inspect(token)}${JSON.stringify(token)}`.includes("eyJ"));
  assert.ok(isToken(token.reveal()));
  assert.ok(!isToken("token.jwt") && !isToken("/var/run/token"));
});

function ambient(
  env: AmbientOptions["env"],
  file?: string,
): { readonly options: AmbientOptions; readonly sigstore: ReturnType<typeof openFakeSigstore> } {
  const sigstore = openFakeSigstore(createTestClock());
  return {
    sigstore,
    options: {
      env,
      services: sigstore.services,
      readFile: (path) => Promise.resolve(path === TOKEN_FILE ? file : undefined),
    },
  };
}

const GITHUB = {
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token",
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://actions.test/token?api-version=2.0",
};
const BUILDKITE = {
  BUILDKITE_AGENT_ACCESS_TOKEN: "agent-token",
  BUILDKITE_AGENT_ENDPOINT: "https://agent.test/v3",
  BUILDKITE_JOB_ID: "job-1",
};

test("a machine that has no token says so without a request", async () => {
  const { options, sigstore } = ambient({});
  assert.equal(await ambientToken(options), undefined);
  assert.deepEqual(sigstore.requests, []);
});

test("the token of a GitHub Actions job is asked for with its audience", async () => {
  const { options, sigstore } = ambient(GITHUB);
  sigstore.intercept = () => answer(200, { value: "token" });
  assert.equal(await ambientToken(options), "token");
  const { url, headers } = sigstore.last.get("actions.test")!;
  assert.equal(url.href, "https://actions.test/token?api-version=2.0&audience=sigstore");
  assert.equal(headers["authorization"], "bearer request-token");
});

test("the token of a Buildkite job is asked for with its audience", async () => {
  const { options, sigstore } = ambient(BUILDKITE);
  sigstore.intercept = () => answer(200, { token: "token" });
  assert.equal(await ambientToken(options), "token");
  const { url, headers, body, method } = sigstore.last.get("agent.test")!;
  assert.equal(`${method} ${url.href}`, "POST https://agent.test/v3/jobs/job-1/oidc/tokens");
  assert.equal(headers["authorization"], "Token agent-token");
  assert.equal(decodeText(body!), '{"audience":"sigstore"}');
});

test("SIGSTORE_ID_TOKEN and the file that a volume holds are taken as they are", async () => {
  assert.equal(await ambientToken(ambient({ SIGSTORE_ID_TOKEN: "token" }).options), "token");
  assert.equal(await ambientToken(ambient({}, "token").options), "token");
});

test("one source may be named, and an unknown one is refused", async () => {
  const { options } = ambient({ ...GITHUB, SIGSTORE_ID_TOKEN: "token" });
  assert.equal(await ambientToken(options, "envvar"), "token");
  assert.equal(await ambientToken(options, "filesystem"), undefined);
  for (const provider of ["google", "spiffe", "toString"]) {
    await assert.rejects(ambientToken(options, provider), { code: "IDENTITY" });
  }
});

test("an issuer that fails is named, and its token is not", async () => {
  const { options, sigstore } = ambient(GITHUB);
  sigstore.intercept = () => answer(403, { message: "no id-token permission for request-token" });
  await assert.rejects(ambientToken(options), (error: Error) => {
    assert.match(error.message, /GitHub Actions.*no id-token permission/u);
    assert.ok(!error.message.includes("request-token"));
    return true;
  });
});

test("where a machine could give a token it is said how", () => {
  assert.match(ambientAdvice({ GITHUB_ACTIONS: "true" })!, /id-token: write/u);
  assert.match(ambientAdvice({ GITLAB_CI: "true" })!, /id_tokens/u);
  assert.match(ambientAdvice({ SPIFFE_ENDPOINT_SOCKET: "/s" })!, /spiffe-helper/u);
  assert.equal(ambientAdvice({}), undefined);
});
