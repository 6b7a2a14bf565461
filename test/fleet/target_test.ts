import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTarget, parseTargetLine } from "../../lib/fleet/target.ts";
import { formatReference, formatRepository } from "../../lib/reference/reference.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;

/** A target in a few words. */
function describe(target: ReturnType<typeof parseTargetLine>): string | undefined {
  switch (target?.kind) {
    case "image":
      return `image ${formatReference(target.reference)}`;
    case "repository":
      return `repository ${formatRepository(target.repository)}`;
    default:
      return target?.kind;
  }
}

test("parseTarget() takes a name without tag and digest for a repository", () => {
  const targets: Readonly<Record<string, string>> = {
    "alpine": "repository index.docker.io/library/alpine",
    "localhost:5000/team/app": "repository localhost:5000/team/app",
    "localhost:5000/team/app:*": "repository localhost:5000/team/app",
    "localhost:5000/team/app:1.0": "image localhost:5000/team/app:1.0",
    [`ghcr.io/o/a@${DIGEST}`]: `image ghcr.io/o/a@${DIGEST}`,
    [`ghcr.io/o/a:1@${DIGEST}`]: `image ghcr.io/o/a@${DIGEST}`,
  };
  for (const [given, want] of Object.entries(targets)) {
    const target = parseTarget(given);
    assert.equal(describe(target), want);
    assert.equal(target.given, given);
  }
});

test("parseTarget() throws at a name that is none: it was typed", () => {
  for (const given of ["", "Team/App", "a:b:c", "app:*:*", ":*", "app@sha256:0"]) {
    assert.throws(() => parseTarget(given), { code: "REFERENCE_SYNTAX" }, given);
  }
});

test("parseTargetLine() takes a name without tag for the image latest, as Docker does", () => {
  const lines: Readonly<Record<string, string>> = {
    "alpine": "image index.docker.io/library/alpine:latest",
    "alpine:*": "repository index.docker.io/library/alpine",
    "  ghcr.io/o/a:1  ": "image ghcr.io/o/a:1",
    "ghcr.io/o/a:1 # the old one": "image ghcr.io/o/a:1",
    "ghcr.io/o/a:1\t#x#y": "image ghcr.io/o/a:1",
    "ghcr.io/o/a:1\r": "image ghcr.io/o/a:1",
  };
  for (const [line, want] of Object.entries(lines)) {
    assert.equal(describe(parseTargetLine(line)), want, line);
  }
});

test("parseTargetLine() gives nothing for empty lines and comments", () => {
  for (const line of ["", "   ", "\t\r", "#", "# alpine", "  # alpine:1"]) {
    assert.equal(parseTargetLine(line), undefined, line);
  }
});

test("parseTargetLine() gives a wrong line as a result of its own", () => {
  for (const line of ["Team/App:1", "a b", "app#1", "https://ghcr.io/o/a", "host:99999/app:1"]) {
    const target = parseTargetLine(line);
    assert.equal(target?.kind, "invalid", line);
    assert.equal(target?.given, line);
  }
});
