/** The images that a Dockerfile builds on. */

import { MalformedError } from "../base/errors.ts";
import {
  type Instruction,
  parseInstruction,
  parseInstructions,
} from "./dockerfile_instructions.ts";
import { expandWord, splitWords } from "./dockerfile_words.ts";

/** An image that a Dockerfile names, its variables filled in. */
export interface DockerfileImage {
  readonly image: string;
  /** The instruction that names it. */
  readonly instruction: "FROM" | "COPY" | "RUN";
  /** From 1, where the instruction begins. */
  readonly line: number;
}

/** What a build is told beside its Dockerfile. */
export interface DockerfileOptions {
  /** `docker build --build-arg`. */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** What TARGETPLATFORM, BUILDPLATFORM and their parts stand for: `linux/amd64`. */
  readonly platform?: string;
}

/** The images of a Dockerfile. */
export interface DockerfileImages {
  /** Each time that one is named, in the order of the file. */
  readonly images: readonly DockerfileImage[];
  /** What the last stage is built on, at the end of its chain of stages; absent if on nothing. */
  readonly base?: DockerfileImage;
}

/** A variable's value, or why it cannot be read, which matters only where it is used. */
type Value = string | MalformedError;

/** Variables of a stage: ENV wins over ARG. */
interface Scope {
  readonly args: Map<string, Value>;
  readonly env: Map<string, Value>;
}

interface Stage extends Scope {
  readonly name: string | undefined;
  readonly base: DockerfileImage | undefined;
}

/** Something to copy or mount from, which may be a stage further down. */
interface Source extends DockerfileImage {
  readonly isCopy: boolean;
}

/** The image that is none. */
const SCRATCH = "scratch";

function platformArgs(platform: string): [string, string][] {
  const [os = "", architecture = "", variant = ""] = platform.split("/");
  return ["TARGET", "BUILD"].flatMap((side): [string, string][] => [
    [`${side}PLATFORM`, platform],
    [`${side}OS`, os],
    [`${side}ARCH`, architecture],
    [`${side}VARIANT`, variant],
  ]);
}

/** The values of a flag, as `--from=a` or in a line of CSV: `--mount=type=bind,from=a`. */
function sourcesOf({ name, flags }: Instruction): string[] {
  if (name === "COPY") {
    return flags.filter((flag) => flag.startsWith("--from=")).map((flag) => flag.slice(7));
  }
  const mounts = flags.filter((flag) => name === "RUN" && flag.startsWith("--mount="));
  return mounts.flatMap((flag) => {
    const fields = flag.slice("--mount=".length).split(",");
    return fields.flatMap((field) => /^\s*"?from=([^"]*)/iu.exec(field)?.slice(1) ?? []);
  });
}

/** Reads instructions from the first to the last. */
class Reader {
  readonly #escape: string;
  readonly #buildArgs: ReadonlyMap<string, string>;
  readonly #globals: Scope;
  readonly #stages: Stage[] = [];
  readonly #found: (DockerfileImage | Source)[] = [];

