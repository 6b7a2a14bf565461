/** The command as it is bundled for npm: a script without `await`, which its launcher compiles. */

import process from "node:process";
import { processIo } from "../scripts/command/io.ts";
import { main } from "../scripts/command/main.ts";

// All is written; to close what is still open would be the slower way to the same end.
void main(process.argv.slice(2), processIo()).then((code) => process.exit(code));
