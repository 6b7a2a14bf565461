/** The one task whose start is waited for, image by image: bundled alone it is half as long. */

import process from "node:process";
import { processIo } from "../scripts/command/io.ts";
import { runTask } from "../scripts/command/task.ts";
import { task } from "../scripts/verify.ts";

// As in command.ts.
void runTask(task, process.argv.slice(3), processIo()).then((code) => process.exit(code));
