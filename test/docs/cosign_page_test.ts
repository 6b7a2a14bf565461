import assert from "node:assert/strict";
import { test } from "node:test";
import { REFUSED_FLAGS } from "../../scripts/command/refused_flags.ts";
import { readProjectFile } from "../support/repo.ts";
import { COMMAND_NOTES, FLAG_NOTES } from "./cosign_notes.ts";
import { COSIGN_COMMANDS, cosignPage, ownFlags } from "./cosign_page.ts";

/** The words of a page, without what a formatter of tables decides. */
function squeeze(text: string): string {
  return text.replace(/[ \n]+/gu, " ").replace(/\| -+ (?=\|)/gu, "| - ").trim();
}

test("docs/cosign.md is what the command definitions make of it (npm run docs writes it anew)", async () => {
  assert.equal(squeeze(readProjectFile("docs/cosign.md")), squeeze(await cosignPage()));
});

test("each command of cosign's is here, or docs/cosign.md says why it is not", async () => {
  for (const { name, hidden } of COSIGN_COMMANDS) {
    if (name === "" || hidden === true) continue;
    if (await ownFlags(name) === undefined) assert.equal(COMMAND_NOTES[name]?.is, "not here", name);
  }
});

test("each flag of cosign's is declared here, or refused by name", async () => {
  for (const { name, flags } of COSIGN_COMMANDS) {
    const own = await ownFlags(name);
    if (own === undefined) continue;
    for (const flag of flags) {
      const isKnown = own.has(flag.name) || Object.hasOwn(REFUSED_FLAGS, flag.name);
      assert.ok(isKnown, `${name} --${flag.name}`);
    }
  }
});

test("of each flag that help leaves out docs/cosign.md says what it does", async () => {
  for (const { name, flags } of COSIGN_COMMANDS) {
    const hidden = await ownFlags(name, (option) => option.hidden);
    if (hidden === undefined) continue;
    const shown = await ownFlags(name, (option) => !option.hidden);
    for (const flag of flags) {
      if (!hidden.has(flag.name) || shown!.has(flag.name)) continue;
      const isNoted = [`${name} --${flag.name}`, `--${flag.name}`].some((key) =>
        Object.hasOwn(FLAG_NOTES, key)
      );
      assert.ok(isNoted, `${name} --${flag.name}`);
    }
  }
});

test("each note of docs/cosign.md is about a command or flag that cosign has", () => {
  const commands = new Set(COSIGN_COMMANDS.map(({ name }) => name));
  for (const name of Object.keys(COMMAND_NOTES)) assert.ok(commands.has(name), name);
  const flags = new Set(
    COSIGN_COMMANDS.flatMap(({ name, flags }) =>
      flags.flatMap((flag) => [`${name} --${flag.name}`, `--${flag.name}`])
    ),
  );
  for (const name of Object.keys(FLAG_NOTES)) assert.ok(flags.has(name), name);
});
