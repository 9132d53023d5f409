// `pnpm fuzz [--minutes 1] [--seed 1] [--processes 1]`: random blocks on both engines, one after the other, until the time is up. A block on which they
// differ is shrunk and shown with the opcode at which they part, and ends the run with exit code 1. What the last line says can be gone on with by the
// seed that it names. `--coverage`: which opcodes the blocks reach instead.

import { fork } from "node:child_process";
import { showCoverage } from "./fuzz/coverage.ts";
import { fuzzOptions } from "./fuzz/options.ts";
import { type FuzzProgress, runPart } from "./fuzz/run-part.ts";

const PROGRESS_MS = 10_000;

const args = process.argv.slice(2);
const options = fuzzOptions(args);
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

if (options.coverage) await showCoverage(options);
else if (options.part !== undefined) {
  // A part: it tells whoever started it.
  process.once("disconnect", () => stop.abort());
  const last = await runPart(options, stop.signal, (progress) => process.send?.(progress));
  process.send?.(last, () => process.disconnect());
} else await runAll();

async function runAll(): Promise<void> {
  const started = performance.now();
  const parts = new Map<number, FuzzProgress>();
  const timer = setInterval(() => console.error(summary(parts, started)), PROGRESS_MS);
  await Promise.all(
    Array.from({ length: options.processes }, (_, part) =>
      options.processes === 1
        ? runPart(options, stop.signal, (progress) => parts.set(0, progress)).then((last) => {
            parts.set(0, last);
          })
        : runInProcess(part, (progress) => {
            parts.set(part, progress);
            if (progress.found !== undefined) stop.abort();
          }),
    ),
  );
  clearInterval(timer);
  for (const { found } of parts.values()) {
    if (found === undefined) continue;
    console.error(found);
    process.exitCode = 1;
  }
  const ends = new Map<string, number>();
  for (const part of parts.values())
    for (const [name, count] of Object.entries(part.ends)) ends.set(name, (ends.get(name) ?? 0) + count);
  for (const [name, count] of [...ends].sort(([, a], [, b]) => b - a)) console.log(`${count} ${name}`);
  console.log(`${summary(parts, started)}${process.exitCode === 1 ? "; the engines differ" : ""}`);
}

/** Runs one part in a process of its own. One that dies is as bad as one that finds something. */
function runInProcess(part: number, onProgress: (progress: FuzzProgress) => void): Promise<void> {
  const child = fork(new URL(import.meta.url).pathname, [...args, "--part", String(part)]);
  const end = (): void => {
    if (child.connected) child.disconnect();
  };
  stop.signal.addEventListener("abort", end, { once: true });
  let last: FuzzProgress | undefined;
  child.on("message", (progress: FuzzProgress) => {
    last = progress;
    onProgress(progress);
  });
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      if (code !== 0 && !stop.signal.aborted) {
        console.error(
          `the process with part ${part} ended with ${signal ?? code} at or after seed ${last?.next}`,
        );
        process.exitCode = 1;
        stop.abort();
      }
      resolve();
    });
  });
}

function summary(parts: ReadonlyMap<number, FuzzProgress>, started: number): string {
  const all = [...parts.values()];
  const sum = (of: (progress: FuzzProgress) => number): number =>
    all.reduce((total, one) => total + of(one), 0);
  const transactions = sum((one) => one.transactions);
  const seconds = (performance.now() - started) / 1_000;
  const next = all.length < options.processes ? options.seed : Math.min(...all.map((one) => one.next));
  return `${transactions} transactions in ${seconds.toFixed(0)} s, ${(transactions / seconds).toFixed(0)}/s, ${sum((one) => one.unsupported)} of them left to the ethereumjs engine; go on with --seed ${next}`;
}
