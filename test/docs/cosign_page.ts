/** docs/cosign.md, made from cosign's commands as they were recorded and ours as they are declared. */

import { Command, type Option } from "commander";
import { TASKS } from "../../scripts/command/tasks.ts";
import { REFUSED_FLAGS } from "../../scripts/command/refused_flags.ts";
import { readProjectFile } from "../support/repo.ts";
import { COMMAND_NOTES, FLAG_NOTES, type Note } from "./cosign_notes.ts";

/** A flag of cosign's. */
interface CosignFlag {
  readonly name: string;
  readonly short?: string;
  readonly deprecated?: boolean;
  readonly hidden?: boolean;
}

/** A command of cosign's. The one without a name has the flags that all have. */
export interface CosignCommand {
  readonly name: string;
  readonly deprecated?: boolean;
  readonly hidden?: boolean;
  readonly flags: readonly CosignFlag[];
}

/** The commands of cosign 3.1.3, hidden and deprecated ones included. */
export const COSIGN_COMMANDS = JSON.parse(
  readProjectFile("test/vectors/cosign_commands.json"),
) as readonly CosignCommand[];

/** The flags of a task of ours by name, `undefined` where there is no such task. */
export async function ownFlags(
  name: string,
  which: (option: Option) => boolean = () => true,
): Promise<ReadonlySet<string> | undefined> {
  const load = TASKS[name];
  if (load === undefined) return undefined;
  const command = new Command(name);
  (await load()).task.define(command);
  // Some of cosign's own begin with "no-".
  return new Set(
    command.options.filter(which).flatMap(({ long = "" }) => [
      long.slice(2),
      long.replace(/^--(?:no-)?/u, ""),
    ]),
  );
}

/** What is to be said of a flag of a command that is here. */
function flagNote(command: string, flag: string, own: ReadonlySet<string>): Note {
  if (!own.has(flag)) return { is: "not here", why: REFUSED_FLAGS[flag] ?? "" };
  return FLAG_NOTES[`${command} --${flag}`] ?? FLAG_NOTES[`--${flag}`] ?? { is: "same" };
}

/** The flags that every command with a registry has, which are told of once. */
function sharedFlags(): ReadonlySet<string> {
  const triangulate = COSIGN_COMMANDS.find(({ name }) => name === "triangulate")!;
  return new Set(
    triangulate.flags.map(({ name }) => name).filter((name) =>
      COSIGN_COMMANDS.every(({ flags }) => {
        const names = flags.map((flag) => flag.name);
        return !names.includes("k8s-keychain") || names.includes(name);
      })
    ),
  );
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
}

function flagRow(
  command: string,
  { name, short, deprecated }: CosignFlag,
  taken: ReadonlySet<string>,
): readonly string[] {
  const { is, why = "" } = flagNote(command, name, taken);
  const words = short === undefined ? `\`--${name}\`` : `\`-${short}\`, \`--${name}\``;
  return [deprecated === true ? `${words} (deprecated)` : words, is, why];
}

const HEAD = ["flag", "here", ""] as const;

/** The page, before it is formatted. */
export async function cosignPage(): Promise<string> {
  const shared = sharedFlags();
  const visible = COSIGN_COMMANDS.filter(({ name, hidden }) => name !== "" && hidden !== true);
  const sections: string[] = [];
  for (const { name, flags } of visible) {
    const taken = await ownFlags(name);
    const own = flags.filter((flag) => !shared.has(flag.name));
    if (taken === undefined || own.length === 0) continue;
    const rows = own.map((flag) => flagRow(name, flag, taken));
    sections.push(`### ${name}\n\n${table(HEAD, rows)}`);
  }
  const root = COSIGN_COMMANDS.find(({ name }) => name === "")!;
  const everywhere = [...root.flags, ...[...shared].map((name) => ({ name }))];
  const taken = new Set(everywhere.map(({ name }) => name));
  return [
    readProjectFile("test/docs/cosign_head.md").trim(),
    "## Commands",
    table(
      ["cosign", "here", ""],
      visible.map(({ name, deprecated }) => {
        const { is, why = "" } = COMMAND_NOTES[name] ?? { is: "same" };
        return [deprecated === true ? `\`${name}\` (deprecated)` : `\`${name}\``, is, why];
      }),
    ),
    "## Flags of every command, and of every command that talks to registries",
    table(HEAD, everywhere.map((flag) => flagRow("", flag, taken))),
    "## Flags of each command",
    ...sections,
    "",
  ].join("\n\n");
}
