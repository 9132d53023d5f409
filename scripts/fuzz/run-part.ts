// One process of the fuzzer: every so-and-so-manieth seed until the time is up, somebody says stop, or the engines differ.

import { fuzzCase } from "../../packages/executor/src/testing/fuzz-case.ts";
import { describeCase, EngineFuzzer } from "../../packages/executor/src/testing/fuzz-engines.ts";
import { describeSteps } from "../../packages/executor/src/testing/fuzz-steps.ts";
import { realCodes } from "./codes.ts";
import type { FuzzOptions } from "./options.ts";

export interface FuzzProgress {
  /** All seeds of the part that are below it were tried. */
  next: number;
  transactions: number;
  unsupported: number;
  /** How many transactions ended with what. */
  ends: Record<string, number>;
  /** What was found, in words. */
  found: string | undefined;
}

const REPORT_MS = 1_000;

export async function runPart(
  { seconds, seed, processes, part = 0 }: FuzzOptions,
  signal: AbortSignal,
  onProgress: (progress: FuzzProgress) => void,
): Promise<FuzzProgress> {
  const codes = await realCodes();
  const fuzzer = new EngineFuzzer();
  const progress: FuzzProgress = {
    next: seed + part,
    transactions: 0,
    unsupported: 0,
    ends: {},
    found: undefined,
  };
  const end = performance.now() + 1_000 * seconds;
  let reported = performance.now();
  while (performance.now() < end && !signal.aborted && progress.found === undefined) {
    const one = fuzzCase(progress.next, codes);
    const verdict = await fuzzer.run(one);
    if (verdict.difference !== undefined) {
      const smallest = await fuzzer.shrink(one);
      const { difference } = await fuzzer.run(smallest);
      const { transaction = -1, ethereumjs, wasm } = difference ?? verdict.difference;
      const lines = [
        describeCase(smallest),
        `transaction ${transaction}`,
        `  ethereumjs: ${ethereumjs}`,
        `  wasm:       ${wasm}`,
      ];
      if (transaction >= 0) lines.push(await describeSteps(smallest, transaction));
      progress.found = lines.join("\n");
      break;
    }
    progress.next += processes;
    progress.transactions += one.transactions.length;
    progress.unsupported += verdict.unsupported;
    for (const name of verdict.ends) progress.ends[name] = (progress.ends[name] ?? 0) + 1;
    if (performance.now() - reported < REPORT_MS) continue;
    reported = performance.now();
    onProgress(progress);
    // Whoever says stop is heard between two turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await fuzzer.close();
  return progress;
}
