import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { decodeText, encodeText } from "../../lib/base/bytes.ts";
import {
  assertRealm,
  parseChallenges,
  parseToken,
  tokenRequest,
} from "../../lib/registry/challenge.ts";

describe("parseChallenges()", () => {
  test("reads what the registries send", () => {
    const hub = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",' +
      'scope="repository:library/alpine:pull,push",error="insufficient_scope"';
    assert.deepEqual(parseChallenges(hub), [{
      scheme: "bearer",
      parameters: {
        realm: "https://auth.docker.io/token",
        service: "registry.docker.io",
        scope: "repository:library/alpine:pull,push",
        error: "insufficient_scope",
      },
    }]);
    assert.deepEqual(parseChallenges('BASIC Realm="a registry"'), [
      { scheme: "basic", parameters: { realm: "a registry" } },
    ]);
  });

  test("tells several challenges apart, in every form of RFC 9110 §11.6.1", () => {
    const bearer = { scheme: "bearer", parameters: { realm: "x", scope: "y" } };
    const basic = { scheme: "basic", parameters: { realm: "r" } };
    const bare = (scheme: string) => ({ scheme, parameters: {} });
    const cases: [header: string, challenges: unknown[]][] = [
      ['Bearer realm="x", scope=y, Basic realm="r"', [bearer, basic]],
      ['Basic realm="r",Bearer realm="x",scope="y"', [basic, bearer]],
      ['Negotiate, Basic realm="r"', [bare("negotiate"), basic]],
      ['Negotiate YII=, Basic realm="r"', [bare("negotiate"), basic]],
      ['Negotiate YII== , Basic realm="r"', [bare("negotiate"), basic]],
      ['  ,, Bearer realm = "x" ,, scope\t=\ty ,', [bearer]],
      // Without the comma that the grammar asks for, as some registries send it.
      ['Bearer realm="x" scope="y"', [bearer]],
      ["", []],
      [" , ,", []],
    ];
    for (const [header, challenges] of cases) {
      assert.deepEqual(parseChallenges(header), challenges, header);
    }
  });

  test("takes the escapes out of quoted strings, and the first of repeated parameters", () => {
    const [challenge] = parseChallenges(String.raw`Basic realm="a \"b\" \\, c=d", realm="second"`);
    assert.equal(challenge?.parameters["realm"], String.raw`a "b" \, c=d`);
  });

  test("leaves out what it cannot read", () => {
    assert.deepEqual(parseChallenges('Bearer realm="x", scope="never ends'), [
      { scheme: "bearer", parameters: { realm: "x" } },
    ]);
    assert.deepEqual(parseChallenges('Bearer realm="x\\'), [{ scheme: "bearer", parameters: {} }]);
    assert.deepEqual(parseChallenges('realm="x", @(, Basic realm=r'), [
      { scheme: "basic", parameters: { realm: "r" } },
    ]);
    const [hostile] = parseChallenges("Bearer __proto__=x, constructor=y");
    assert.deepEqual(Object.entries(hostile?.parameters ?? {}), [
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
    assert.equal(Object.getPrototypeOf(hostile?.parameters), Object.prototype);
  });

  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9a-z-]{1,12}$/u);
  const quoted = fc.string().map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/gu, ""));

  test("reads back any challenges that were written", () => {
    const challenge = fc.record({
      scheme: token,
      parameters: fc.uniqueArray(fc.tuple(token, quoted), { selector: ([name]) => name }),
    });
    fc.assert(fc.property(fc.array(challenge), fc.boolean(), (challenges, spaced) => {
      const comma = spaced ? " , " : ",";
      const header = challenges.map(({ scheme, parameters }) =>
        `${scheme} ${
          parameters.map(([name, value]) => `${name}="${value.replace(/["\\]/gu, "\\$&")}"`)
            .join(comma)
        }`
      ).join(comma);
      assert.deepEqual(
        parseChallenges(header),
        challenges.map(({ scheme, parameters }) => ({
          scheme,
          parameters: Object.fromEntries(parameters),
        })),
      );
    }));
  });

  test("never throws", () => {
    const hostile = fc.array(fc.constantFrom('"', "\\", ",", "=", " ", "a", "Basic", "\0", "é"))
      .map((parts) => parts.join(""));
    fc.assert(fc.property(fc.oneof(hostile, fc.string()), (header) => {
      for (const { scheme } of parseChallenges(header)) assert.notEqual(scheme, "");
    }));
  });

  // A quadratic reader would need minutes, and run into the timeout.
  test("comes to an end of a long header, whatever it is made of", { timeout: 120_000 }, () => {
    const length = 200_000;
    for (const part of ["a ", "a=", "a", ",", '"', "\\", 'a="', "a =", "=,", " ", 'a="\\']) {
      const header = part.repeat(length / part.length);
      parseChallenges(header);
      parseChallenges(`Basic ${header}`);
      parseChallenges(`Basic realm="${header}`);
    }
  });
});

