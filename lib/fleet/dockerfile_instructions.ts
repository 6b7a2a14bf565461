/** The instructions of a Dockerfile, as BuildKit's `parser` package finds them. */

import { MalformedError } from "../base/errors.ts";
import { expandWord, splitWords } from "./dockerfile_words.ts";

/** One instruction, its continued lines joined and its heredocs left out. */
export interface Instruction {
  /** In upper case: `FROM`. */
  readonly name: string;
  /** `--from=build`, as written but for quotes. */
  readonly flags: readonly string[];
  /** What comes after the flags. */
  readonly rest: string;
  /** From 1, where it begins. */
  readonly line: number;
}

/** The instructions, and the character that escapes in them. */
export interface Dockerfile {
  readonly escape: string;
  readonly instructions: readonly Instruction[];
}

/** Dockerfiles are written by hand. */
const MAX_DOCKERFILE_LENGTH = 4 * 1024 * 1024;

const NAMES: ReadonlySet<string> = new Set(
  ("ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL " +
    "STOPSIGNAL USER VOLUME WORKDIR").split(" "),
);

const WITH_HEREDOCS: ReadonlySet<string> = new Set(["ADD", "COPY", "RUN"]);

function refuse(line: number, why: string): never {
  throw new MalformedError(`line ${line} of the Dockerfile`, why);
}

/** The escape directive, which stands before anything that is no directive. */
function findEscape(lines: readonly string[]): string {
  for (const line of lines) {
    const match = /^\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S.*)$/u.exec(line);
    if (match === null) break;
    const value = match[2]!.trimEnd();
    if (match[1]!.toLowerCase() !== "escape") continue;
    if (value !== "`" && value !== "\\") refuse(1, "the escape directive wants ` or \\");
    return value;
  }
  return "\\";
}

/** Take the flags off the front of an instruction's arguments. */
function takeFlags(text: string): { readonly flags: string[]; readonly rest: string } {
  const flags: string[] = [];
  let rest = text.trimStart();
  while (rest.startsWith("--")) {
    const match = /^(?:[^\s\\'"]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*')+/u.exec(
      rest,
    );
    if (match === null) break;
    const [word] = match;
    rest = rest.slice(word.length).trimStart();
    if (word === "--") break;
    flags.push(
      word.replace(/\\([\s\S])|["']/gu, (_all, escaped: string | undefined) => escaped ?? ""),
    );
  }
  return { flags, rest };
}

/** Split an instruction into its parts. */
export function parseInstruction(text: string, line: number): Instruction {
  const trimmed = text.trim();
  const name = (/^\S+/u.exec(trimmed)?.[0] ?? "").toUpperCase();
  // An instruction that we do not know could be one that brings in an image.
  if (!NAMES.has(name)) refuse(line, `unknown instruction "${name.slice(0, 40)}"`);
  return { name, ...takeFlags(trimmed.slice(name.length)), line };
}

/** The ends of the heredocs that an instruction begins, in order. */
function heredocsOf(
  { name, rest, line }: Instruction,
  text: string,
): { readonly end: string; readonly chomp: boolean }[] {
  const inner = name === "ONBUILD" ? parseInstruction(rest, line).name : name;
  // · In JSON the words are quoted, and so begin none.
  if (!text.includes("<<") || !WITH_HEREDOCS.has(inner)) return [];
  return splitWords(text, "\\").flatMap((word) => {
    const match = /^\d*<<(-?)([^<]+)$/u.exec(word);
    return match === null ? [] : [{
      // Quotes say that nothing in it is expanded; they are no part of its name.
      end: expandWord(match[2]!.replaceAll("$", "\\$"), "\\", () => undefined),
      chomp: match[1] === "-",
    }];
  });
}

/**
 * Read a Dockerfile's instructions in time that is in proportion to its length. What BuildKit would not
 * build, or we cannot read as it does, is refused.
 *
 * @throws {MalformedError}
 */
export function parseInstructions(text: string): Dockerfile {
  if (text.length > MAX_DOCKERFILE_LENGTH) {
    throw new MalformedError("the Dockerfile", `longer than ${MAX_DOCKERFILE_LENGTH} characters`);
  }
  const lines = text.replace(/^\uFEFF/u, "").split("\n").map((line) => line.replace(/\r$/u, ""));
  const escape = findEscape(lines);
  const instructions: Instruction[] = [];
  let at = 0;
  /** A line without its continuation mark; two escapes stand for one, and continue nothing. */
  const takeLine = (): { readonly part: string; readonly continues: boolean } => {
    const line = lines[at++]!;
    let end = line.length;
    while (line[end - 1] === " " || line[end - 1] === "\t") end--;
    const bare = line.slice(0, end);
    const continues = bare.endsWith(escape) && bare.at(-2) !== escape;
    return { part: continues ? bare.slice(0, -1) : line, continues };
  };
  const isComment = (): boolean => /^\s*#/u.test(lines[at]!);
  while (at < lines.length) {
    if (isComment() || lines[at]!.trim() === "") {
      at++;
      continue;
    }
    const line = at + 1;
    const parts: string[] = [];
    for (let continues = true; continues && at < lines.length;) {
      // Comments and empty lines do not end an instruction that goes on.
      if (parts.length > 0 && (isComment() || lines[at]!.trim() === "")) at++;
      else {
        const taken = takeLine();
        parts.push(taken.part);
        continues = taken.continues;
      }
    }
    const joined = parts.join("");
    if (joined.trim() === "") continue;
    const instruction = parseInstruction(joined, line);
    for (const { end, chomp } of heredocsOf(instruction, joined)) {
      const ends = (body: string): boolean => (chomp ? body.replace(/^\t+/u, "") : body) === end;
      while (at < lines.length && !ends(lines[at]!)) at++;
      if (at++ >= lines.length) refuse(line, `the heredoc "${end.slice(0, 40)}" does not end`);
    }
    instructions.push(instruction);
  }
  return { escape, instructions };
}
