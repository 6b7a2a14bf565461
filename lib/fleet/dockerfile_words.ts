/** The words of Dockerfiles: quotes, escapes and variables, as BuildKit's `shell` package has them. */

import { MalformedError } from "../base/errors.ts";

/** A value of a variable; `undefined` where it is not set. */
export type Lookup = (name: string) => string | undefined;

/** No honest name of an image is longer; variables that hold each other twice grow without end. */
const MAX_EXPANDED = 4096;

/** `${A:-${B:-…}}`. */
const MAX_NESTED = 32;

/**
 * Split at white space outside quotes; quotes and escapes stay as they are written.
 *
 * @throws {MalformedError} if a quote is left open
 */
export function splitWords(text: string, escape: string): string[] {
  const words: string[] = [];
  let start = -1;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (start === -1 && !/\s/u.test(character)) start = at;
    if (character === escape && quote !== "'") at++;
    else if (quote !== "") quote = character === quote ? "" : quote;
    else if (character === "'" || character === '"') quote = character;
    else if (start !== -1 && /\s/u.test(character)) {
      words.push(text.slice(start, at));
      start = -1;
    }
  }
  if (quote !== "") throw new MalformedError("the Dockerfile", `a ${quote} is left open`);
  if (start !== -1) words.push(text.slice(start));
  return words;
}

/** Reads one word from left to right. */
class Expander {
  readonly #text: string;
  readonly #escape: string;
  readonly #lookup: Lookup;
  #at = 0;

  constructor(text: string, escape: string, lookup: Lookup) {
    this.#text = text;
    this.#escape = escape;
    this.#lookup = lookup;
  }

  #refuse(why: string): never {
    throw new MalformedError(`the word "${this.#text.slice(0, 80)}" of the Dockerfile`, why);
  }

  /** Up to `end`, which is taken as well; to the end of the text where `end` is empty. */
  expand(end: string, depth = 0): string {
    if (depth > MAX_NESTED) this.#refuse("too deeply nested");
    let result = "";
    let quoted = false;
    for (;;) {
      if (result.length > MAX_EXPANDED) this.#refuse(`over ${MAX_EXPANDED} characters`);
      const character = this.#text[this.#at];
      if (character === undefined) {
        if (end === "" && !quoted) return result;
        this.#refuse(`${quoted ? '"' : end} is missing`);
      }
      this.#at++;
      if (character === end && !quoted) return result;
      if (character === '"') quoted = !quoted;
      else if (character === "'" && !quoted) result += this.#literal();
      else if (character === "$") result += this.#variable(depth);
      else if (character === this.#escape) result += this.#escaped(quoted);
      else result += character;
    }
  }

  /** What single quotes hold. */
  #literal(): string {
    const end = this.#text.indexOf("'", this.#at);
    if (end === -1) this.#refuse("' is missing");
    const literal = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return literal;
  }

  #escaped(quoted: boolean): string {
    const next = this.#text[this.#at] ?? "";
    if (next !== "") this.#at++;
    // Between double quotes an escape stays before what needs none.
    return quoted && next !== '"' && next !== "$" && next !== this.#escape
      ? this.#escape + next
      : next;
  }

  #name(): string {
    const pattern = /\d+|[A-Za-z_]\w*/uy;
    pattern.lastIndex = this.#at;
    const name = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += name.length;
    return name;
  }

  #variable(depth: number): string {
    if (this.#text[this.#at] !== "{") {
      const name = this.#name();
      return name === "" ? "$" : this.#lookup(name) ?? "";
    }
    this.#at++;
    const name = this.#name();
    if (name === "") this.#refuse("a variable has no name");
    const value = this.#lookup(name);
    const rest = /(?:\}|:?[-+?])/uy;
    rest.lastIndex = this.#at;
    const operator = rest.exec(this.#text)?.[0];
    // · BuildKit also cuts and replaces patterns (#, %, /): better refused than read in another way.
    if (operator === undefined) this.#refuse(`want }, -, + or ? after \${${name}`);
    this.#at += operator.length;
    if (operator === "}") return value ?? "";
    const word = this.expand("}", depth + 1);
    const isSet = value !== undefined && !(operator.startsWith(":") && value === "");
    switch (operator.at(-1)) {
      case "-":
        return isSet ? value : word;
      case "+":
        return isSet ? word : "";
      default:
        return isSet ? value : this.#refuse(`${name} is not set: ${word}`);
    }
  }
}

/**
 * Take quotes and escapes away, and put the values of variables in: `$NAME`, `${NAME}` and `${NAME…word}`
 * with `:-`, `-`, `:+`, `+`, `:?` and `?`.
 *
 * @throws {MalformedError} if it cannot be read, or grows beyond what a name can be
 */
export function expandWord(word: string, escape: string, lookup: Lookup): string {
  return new Expander(word, escape, lookup).expand("");
}