describe("assertRealm()", () => {
  const remote = new URL("https://ghcr.io");
  const local = new URL("http://127.0.0.1:5000");

  test("lets HTTPS pass, and plain HTTP from loopback to loopback", () => {
    assert.equal(
      assertRealm("https://auth.example/token", remote).href,
      "https://auth.example/token",
    );
    for (const realm of ["http://127.0.0.1:1/t", "http://localhost/t", "http://[::1]:5/t"]) {
      assert.equal(assertRealm(realm, local).href, realm);
    }
  });

  test("refuses what would show a password to the network", () => {
    const refused: [realm: string, registry: URL][] = [
      ["http://auth.example/token", remote],
      ["http://auth.example/token", local],
      ["http://127.0.0.1/token", remote],
      ["http://127.0.0.1.example/token", local],
      ["ftp://127.0.0.1/token", local],
      ["https://user:pw@auth.example/token", remote],
      ["/token", local],
      ["", local],
    ];
    for (const [realm, registry] of refused) {
      assert.throws(() => assertRealm(realm, registry), { code: "CREDENTIALS" }, realm);
    }
  });

  test("does not show what is in the realm's query or user name", () => {
    for (const realm of ["http://auth.example/?key=hidden", "https://hidden@auth.example/"]) {
      assert.throws(
        () => assertRealm(realm, remote),
        ({ message }: Error) =>
          message.startsWith("Cannot get a token for ghcr.io: ") && !message.includes("hidden"),
      );
    }
  });
});

describe("tokenRequest()", () => {
  const realm = new URL("https://auth.example/token?tenant=a");
  const scopes = ["repository:a/b:pull", "repository:c:pull,push"];

  test("asks by GET, as nobody or with name and password", () => {
    const anonymous = tokenRequest({ realm, service: "registry", scopes }, undefined);
    assert.equal(anonymous.method, "GET");
    assert.deepEqual(anonymous.headers, {});
    assert.equal(anonymous.body, undefined);
    assert.deepEqual([...anonymous.url.searchParams], [
      ["tenant", "a"],
      ["service", "registry"],
      ["scope", scopes[0]],
      ["scope", scopes[1]],
    ]);
    const basic = tokenRequest({ realm, scopes: [] }, {
      kind: "basic",
      username: "ann",
      password: "pä:ss",
    });
    assert.equal(basic.url.href, realm.href);
    assert.deepEqual(basic.headers, { authorization: "Basic YW5uOnDDpDpzcw==" });
    assert.equal(realm.search, "?tenant=a");
  });

  test("asks by POST with an identity token, which is not in the URL", () => {
    const request = tokenRequest({ realm, service: "registry", scopes }, {
      kind: "identity-token",
      token: "refresh+/=",
    });
    assert.equal(request.method, "POST");
    assert.equal(request.url.href, realm.href);
    assert.equal(request.headers["content-type"], "application/x-www-form-urlencoded");
    const form = new URLSearchParams(decodeText(request.body ?? new Uint8Array()));
    assert.deepEqual(Object.fromEntries(form), {
      grant_type: "refresh_token",
      refresh_token: "refresh+/=",
      client_id: "sigfleet",
      service: "registry",
      scope: "repository:a/b:pull repository:c:pull,push",
    });
  });

  test("keeps a bearer token of the user's own to itself", () => {
    const request = tokenRequest({ realm, scopes }, { kind: "bearer", token: "own" });
    assert.deepEqual([request.method, request.headers], ["GET", {}]);
  });
});

describe("parseToken()", () => {
  const parse = (value: unknown, now = 1000) => parseToken(encodeText(JSON.stringify(value)), now);

  test("takes the token under either name, and how long it lives", () => {
    assert.deepEqual(parse({ token: "a", expires_in: 300 }), { token: "a", expiresAt: 301_000 });
    assert.deepEqual(parse({ access_token: "b", token: "" }), { token: "b", expiresAt: 61_000 });
    assert.equal(parse({ token: "a", access_token: "b" }).token, "a");
    assert.equal(parse({ token: "a", expires_in: 0 }).expiresAt, 61_000);
    assert.equal(parse({ token: "a", expires_in: null, issued_at: 7 }).expiresAt, 61_000);
    assert.equal(parse({ token: "a", expires_in: 1e300 }, 0).expiresAt, 86_400_000);
  });

  test("refuses what is no token, and quotes nothing of it", () => {
    for (const value of [{}, { token: "" }, { token: 7 }, { token: "hidden\r\nX: y" }, "hidden"]) {
      assert.throws(
        () => parse(value),
        ({ code, message, cause }: Error & { code?: string }) =>
          code === "MALFORMED" && !message.includes("hidden") && cause === undefined,
      );
    }
    assert.throws(
      () => parseToken(encodeText('{"token": hidden'), 0),
      (error: Error) => !error.message.includes("hidden") && error.cause === undefined,
    );
  });
});
