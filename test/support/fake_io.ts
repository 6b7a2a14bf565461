import type { Io } from "../../scripts/command/io.ts";
import { createTestClock } from "./test_clock.ts";

/** An {@link Io} that keeps what is written. */
export interface FakeIo extends Io {
  /** What was written so far. */
  readonly written: { stdout: string; stderr: string };
}

/** The world of a task in a test: no terminal, nothing on standard input, no waiting. */
export function createFakeIo(
  { env = {}, stdin = "" }: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly stdin?: string;
  } = {},
): FakeIo {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written) => ({
    isTTY: false,
    columns: undefined,
    write(text: string): Promise<void> {
      written[name] += text;
      return Promise.resolve();
    },
  });
  return {
    env,
    written,
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    stdin: {
      isTTY: false,
      readAll: () => Promise.resolve(new TextEncoder().encode(stdin)),
      async *lines() {
        yield* stdin.split("\n");
      },
      ask: () => Promise.reject(new Error("nobody is there")),
    },
    clock: createTestClock(),
    signal: new AbortController().signal,
    runtime: "test",
  };
}