  constructor(escape: string, { buildArgs = {}, platform }: DockerfileOptions) {
    this.#escape = escape;
    this.#buildArgs = new Map(Object.entries(buildArgs));
    const known = platform === undefined ? [] : platformArgs(platform);
    const args = new Map(known.map(([name, value]) => [name, this.#buildArgs.get(name) ?? value]));
    this.#globals = { args, env: new Map() };
  }

  read(instruction: Instruction): void {
    switch (instruction.name) {
      case "FROM":
        return this.#from(instruction);
      case "ARG":
        return this.#arg(instruction);
      case "ENV":
        return this.#env(instruction);
      case "COPY":
      case "RUN":
        return this.#sources(instruction);
      case "ONBUILD":
        // · What is built on this image uses them, if not this build itself.
        return this.#sources(parseInstruction(instruction.rest, instruction.line));
      default:
    }
  }

  images(): DockerfileImages {
    const images = this.#found.flatMap((found) => {
      if (!("isCopy" in found)) return [found];
      const { isCopy, ...image } = found;
      return this.#isStage(image, isCopy) || image.image === SCRATCH ? [] : [image];
    });
    const base = this.#stages.at(-1)?.base;
    return { images, ...(base === undefined ? {} : { base }) };
  }

  #isStage({ image, line }: DockerfileImage, isCopy: boolean): boolean {
    // · Numbers name stages in COPY only; a mount takes them for names (BuildKit, convert_runmount.go).
    if (isCopy && /^\d+$/u.test(image)) {
      if (Number(image) < this.#stages.length) return true;
      throw new MalformedError(`line ${line} of the Dockerfile`, `there is no stage ${image}`);
    }
    return this.#stages.some(({ name }) => name === image.toLowerCase());
  }

  #expand(word: string, { args, env }: Scope): string {
    return expandWord(word, this.#escape, (name) => {
      const value = env.get(name) ?? args.get(name);
      if (value instanceof MalformedError) throw value;
      return value;
    });
  }

  #from({ rest, line }: Instruction): void {
    const [word = "", as, name, ...more] = rest.trim().split(/\s+/u);
    const isNamed = as?.toUpperCase() === "AS" && name !== undefined && more.length === 0;
    if (word === "" || as !== undefined && !isNamed) {
      throw new MalformedError(`line ${line} of the Dockerfile`, "want FROM image [AS name]");
    }
    const image = this.#expand(word, this.#globals);
    // Of stages with one name the last that stands before counts.
    const parent = this.#stages.findLast((stage) => stage.name === image.toLowerCase());
    const own: DockerfileImage = { image, instruction: "FROM", line };
    const isImage = parent === undefined && image !== SCRATCH;
    if (isImage) this.#found.push(own);
    this.#stages.push({
      name: name?.toLowerCase(),
      base: isImage ? own : parent?.base,
      args: new Map(parent?.args),
      env: new Map(parent?.env),
    });
  }

  #arg({ rest }: Instruction): void {
    const scope = this.#stages.at(-1);
    const target = scope ?? this.#globals;
    for (const word of splitWords(rest, this.#escape)) {
      const equals = word.indexOf("=");
      const name = equals === -1 ? word : word.slice(0, equals);
      const inherited = scope === undefined ? undefined : this.#globals.args.get(name);
      const value = this.#buildArgs.get(name) ??
        (equals === -1 ? inherited : this.#valueOf(word.slice(equals + 1), target));
      if (value !== undefined) target.args.set(name, value);
    }
  }

  #env({ rest }: Instruction): void {
    const scope = this.#stages.at(-1);
    if (scope === undefined) return;
    // `ENV name the value` is the old form.
    const old = /^([^\s=]+)\s+(\S[\s\S]*)$/u.exec(rest.trim());
    const pairs = old !== null
      ? [[old[1]!, old[2]!] as const]
      : splitWords(rest, this.#escape).map((word) => {
        const equals = word.indexOf("=");
        return [word.slice(0, equals), word.slice(equals + 1)] as const;
      });
    // The values of one instruction are those from before it.
    const values = pairs.map(([name, value]) => [name, this.#valueOf(value, scope)] as const);
    for (const [name, value] of values) scope.env.set(name, value);
  }

  #valueOf(word: string, scope: Scope): Value {
    try {
      return this.#expand(word, scope);
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      return error;
    }
  }

  #sources(instruction: Instruction): void {
    const scope = this.#stages.at(-1) ?? this.#globals;
    for (const word of sourcesOf(instruction)) {
      const image = this.#expand(word, scope);
      const isCopy = instruction.name === "COPY";
      if (image === "") continue;
      this.#found.push({
        image,
        instruction: isCopy ? "COPY" : "RUN",
        line: instruction.line,
        isCopy,
      });
    }
  }
}

/**
 * Find the images that a Dockerfile builds on: of its stages, of `COPY --from=` and of
 * `RUN --mount=…,from=`; stages of its own and `scratch` are none
 * (https://docs.docker.com/reference/dockerfile/).
 *
 * Variables are filled in as a build does, from ARG, ENV, build arguments and the platform, and are
 * empty elsewhere. The environment is not looked at: a build does not either.
 *
 * @throws {MalformedError} if BuildKit would not build it, or we cannot read it as BuildKit does
 */
export function dockerfileImages(text: string, options: DockerfileOptions = {}): DockerfileImages {
  const { escape, instructions } = parseInstructions(text);
  const reader = new Reader(escape, options);
  for (const instruction of instructions) reader.read(instruction);
  return reader.images();
}
