import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRepository, parseRepository } from "../../lib/reference/reference.ts";
import { parseSignatureRepositories } from "../../lib/signature/signature_repositories.ts";
import { signatureRepository } from "../../lib/signature/store.ts";

/** The repository for an image's signatures by some rules, as text. */
function keptIn(image: string, ...rules: readonly string[]): string | undefined {
  const found = parseSignatureRepositories(rules)(parseRepository(image));
  return found && formatRepository(found);
}

test("parseSignatureRepositories() keeps the signatures of all below a name in one repository", () => {
  const rule = "r.example/team=sigs.example/all/team";
  for (const image of ["r.example/team", "r.example/team/app", "r.example/team/app/debug"]) {
    assert.equal(keptIn(image, rule), "sigs.example/all/team");
  }
  for (const image of ["r.example/teams", "r.example/tea", "q.example/team", "team/app"]) {
    assert.equal(keptIn(image, rule), undefined, image);
  }
});

test("parseSignatureRepositories() keeps what follows in the name where the rule ends in /*", () => {
  assert.equal(keptIn("r.example/team/app", "r.example/team=s.example/x/*"), "s.example/x/app");
  assert.equal(keptIn("r.example/team/a/b", "r.example/team=s.example/x/*"), "s.example/x/a/b");
  assert.equal(keptIn("r.example/team", "r.example/team=s.example/x/*"), "s.example/x");
  assert.equal(keptIn("r.example/team/app", "r.example=s.example/*"), "s.example/team/app");
  assert.equal(keptIn("r.example/team/app", "r.example=s.example/x/*"), "s.example/x/team/app");
});

test("parseSignatureRepositories() takes the rule with the longest beginning, in any order", () => {
  const rules = [
    "r.example=s.example/all",
    "r.example/team/app=s.example/app",
    "r.example/team=s.example/team",
  ];
  for (const order of [rules, rules.toReversed()]) {
    assert.equal(keptIn("r.example/team/app/x", ...order), "s.example/app");
    assert.equal(keptIn("r.example/team/apple", ...order), "s.example/team");
    assert.equal(keptIn("r.example/other", ...order), "s.example/all");
    assert.equal(keptIn("q.example/other", ...order), undefined);
  }
});

test("parseSignatureRepositories() knows Docker Hub by its names, and ports", () => {
  assert.equal(keptIn("mzali/test", "docker.io/mzali=s.example/x/*"), "s.example/x/test");
  assert.equal(keptIn("nginx", "index.docker.io/library=s.example/x/*"), "s.example/x/nginx");
  assert.equal(keptIn("nginx", "docker.io=s.example/x/*"), "s.example/x/library/nginx");
  assert.equal(
    keptIn("localhost:5000/a", "localhost:5000=docker.io/me/sigs"),
    "index.docker.io/me/sigs",
  );
  assert.equal(keptIn("localhost/a", "localhost:5000=localhost:5000/s"), undefined);
});

test("parseSignatureRepositories() refuses what is no rule, or two for one name", () => {
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [[""], /want FROM=TO/u],
    [["r.example/a"], /want FROM=TO/u],
    [["r.example/a=s.example/b=c"], /want FROM=TO/u],
    [["=s.example/b"], /names no registry/u],
    [["team/app=s.example/b"], /names no registry/u],
    [["r.example/a=sigs"], /names no registry/u],
    [["r.example/a/*=s.example/b"], /also without/u],
    [["r.example/a:1=s.example/b"], /r\.example\/a:1/u],
    [["r.example/A=s.example/b"], /lower case/u],
    [["r.example//a=s.example/b"], /r\.example/u],
    [["r.example=s.example"], /is a registry/u],
    [["r.example/a=s.example/*"], /is a registry/u],
    [["r.example/a=s.example/*/b"], /s\.example/u],
    [["r.example/a=s.example/b", "r.example/a=s.example/c"], /two signature repositories/u],
    [["docker.io/a=s.example/b", "index.docker.io/a=s.example/c"], /two signature repositories/u],
  ];
  for (const [rules, why] of refused) {
    assert.throws(() => parseSignatureRepositories(rules), (error: Error & { code?: string }) => {
      assert.equal(error.code, "USAGE", rules.join(" "));
      assert.match(error.message, why);
      return true;
    });
  }
});

test("signatureRepository() takes the rule, then the one repository for all, then the image's own", () => {
  const repositoryFor = parseSignatureRepositories(["r.example/a=s.example/a"]);
  const repository = parseRepository("s.example/all");
  const where = (image: string, store: Parameters<typeof signatureRepository>[1]) =>
    formatRepository(signatureRepository(parseRepository(image), store));
  assert.equal(where("r.example/a", { repositoryFor, repository }), "s.example/a");
  assert.equal(where("r.example/b", { repositoryFor, repository }), "s.example/all");
  assert.equal(where("r.example/b", { repositoryFor }), "r.example/b");
  assert.equal(where("r.example/b", {}), "r.example/b");
});
