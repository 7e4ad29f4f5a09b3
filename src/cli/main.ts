#!/usr/bin/env node
import { run } from "./run.ts";

// a reader that has gone away, as `| head` does, is reported to each write: no event is needed beside it
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

process.exitCode = await run(process.argv.slice(2), process);
