import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { rewriteArguments } from "../../scripts/command/rewrite.ts";

const COMMAND = new Command()
  .option("--key <file>")
  .option("-a, --annotations <pair>")
  .option("--insecure-ignore-tlog")
  .option("--no-check-claims")
  .option("--certificate <file>");

function rewrite(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly words: string[]; readonly warnings: string[] } {
  const warnings: string[] = [];
  const words = rewriteArguments(COMMAND, argv, env, (text) => warnings.push(text));
  return { words, warnings };
}

test("rewriteArguments() takes long flags with one dash, and warns", () => {
  const { words, warnings } = rewrite(["-key", "cosign.pub", "-key=x", "-a", "b=c", "-ab=c"]);
  assert.deepEqual(words, ["--key", "cosign.pub", "--key=x", "-a", "b=c", "-ab=c"]);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0]!, /^WARNING: .*--key/u);
});

test("rewriteArguments() takes the old names of flags", () => {
  assert.deepEqual(rewrite(["--cert", "f", "--cert=g"]).words, [
    "--certificate",
    "f",
    "--certificate=g",
  ]);
});

test("rewriteArguments() reads --flag=false and --flag=true as Go's flags", () => {
  assert.deepEqual(rewrite(["--insecure-ignore-tlog=true"]).words, ["--insecure-ignore-tlog"]);
  assert.deepEqual(rewrite(["--insecure-ignore-tlog=false"]).words, []);
  assert.deepEqual(rewrite(["--check-claims=false"]).words, ["--no-check-claims"]);
  assert.deepEqual(rewrite(["--check-claims=true"]).words, []);
  assert.deepEqual(rewrite(["--key=true"]).words, ["--key=true"]);
});

test("rewriteArguments() takes flags from the environment where the command line has none", () => {
  const env = {
    COSIGN_KEY: "env.pub",
    COSIGN_INSECURE_IGNORE_TLOG: "true",
    COSIGN_CHECK_CLAIMS: "0",
    COSIGN_PASSWORD: "secret",
  };
  assert.deepEqual(rewrite(["app"], env).words, [
    "--key=env.pub",
    "--insecure-ignore-tlog",
    "--no-check-claims",
    "app",
  ]);
  assert.deepEqual(rewrite(["--key", "own.pub"], { COSIGN_KEY: "env.pub" }).words, [
    "--key",
    "own.pub",
  ]);
  assert.deepEqual(rewrite(["-a", "b=c"], { COSIGN_ANNOTATIONS: "d=e" }).words, ["-a", "b=c"]);
});

test("rewriteArguments() leaves what it does not know, and what follows --", () => {
  assert.deepEqual(rewrite(["--nope=false", "-x", "--", "--cert"]).words, [
    "--nope=false",
    "-x",
    "--",
    "--cert",
  ]);
});

test("rewriteArguments() takes no flag from the environment that is not cosign's for the command", () => {
  const env = { COSIGN_KEY: "cosign.pub", COSIGN_INSECURE_IGNORE_TLOG: "true" };
  const words = rewriteArguments(COMMAND, ["--key=a"], env, () => {}, ["key"]);
  assert.deepEqual(words, ["--insecure-ignore-tlog", "--key=a"]);
  assert.deepEqual(
    rewriteArguments(COMMAND, [], env, () => {}, ["key", "insecure-ignore-tlog"]),
    [],
  );
});

test("rewriteArguments() says what to do instead of a flag of cosign's that is not here", () => {
  assert.throws(() => rewrite(["--sk"]), { code: "USAGE", message: /hardware keys/u });
  assert.deepEqual(rewrite(["--", "--sk"]).words, ["--", "--sk"]);
});
