import { Buffer } from "node:buffer";
import process from "node:process";
import type { ReadStream } from "node:tty";
import { type Clock, systemClock } from "../../lib/base/clock.ts";
import { UsageError } from "../../lib/base/errors.ts";

/** One of the process's output streams. */
export interface OutputStream {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  write(text: string): Promise<void>;
}

/** The world as a task sees it, so that tests can give it another. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: {
    readonly isTTY: boolean;
    /** Everything that is left to read. */
    readAll(): Promise<Uint8Array>;
    /** The lines, as they come. */
    lines(): AsyncIterable<string>;
    /** Ask on the terminal, showing what is typed or not. */
    ask(question: string, options: { readonly hidden: boolean }): Promise<string>;
  };
  readonly clock: Clock;
  /** Aborted when the user wants the process to stop. */
  readonly signal: AbortSignal;
  /** Takes a line about what goes on, where the user wants to know. */
  readonly log?: (line: string) => void;
  /** `node 24.21.0` or `deno 2.9.5`. */
  readonly runtime: string;
}

/** A list from standard input may be long, but a password is not. */
const MAX_STDIN = 64 * 1024 * 1024;

/** The user wants the process to stop. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";

  constructor(by: string) {
    super(`Stopped by ${by}`);
  }
}

function outputStream(stream: NodeJS.WriteStream): OutputStream {
  // A reader that went away (`| head`) is told of by the write that failed.
  stream.on("error", () => {});
  return {
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns;
    },
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => error ? reject(error) : resolve());
      }),
  };
}

async function readAll(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of process.stdin as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > MAX_STDIN) {
      throw new UsageError(`Cannot read standard input: over ${MAX_STDIN} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** The readline module is loaded only where it is needed: start-up is short. */
async function ask(question: string, { hidden }: { readonly hidden: boolean }): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const { Writable } = await import("node:stream");
  // With a terminal readline echoes to its output; hidden answers are echoed to nowhere.
  const output = hidden
    ? new Writable({ write: (_text, _encoding, done) => done() })
    : process.stderr;
  const reader = createInterface({ input: process.stdin as ReadStream, output, terminal: true });
  try {
    if (hidden) process.stderr.write(question);
    return await new Promise((resolve, reject) => {
      reader.once("close", () => reject(new StoppedError("end of input")));
      reader.question(hidden ? "" : question).then(resolve, reject);
    });
  } finally {
    reader.close();
    if (hidden) process.stderr.write("\n");
  }
}

async function* lines(): AsyncGenerator<string> {
  const { createInterface } = await import("node:readline");
  yield* createInterface({ input: process.stdin, crlfDelay: Infinity });
}

/** The process's own input, output, environment and clock. */
export function processIo(): Io {
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => abort.abort(new StoppedError(name)));
  }
  const { deno, node } = process.versions;
  return {
    env: process.env,
    stdout: outputStream(process.stdout),
    stderr: outputStream(process.stderr),
    stdin: {
      get isTTY() {
        return process.stdin.isTTY === true;
      },
      readAll,
      lines,
      ask,
    },
    clock: systemClock,
    signal: abort.signal,
    runtime: deno === undefined ? `node ${node}` : `deno ${deno}`,
  };
}
