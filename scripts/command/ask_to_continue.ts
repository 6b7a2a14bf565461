import type { Io } from "./io.ts";

/** The first line of standard input; nothing where there is none. */
async function readLine({ stdin }: Io): Promise<string> {
  for await (const line of stdin.lines()) return line;
  return "";
}

/**
 * Ask cosign's question, on the terminal or of whatever is on standard input: `echo y | …` is an answer.
 *
 * @throws {Error} if the answer is not y
 */
export async function askToContinue(warning: string, io: Io): Promise<void> {
  const question = "Are you sure you would like to continue? [y/N] ";
  await io.stderr.write(`WARNING: ${warning}\n`);
  if (!io.stdin.isTTY) await io.stderr.write(question);
  const answer =
    (io.stdin.isTTY ? await io.stdin.ask(question, { hidden: false }) : await readLine(io))
      .trim().toLowerCase();
  if (answer === "y" || answer === "yes") return;
  if (answer === "" || answer === "n" || answer === "no") {
    throw new Error("user declined the prompt; --force does not ask");
  }
  throw new Error(`invalid input "${answer.slice(0, 40)}" (allowed values y, n)`);
}
