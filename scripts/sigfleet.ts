#!/usr/bin/env node
/** The command: lists the tasks, and runs the one that is named. */

import process from "node:process";
import { processIo } from "./command/io.ts";
import { main } from "./command/main.ts";

process.exitCode = await main(process.argv.slice(2), processIo());
