/** What cosign's users type, rewritten to what the option parser reads. */

import type { Command } from "commander";
import { UsageError } from "../../lib/base/errors.ts";
import type { Io } from "./io.ts";
import { REFUSED_FLAGS } from "./refused_flags.ts";

/** Old names of flags, which cosign 3 still takes (cmd/cosign/cli/commands.go). */
const OLD_NAMES: Readonly<Record<string, string>> = {
  "cert": "certificate",
  "cert-chain": "certificate-chain",
  "cert-email": "certificate-email",
  "cert-identity": "certificate-identity",
  "cert-oidc-issuer": "certificate-oidc-issuer",
  "output-cert": "output-certificate",
};

/** Environment variables that begin like a flag's and are none. */
const NO_FLAGS: ReadonlySet<string> = new Set([
  "COSIGN_PASSWORD",
  "COSIGN_REPOSITORY",
  "COSIGN_EXPERIMENTAL",
  "COSIGN_DOCKER_MEDIA_TYPES",
  "COSIGN_MAX_ATTACHMENT_SIZE",
]);

/** A long option of a command, without its dashes and without `no-`. */
interface Flag {
  readonly name: string;
  readonly takesValue: boolean;
  /** The words that are declared, `--name` and `--no-name`. */
  readonly words: ReadonlySet<string>;
  /** `-a`, if there is one. */
  readonly short: string | undefined;
}

function flagsOf(command: Command): ReadonlyMap<string, Flag> {
  const flags = new Map<string, Flag>();
  for (const { long, short, required, optional } of command.options) {
    const name = long?.replace(/^--(?:no-)?/u, "");
    if (name === undefined || long === undefined) continue;
    const words = new Set([...flags.get(name)?.words ?? [], long]);
    flags.set(name, { name, takesValue: required || optional, words, short });
  }
  return flags;
}

/** A boolean flag set to a value as Go's flags take it; what is not declared is the default. */
function booleanWords({ name, words }: Flag, value: boolean): string[] {
  const word = value ? `--${name}` : `--no-${name}`;
  return words.has(word) ? [word] : [];
}

function parseBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|true)$/iu.test(text)) return true;
  return /^(?:0|f|false)$/iu.test(text) ? false : undefined;
}

/** Rewrite one word: old names, one dash before a long name, and booleans with a value. */
function rewriteWord(
  word: string,
  flags: ReadonlyMap<string, Flag>,
  warn: (text: string) => void,
): string[] {
  const match = /^(--?)([a-z][a-z0-9-]+)(=[\s\S]*)?$/u.exec(word);
  if (match === null) return [word];
  const [, dashes = "", typed = "", rest = ""] = match;
  const name = OLD_NAMES[typed] ?? typed;
  const flag = flags.get(name);
  // A flag that is itself a denial, and its value: --no-upload=true.
  const denied = flags.get(name.replace(/^no-/u, ""));
  if (flag === undefined && denied?.words.has(`--${name}`) === true) {
    const value = parseBoolean(rest.slice(1));
    return value === undefined ? [word] : booleanWords(denied, !value);
  }
  if (flag === undefined) {
    if (Object.hasOwn(REFUSED_FLAGS, name)) {
      throw new UsageError(`Cannot use --${name}: ${REFUSED_FLAGS[name]}`);
    }
    return [word];
  }
  if (dashes === "-") warn(`WARNING: the flag -${typed} is written --${name}\n`);
  const value = flag.takesValue || rest === "" ? undefined : parseBoolean(rest.slice(1));
  return value === undefined ? [`--${name}${rest}`] : booleanWords(flag, value);
}

/** The flags that the environment sets, and the command line does not: `COSIGN_<FLAG>`. */
function environmentWords(
  words: readonly string[],
  flags: ReadonlyMap<string, Flag>,
  env: Io["env"],
  ownFlags: readonly string[],
): string[] {
  return [...flags.values()].flatMap((flag) => {
    if (ownFlags.includes(flag.name)) return [];
    const variable = `COSIGN_${flag.name.toUpperCase().replaceAll("-", "_")}`;
    const value = env[variable];
    if (value === undefined || value === "" || NO_FLAGS.has(variable)) return [];
    const given = words.some((word) =>
      [...flag.words].some((name) => word === name || word.startsWith(`${name}=`)) ||
      flag.short !== undefined && !word.startsWith("--") && word.startsWith(flag.short)
    );
    if (given) return [];
    if (flag.takesValue) return [`--${flag.name}=${value}`];
    const on = parseBoolean(value);
    return on === undefined ? [] : booleanWords(flag, on);
  });
}

/**
 * Rewrite a command line as cosign reads it: old names of flags, long flags with one dash (with a
 * warning), `--flag=false`, and flags from the environment but for `ownFlags`. What comes after `--`
 * stays as it is.
 *
 * @throws {UsageError} for a flag of cosign's that is not here
 */
export function rewriteArguments(
  command: Command,
  argv: readonly string[],
  env: Io["env"],
  warn: (text: string) => void,
  ownFlags: readonly string[] = [],
): string[] {
  const flags = flagsOf(command);
  const end = argv.indexOf("--");
  const own = end === -1 ? argv : argv.slice(0, end);
  const words = own.flatMap((word) => rewriteWord(word, flags, warn));
  return [
    ...environmentWords(words, flags, env, ownFlags),
    ...words,
    ...(end === -1 ? [] : argv.slice(end)),
  ];
}
