import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatReference,
  formatRepository,
  hasTagOrDigest,
  parseReference,
  parseRepository,
} from "../../lib/reference/reference.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;
const HUB = "index.docker.io";

/** What is written, and what Docker and cosign make of it. */
const GOOD: readonly (readonly [given: string, full: string])[] = [
  ["mzali/test", `${HUB}/mzali/test:latest`],
  ["alpine", `${HUB}/library/alpine:latest`],
  ["alpine:3.20", `${HUB}/library/alpine:3.20`],
  ["library/alpine", `${HUB}/library/alpine:latest`],
  ["docker.io/alpine", `${HUB}/library/alpine:latest`],
  ["docker.io/mzali/test:1", `${HUB}/mzali/test:1`],
  ["index.docker.io/mzali/test", `${HUB}/mzali/test:latest`],
  ["a/b/c/d", `${HUB}/a/b/c/d:latest`],
  ["localhost/app", "localhost/app:latest"],
  ["localhost:5000/app", "localhost:5000/app:latest"],
  ["localhost:5000/app:1.0", "localhost:5000/app:1.0"],
  ["local/app", `${HUB}/local/app:latest`],
  ["ghcr.io/owner/app", "ghcr.io/owner/app:latest"],
  ["registry.example:443/app", "registry.example:443/app:latest"],
  ["Registry.Example/app", "Registry.Example/app:latest"],
  ["127.0.0.1:5000/app", "127.0.0.1:5000/app:latest"],
  ["[::1]:5000/app:1", "[::1]:5000/app:1"],
  ["host:5000/a__b/c.d-e--f", "host:5000/a__b/c.d-e--f:latest"],
  ["host:5000", `${HUB}/library/host:5000`],
  [`alpine@${DIGEST}`, `${HUB}/library/alpine@${DIGEST}`],
  [`ghcr.io/owner/app:1.0@${DIGEST}`, `ghcr.io/owner/app@${DIGEST}`],
  [`localhost:5000/app@${DIGEST}`, `localhost:5000/app@${DIGEST}`],
  [`ghcr.io/o/a:${"x".repeat(128)}`, `ghcr.io/o/a:${"x".repeat(128)}`],
  ["ghcr.io/o/a:_.-A9", "ghcr.io/o/a:_.-A9"],
];

for (const [given, full] of GOOD) {
  test(`parseReference() reads ${given} as ${full}`, () => {
    const reference = parseReference(given);
    assert.equal(formatReference(reference), full);
    assert.deepEqual(parseReference(full), reference);
  });
}

const BAD: readonly string[] = [
  "",
  " alpine",
  "alpine ",
  "Alpine",
  "ghcr.io/Owner/app",
  "ghcr.io/",
  "/app",
  "ghcr.io//app",
  "ghcr.io/app/",
  "ghcr.io/-app",
  "ghcr.io/app-",
  "ghcr.io/a___b",
  "ghcr.io/a..b",
  "ghcr.io/../b",
  "ghcr.io/app:",
  "ghcr.io/app:-1",
  "ghcr.io/app:.1",
  "ghcr.io/app:a/b:c d",
  `ghcr.io/app:${"x".repeat(129)}`,
  "ghcr.io/app@",
  "ghcr.io/app@sha256:abc",
  `ghcr.io/app@${DIGEST.toUpperCase()}`,
  `ghcr.io/app@${DIGEST}@${DIGEST}`,
  `ghcr.io/app@${DIGEST}:1.0`,
  `@${DIGEST}`,
  ":1.0",
  "https://ghcr.io/app",
  "user@ghcr.io/app",
  "ghcr.io:port/app",
  "ghcr.io:123456/app",
  "gh_cr.io/app",
  "ghcr.io/app?x=1",
  "ghcr.io/app#x",
  "ghcr.io/app%2f",
  "ghcr.io/äpp",
  "ghcr.io/app:1\n",
  `ghcr.io/${"a/".repeat(130)}b`,
  // Names that are no address: asking there would fail in ways that concern one image only.
  "registry.example:99999/app",
  "1.2.3.400/app",
  "[:::]:5000/app",
];

for (const given of BAD) {
  test(`parseReference() refuses ${JSON.stringify(given.slice(0, 60))}`, () => {
    assert.throws(() => parseReference(given), { code: "REFERENCE_SYNTAX" });
  });
}

test("parseReference() says that a name must be in lower case", () => {
  assert.throws(() => parseReference("ghcr.io/Owner/app"), /lower case/u);
});

test("parseRepository() reads a repository without a tag", () => {
  assert.equal(formatRepository(parseRepository("alpine")), `${HUB}/library/alpine`);
  assert.equal(formatRepository(parseRepository("localhost:5000/a/b")), "localhost:5000/a/b");
  assert.throws(() => parseRepository("localhost:5000/a:1"), { code: "REFERENCE_SYNTAX" });
});

test("hasTagOrDigest() does not take a port for a tag", () => {
  assert.ok(!hasTagOrDigest("localhost:5000/app"));
  assert.ok(!hasTagOrDigest("app"));
  assert.ok(hasTagOrDigest("localhost:5000/app:1"));
  assert.ok(hasTagOrDigest(`localhost:5000/app@${DIGEST}`));
  assert.ok(hasTagOrDigest("app:1"));
});
