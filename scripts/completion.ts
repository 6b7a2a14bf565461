#!/usr/bin/env node
import { Command } from "commander";
import { UsageError } from "../lib/base/errors.ts";
import { runIfMain, type Task } from "./command/task.ts";

/** A task's words as a shell completes them. */
interface Words {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly { readonly long: string; readonly description: string }[];
}

/** Read the words from the tasks themselves, so that they cannot fall behind. */
async function collectWords(): Promise<readonly Words[]> {
  // Only here: the table names this task as well.
  const { TASKS } = await import("./command/tasks.ts");
  const words: Words[] = [];
  for (const [name, load] of Object.entries(TASKS)) {
    const { task } = await load();
    const command = new Command(name);
    task.define(command);
    const flags = command.options.filter(({ hidden, long }) => !hidden && long !== undefined)
      .map(({ long = "", description }) => ({ long, description }));
    flags.push({ long: "--help", description: "display help for command" });
    words.push({ name, summary: task.summary, flags });
  }
  return words;
}

/** A word in single quotes, for every shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function bash(words: readonly Words[]): string {
  const firsts = [...new Set(words.map(({ name }) => name.split(" ")[0]!))];
  const cases = words.map(({ name, flags }) =>
    `    ${quote(name)}) flags=${quote(flags.map(({ long }) => long).join(" "))} ;;`
  );
  const seconds = firsts.map((first) => ({
    first,
    rest: words.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) =>
      name.split(" ")[1]
    ),
  })).filter(({ rest }) => rest.length > 0).map(({ first, rest }) =>
    `    ${quote(first)}) seconds=${quote(rest.join(" "))} ;;`
  );
  return `# bash completion for sigfleet: source <(sigfleet completion bash)
_sigfleet() {
  local word=\${COMP_WORDS[COMP_CWORD]} first=\${COMP_WORDS[1]} flags= seconds=
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quote(firsts.join(" "))} -- "$word"))
    return
  fi
  case $first in
${seconds.join("\n")}
  esac
  if [ -n "$seconds" ] && [ "$COMP_CWORD" -eq 2 ]; then
    COMPREPLY=($(compgen -W "$seconds" -- "$word"))
    return
  fi
  [ -z "$seconds" ] || first="$first \${COMP_WORDS[2]}"
  case $first in
${cases.join("\n")}
  esac
  case $word in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _sigfleet sigfleet
`;
}

function zsh(words: readonly Words[]): string {
  return `#compdef sigfleet
# zsh completion for sigfleet: source <(sigfleet completion zsh)
autoload -U +X bashcompinit && bashcompinit
${bash(words)}`;
}

function fish(words: readonly Words[]): string {
  const lines = ["# fish completion for sigfleet: sigfleet completion fish | source"];
  for (const { name, summary, flags } of words) {
    const [first = "", second] = name.split(" ");
    lines.push(
      `complete -c sigfleet -n __fish_use_subcommand -a ${quote(first)} -d ${quote(summary)}`,
    );
    const seen = `__fish_seen_subcommand_from ${first}`;
    if (second !== undefined) {
      lines.push(`complete -c sigfleet -n ${quote(seen)} -a ${quote(second)} -d ${quote(summary)}`);
    }
    for (const { long, description } of flags) {
      lines.push(
        `complete -c sigfleet -n ${quote(seen)} -l ${long.slice(2)} -d ${quote(description)}`,
      );
    }
  }
  return `${[...new Set(lines)].join("\n")}\n`;
}

const SHELLS: Readonly<Record<string, (words: readonly Words[]) => string>> = { bash, zsh, fish };

/** Print what completes the command in a shell. */
export const task: Task = {
  name: "completion",
  summary: "Print a script that completes tasks and flags in a shell",
  examples: [
    ["completion bash", "for ~/.bashrc: source <(sigfleet completion bash)"],
    ["completion fish", "for fish: sigfleet completion fish | source"],
  ],
  define(command) {
    command.argument("<shell>", Object.keys(SHELLS).join(", "));
  },
  async run([shell = ""], _options, io) {
    const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
    if (write === undefined) {
      throw new UsageError(`Cannot complete in "${shell}": want ${Object.keys(SHELLS).join(", ")}`);
    }
    await io.stdout.write(write(await collectWords()));
    return 0;
  },
};

await runIfMain(import.meta.url, task);
