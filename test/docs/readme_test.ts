import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { REASON_CODES } from "../../lib/verify/reason.ts";
import { codeBlocks } from "../support/code_blocks.ts";
import { readProjectFile, ROOT } from "../support/repo.ts";
import { runScript } from "../support/run_script.ts";
import { serveImages } from "../support/served_registry.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const README = readProjectFile("README.md");

const PAGES = [
  "README.md",
  ...["files", "keyless", "reasons", "registries", "reports", "signatures"].map((name) =>
    `docs/${name}.md`
  ),
];

const blocks = (language: string): string[] => codeBlocks(README, language);

test("the README opens with the two commands, and both are npm scripts", () => {
  const [first = ""] = blocks("sh");
  assert.ok(README.indexOf(first) < 40);
  const { scripts } = JSON.parse(readProjectFile("package.json")) as {
    scripts: Record<string, string>;
  };
  const lines = first.trim().split("\n").map((line) => line.replace(/\s+#.*$/u, ""));
  assert.deepEqual(lines, ["npm ci && npm run demo", "npm ci && npm test"]);
  assert.ok(scripts["demo"] !== undefined && scripts["test"] !== undefined);
});

test("the README's commands do what it says, one after another, and so does its script", async (t) => {
  const folder = await temporaryFolder(t);
  const { registry, server } = await serveImages(["team/app:1.0", "team/app:1.1"]);
  t.after(() => server.close());
  await writeFile(join(folder, "running.txt"), `# what runs\n${server.host}/team/app:1.0\n`);
  const here = (text: string): string => text.replaceAll("registry.example", server.host);

  const commands = blocks("sh").slice(1).map((block) => block.trim());
  assert.equal(commands.length, 5);
  for (const command of commands) {
    const [program, ...args] = here(command).split(" ");
    assert.equal(program, "sigfleet");
    const { code, stderr } = await runScript("scripts/sigfleet.ts", args, {
      cwd: folder,
      env: { COSIGN_PASSWORD: "secret" },
    });
    assert.equal(code, 0, `${command}\n${stderr}`);
  }
  assert.ok(registry.tags("team/app").length >= 2);

  const [script = ""] = blocks("ts");
  const file = join(folder, "script.mts");
  const library = pathToFileURL(join(ROOT, "mod.ts")).href;
  await writeFile(file, here(script).replace(`from "sigfleet"`, `from "${library}"`));
  const { code, stdout, stderr } = await runScript(file, [], { cwd: folder });
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    here("registry.example/team/app:1.0 verified\nregistry.example/team/app:1.1 verified\n"),
  );
});

test("the README shows the table that the demo prints", async () => {
  const { code, stdout } = await runScript("scripts/demo.ts", []);
  assert.equal(code, 0);
  const plain = (text: string): string => text.replace(/127\.0\.0\.1:\d+/gu, "127.0.0.1:PORT");
  const [table = ""] = blocks("text");
  // The port's length decides how wide a column is.
  const squeezed = (text: string): string => plain(text).replace(/ +/gu, " ").replace(/─+/gu, "─");
  assert.ok(squeezed(stdout).includes(squeezed(table)), stdout);
});

test("docs/reasons.md explains every reason code and no other", () => {
  const documented = [...readProjectFile("docs/reasons.md").matchAll(/^\| `([a-z-]+)`/gmu)];
  assert.deepEqual(documented.map((match) => match[1]).sort(), [...REASON_CODES].sort());
});

test("every link of the README and of docs leads to a file", async () => {
  const { access } = await import("node:fs/promises");
  for (const page of PAGES) {
    const links = readProjectFile(page).matchAll(/\]\((?!https?:)([^)#]+)\)/gu);
    for (const [, link = ""] of links) {
      await access(new URL(link, pathToFileURL(join(ROOT, page))));
    }
  }
});
