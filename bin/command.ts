/** The command as it is bundled for npm: a script without `await`, which its launcher compiles. */

import process from "node:process";
import { processIo } from "../scripts/command/io.ts";
import { main } from "../scripts/command/main.ts";

void main(process.argv.slice(2), processIo()).then((code) => {
  process.exitCode = code;
});
