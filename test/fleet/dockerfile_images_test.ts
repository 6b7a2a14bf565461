import assert from "node:assert/strict";
import { test } from "node:test";
import { MalformedError } from "../../lib/base/errors.ts";
import { dockerfileImages, type DockerfileOptions } from "../../lib/fleet/dockerfile_images.ts";

function found(lines: readonly string[], options?: DockerfileOptions): string[] {
  return dockerfileImages(lines.join("\n"), options).images.map(({ image }) => image);
}

test("dockerfileImages() tells images from stages, numbers of stages and scratch", () => {
  const { images, base } = dockerfileImages(`# syntax=docker/dockerfile:1
FROM --platform=$BUILDPLATFORM golang:1 AS Build
from scratch as empty
FROM build AS Next
COPY --from=0 /a /a
COPY --chown=1:1 --from=BUILD /a /a
COPY --from=nginx:1 /a /a
RUN --mount=type=cache,target=/c --mount=type=bind,from=tools:2,target=/t make
RUN --mount=from=empty,target=/t --mount=type=bind,"from=quoted:1" make
ONBUILD COPY --from=later:1 /a /a
COPY --from=last /a /a
FROM next AS last
`);
  assert.deepEqual(images, [
    { image: "golang:1", instruction: "FROM", line: 2 },
    { image: "nginx:1", instruction: "COPY", line: 7 },
    { image: "tools:2", instruction: "RUN", line: 8 },
    { image: "quoted:1", instruction: "RUN", line: 9 },
    { image: "later:1", instruction: "COPY", line: 10 },
  ]);
  assert.deepEqual(base, { image: "golang:1", instruction: "FROM", line: 2 });
  assert.equal(dockerfileImages("FROM a:1\nFROM scratch").base, undefined);
  assert.deepEqual(found(["FROM later", "FROM a AS later"]), ["later", "a"]);
  // A number is a stage to COPY and a name to a mount.
  assert.deepEqual(found(["FROM a", "RUN --mount=from=0 x"]), ["a", "0"]);
});

test("dockerfileImages() fills variables in as a build does", () => {
  const text = [
    "ARG V=1",
    "ARG W=${V}-w",
    "FROM a:${V} AS one",
    "ENV V=inner",
    "ARG V",
    "COPY --from=b:$V x y",
    "FROM c:${W:-x}${X:-${V:+plus}}${V:+alt}",
    "ARG V",
    "COPY --from=d:${V} x y",
    "FROM one",
    "COPY --from=e:${V} x y",
  ];
  assert.deepEqual(found(text), ["a:1", "b:inner", "c:1-wplusalt", "d:1", "e:inner"]);
  assert.deepEqual(found(text, { buildArgs: { V: "2" } }), [
    "a:2",
    "b:inner",
    "c:2-wplusalt",
    "d:2",
    "e:inner",
  ]);
  const platform = "linux/arm64";
  assert.deepEqual(found(["FROM a-$TARGETARCH:1"], { platform }), ["a-arm64:1"]);
  const buildArgs = { TARGETARCH: "amd64", UNDECLARED: "x" };
  assert.deepEqual(found(["FROM a-$TARGETARCH:1$UNDECLARED"], { platform, buildArgs }), [
    "a-amd64:1",
  ]);
  // Outside a stage ENV does not count, and what is not declared is empty.
  assert.deepEqual(found(["FROM a", "ENV S=x", "FROM b$S"]), ["a", "b"]);
  assert.deepEqual(found(["FROM a", "ENV T the value", "COPY --from=c${T:+d} x y"]), ["a", "cd"]);
  assert.deepEqual(found([`FROM "a:1" AS q`]), ["a:1"]);
});

test("dockerfileImages() joins continued lines, over comments and empty ones", () => {
  assert.deepEqual(found(["FROM \\", "# no", "", "  a:1 \\\t", "  AS x", "FROM b"]), ["a:1", "b"]);
  assert.deepEqual(found(["# escape=`", "FROM a `", "AS x", "COPY a C:\\", "FROM b"]), ["a", "b"]);
  // Only the first lines are directives.
  assert.deepEqual(found(["# note", "# escape=`", "FROM a", "RUN x \\", "FROM b"]), ["a"]);
  assert.deepEqual(found(["\uFEFFFROM a\r", "RUN x \\\r", "FROM b\r"]), ["a"]);
  assert.deepEqual(found(["FROM a", "RUN x \\\\", "FROM b"]), ["a", "b"]);
});

test("dockerfileImages() reads nothing in heredocs, and everything after them", () => {
  const heredoc = (begin: string, ...body: string[]): string[] =>
    found(["FROM a", begin, ...body, "FROM b"]);
  assert.deepEqual(heredoc("RUN <<EOF", "FROM evil", "EOF"), ["a", "b"]);
  assert.deepEqual(heredoc("RUN <<-'E F' cat", "FROM evil", "\t\tE F"), ["a", "b"]);
  assert.deepEqual(heredoc('COPY <<one <<"two" /x/', "FROM x", "one", "FROM y", "two"), ["a", "b"]);
  // These begin none, so that no image hides after them.
  for (
    const begin of [
      'RUN echo "<<EOF"',
      'RUN ["x", "<<EOF"]',
      "RUN x<<EOF",
      "RUN $((1 << 2))",
      "RUN x <<<y",
      "CMD <<EOF",
    ]
  ) {
    assert.deepEqual(heredoc(begin, "FROM c"), ["a", "c", "b"], begin);
  }
  assert.throws(() => heredoc("RUN <<EOF", "x"), MalformedError);
});

test("dockerfileImages() refuses what BuildKit would not build, or it cannot read", () => {
  for (
    const text of [
      "FROM",
      "FROM a b",
      "FROM a AS",
      "FORM a",
      "FROM ${A",
      "FROM ${A?set it}",
      "FROM ${A%x}",
      "FROM 'a",
      "FROM a\nCOPY --from=3 x y",
      "# escape=x\nFROM a",
      "FROM a\nRUN <<EOF 'x\nEOF",
    ]
  ) assert.throws(() => dockerfileImages(text), MalformedError, text);
  // What no image is named by may be beyond us.
  assert.deepEqual(found(["FROM a", "ENV X=${Y%.*}", "ENV it's old"]), ["a"]);
});

// A reader that goes back and forth would need minutes, and run into the timeout.
test("dockerfileImages() comes to an end of long files, and variables do not explode", {
  timeout: 120_000,
}, () => {
  const doubling = Array.from({ length: 64 }, (_, n) => `ARG A${n + 1}=$A${n}$A${n}`);
  assert.throws(() => found(["ARG A0=xx", ...doubling, "FROM a$A64"]), /characters/u);
  const nested = `FROM ${"${A:-".repeat(5000)}${"}".repeat(5000)}`;
  assert.throws(() => found([nested]), /nested/u);
  const many = 100_000;
  found(["FROM a", ...Array.from({ length: many }, () => "RUN x ${y} \\"), "z"]);
  found([
    "FROM a",
    `RUN x${" ".repeat(many)}y`,
    `RUN ${"'".repeat(many)}`,
    `RUN --x=${'"'.repeat(many)}`,
  ]);
  found(["FROM a", ...Array.from({ length: many / 10 }, () => "RUN <<E\nx\nE")]);
  found(["FROM a", `ENV ${"a=b ".repeat(many)}`, `LABEL ${"\\".repeat(many)}`]);
});
