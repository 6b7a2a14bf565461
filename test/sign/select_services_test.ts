import assert from "node:assert/strict";
import { test } from "node:test";
import { selectServices } from "../../lib/sign/select_services.ts";
import {
  buildSigningConfig,
  parseSigningConfig,
  type Service,
  SIGNING_CONFIG_MEDIA_TYPE,
  type SigningConfig,
} from "../../lib/sign/signing_config.ts";
import { jsonBytes } from "../support/images.ts";
import { START } from "../support/test_clock.ts";

const OPTIONS = { now: START, random: () => 0, logVersions: [1, 2] as const };

function service(url: string, fields: Partial<Service> = {}): Service {
  return { url: `https://${url}.test`, majorApiVersion: 1, validFrom: 0, operator: url, ...fields };
}

const CONFIG: SigningConfig = {
  certificateAuthorities: [service("ca")],
  oidcProviders: [service("issuer")],
  logs: [service("one"), service("two", { majorApiVersion: 2 })],
  logSelector: { kind: "ANY" },
  timestampAuthorities: [service("tsa-a"), service("tsa-b")],
  timestampSelector: { kind: "EXACT", count: 2 },
};

function logs(services: readonly Service[], more: Partial<SigningConfig> = {}, now = START) {
  return selectServices({ ...CONFIG, logs: services, ...more }, { ...OPTIONS, now }).logs
    .map(({ url }) => new URL(url).hostname.replace(".test", ""));
}

test("a signing config is read as it is written", () => {
  const dated = {
    ...CONFIG,
    logs: [service("one", { validFrom: START, validUntil: START + 1000 })],
    logSelector: { kind: "ALL" } as const,
  };
  assert.deepEqual(parseSigningConfig(buildSigningConfig(dated)), dated);
});

test("the highest version that we speak is used, and version 1 where legacy signatures want it", () => {
  assert.deepEqual(logs(CONFIG.logs), ["two"]);
  const { logs: [log] } = selectServices(CONFIG, { ...OPTIONS, logVersions: [1] });
  assert.deepEqual(log, { url: "https://one.test", version: 1 });
  const { logs: future } = CONFIG;
  assert.deepEqual(logs([...future, service("three", { majorApiVersion: 3 })]), ["two"]);
});

test("services are used in their time, the newest of an operator", () => {
  const old = service("old", { validUntil: START - 1, operator: "x" });
  const next = service("next", { validFrom: START + 1, operator: "x" });
  const first = service("first", { validFrom: 1, operator: "x" });
  const newest = service("newest", { validFrom: 2, operator: "x" });
  assert.deepEqual(logs([old, next, first, newest], { logSelector: { kind: "ALL" } }), ["newest"]);
  assert.throws(() => logs([old]), { code: "USAGE" });
});

test("ANY takes one, ALL all and EXACT so many, one of each operator", () => {
  const many = ["a", "b", "c"].map((name) => service(name));
  assert.equal(logs(many).length, 1);
  assert.deepEqual(logs(many, { logSelector: { kind: "ALL" } }), ["a", "b", "c"]);
  assert.equal(new Set(logs(many, { logSelector: { kind: "EXACT", count: 2 } })).size, 2);
  assert.throws(() => logs(many, { logSelector: { kind: "EXACT", count: 4 } }), { code: "USAGE" });
});

test("a config without a kind of service names none", () => {
  const config = parseSigningConfig(jsonBytes({ mediaType: SIGNING_CONFIG_MEDIA_TYPE }));
  assert.deepEqual(selectServices(config, OPTIONS), {
    fulcioUrl: undefined,
    oidcIssuer: undefined,
    logs: [],
    timestampAuthorities: [],
  });
});

test("a signing config of another kind or without sense is refused", () => {
  const good = { mediaType: SIGNING_CONFIG_MEDIA_TYPE };
  const log = { url: "https://a.test", majorApiVersion: 1 };
  for (
    const bad of [
      {},
      { mediaType: "application/vnd.dev.sigstore.signingconfig.v0.1+json" },
      { ...good, rekorTlogUrls: [log] },
      { ...good, rekorTlogUrls: [log], rekorTlogConfig: { selector: "SOME" } },
      { ...good, rekorTlogUrls: [log], rekorTlogConfig: { selector: "EXACT" } },
      { ...good, caUrls: [{ url: "file:///etc/passwd" }] },
      { ...good, caUrls: [{ url: "https://a.test", validFor: { start: "yesterday" } }] },
      { ...good, caUrls: "https://a.test" },
    ]
  ) assert.throws(() => parseSigningConfig(jsonBytes(bad)), { code: "MALFORMED" });
});
