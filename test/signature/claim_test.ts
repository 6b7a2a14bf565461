import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeText } from "../../lib/base/bytes.ts";
import { digestOf, parseDigest } from "../../lib/reference/digest.ts";
import { formatRepository, parseRepository } from "../../lib/reference/reference.ts";
import { buildClaim, parseClaim } from "../../lib/signature/claim.ts";
import { jsonBytes } from "../support/images.ts";

// The image and payload of cosign 3.1.3's own (reference §2.4).
const DIGEST = parseDigest(
  "sha256:985aa042d0d5a179828a05981a733395f95a2e3ef1d90844d54c4ccb0438bfa1",
);

test("buildClaim() writes the very bytes that cosign signs", () => {
  const payload = buildClaim("localhost:15000/app", DIGEST, { env: "prod" });
  assert.equal(
    decodeText(payload),
    '{"critical":{"identity":{"docker-reference":"localhost:15000/app"},' +
      `"image":{"docker-manifest-digest":"${DIGEST}"},` +
      '"type":"cosign container image signature"},"optional":{"env":"prod"}}',
  );
  assert.equal(payload.length, 245);
  assert.equal(
    digestOf(payload),
    "sha256:9e3fce7fb05256223b11e8485f43dd48a9786f33331925d49b1cd4842830e614",
  );
});

test("buildClaim() writes null where there are no annotations, and Hub's name in full", () => {
  const payload = buildClaim(formatRepository(parseRepository("mzali/test")), DIGEST, {});
  assert.match(decodeText(payload), /"docker-reference":"index\.docker\.io\/mzali\/test"/u);
  assert.match(decodeText(payload), /"optional":null\}$/u);
});

test("buildClaim() sorts annotations, and escapes as Go does", () => {
  const payload = buildClaim("r/x", DIGEST, { b: "<&>", "10": "x", "9": "y", a: "é,=" });
  assert.ok(
    decodeText(payload).endsWith(
      '"optional":{"10":"x","9":"y","a":"é,=","b":"\\u003c\\u0026\\u003e"}}',
    ),
  );
});

test("parseClaim() reads what buildClaim() writes", () => {
  const annotations = { "a b": "1", "__proto__x": "2", "é": "<&>" };
  assert.deepEqual(parseClaim(buildClaim("r/x", DIGEST, annotations)), {
    dockerReference: "r/x",
    digest: DIGEST,
    annotations,
  });
});

const claim = {
  critical: {
    identity: { "docker-reference": "r/x" },
    image: { "docker-manifest-digest": DIGEST },
    type: "cosign container image signature",
  },
  optional: null,
};

test("parseClaim() takes what other tools add, and values that are no text", () => {
  const optional = { creator: "skopeo", timestamp: 1700000000 };
  assert.deepEqual(parseClaim(jsonBytes({ ...claim, optional, extra: 1 })).annotations, optional);
  assert.deepEqual(parseClaim(jsonBytes({ critical: claim.critical })).annotations, {});
});

test("parseClaim() refuses a payload that does not say what it is about", () => {
  const bad: readonly unknown[] = [
    {},
    null,
    { critical: {} },
    { critical: { ...claim.critical, image: {} } },
    { critical: { ...claim.critical, image: { "docker-manifest-digest": 1 } } },
    { critical: { ...claim.critical, identity: {} } },
    { ...claim, optional: "x" },
  ];
  for (const value of bad) {
    assert.throws(() => parseClaim(jsonBytes(value)), { code: "MALFORMED" }, JSON.stringify(value));
  }
});
