#!/usr/bin/env node
// The `braid` command: parses the command line and ends with the exit code of what it was told to do.
import { readFileSync } from "node:fs";
import { constants, enableCompileCache } from "node:module";
import { Command, CommanderError } from "commander";
import { addAccessListCommand } from "./access-list-command.ts";
import { addCaptureCommand } from "./capture-command.ts";
import { addConformanceCommand } from "./conformance-command.ts";
import { ExitCode } from "./exit-code.ts";
import { addExplainCommand } from "./explain-command.ts";
import { addNodeCommand } from "./node-command.ts";
import { addReplayCommand } from "./replay-command.ts";
import { addReportCommand } from "./report-command.ts";
import { addSimulateCommand } from "./simulate-command.ts";
import { addWorkerCommand } from "./worker-command.ts";
import { addWorkloadCommand } from "./workload-command.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

// `braid replay --json | head` is no failure: who reads has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(ExitCode.Ok);
  throw error;
});

keepCompiledCode();
const program = new Command("braid")
  .description(
    "Braid: a parallel EVM execution client. It executes a block's transactions on all cores and gives\nexactly what executing them one by one gives.",
  )
  .version(`braid ${version}`, "-V, --version", "print the version")
  .helpOption("-h, --help", "print this help")
  .helpCommand("help [command]", "print the help of a command")
  .configureHelp({ helpWidth: 110 })
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({
    outputError: (text, write) => write(`${text.trimEnd()}\nRun with --help to see what can be asked for.\n`),
  });

addReplayCommand(program, version, (code) => {
  process.exitCode = code;
});
addWorkerCommand(program, version, (code) => {
  process.exitCode = code;
});
addCaptureCommand(program, version, (code) => {
  process.exitCode = code;
});
addNodeCommand(program, (code) => {
  process.exitCode = code;
});
addSimulateCommand(program, (code) => {
  process.exitCode = code;
});
addExplainCommand(program, (code) => {
  process.exitCode = code;
});
addReportCommand(program, (code) => {
  process.exitCode = code;
});
addAccessListCommand(program, (code) => {
  process.exitCode = code;
});
addWorkloadCommand(program, (code) => {
  process.exitCode = code;
});
addConformanceCommand(program, (code) => {
  process.exitCode = code;
});

try {
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Asking for help or the version ends in an "error" with exit code 0.
    process.exitCode = error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
  } else {
    process.stderr.write(`braid: ${describe(error)}\n`);
    process.exitCode = ExitCode.Failure;
  }
}

/** An error with a code is meant to be read; of any other one the stack is needed, because it is a defect. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && String(error.code).startsWith("BRAID_")) return `${error.message} [${error.code}]`;
  return error.stack ?? error.message;
}

/**
 * What Node compiles from here on, which is nearly all, is there for the next start: in the system's folder for temporary files, or where
 * NODE_COMPILE_CACHE says; NODE_DISABLE_COMPILE_CACHE=1 forbids it. PERF: it spares a small command a quarter of its time.
 */
function keepCompiledCode(): void {
  const { status, directory } = enableCompileCache();
  // Threads and child processes look there. A cache that was enabled before was by this variable, which they have.
  if (status === constants.compileCacheStatus.ENABLED) process.env.NODE_COMPILE_CACHE = directory;
}
