// Runs a block sequentially and in parallel with several numbers of workers, and compares everything.
import { type ExecuteBlockInput, Executor } from "@braid/executor";
import {
  type BlockFile,
  compareResults,
  type LoadedBlock,
  openParentState,
  verifyBlock,
} from "@braid/replay";
import { afterAll, expect } from "vitest";

export const WORKER_COUNTS = [1, 2, 3, 4, 8];

/** Executors by their number of workers; they end with the test file. */
export function executorsOf(counts: number[]): Map<number, Executor> {
  const executors = new Map(counts.map((workers) => [workers, new Executor({ workers })]));
  afterAll(() => Promise.all([...executors.values()].map((executor) => executor.close())));
  return executors;
}

/** Fails unless every run of the file's only block fits its header, and equals the sequential run. */
export async function expectAgreement(
  executors: Map<number, Executor>,
  file: BlockFile,
  repeat: number,
): Promise<void> {
  const [block] = file.blocks;
  if (block === undefined || file.blocks.length > 1) throw new Error("the fixtures have one block a file");
  const [first] = executors.values();
  if (first === undefined) throw new Error("there must be an executor");
  const sequential = await run(first, file, block, { mode: "sequential" });
  for (const mode of ["sequential", "parallel"] as const) {
    const inWasm = await run([...executors.values()].at(-1) ?? first, file, block, {
      mode,
      force: true,
      engine: "wasm",
    });
    expect(compareResults(inWasm, sequential), `the wasm engine, ${mode}`).toBeUndefined();
  }
  for (const [workers, executor] of executors) {
    for (let round = 0; round < repeat; round++) {
      const parallel = await run(executor, file, block, {
        mode: "parallel",
        force: true,
        hints: round % 2 === 0,
      });
      expect(compareResults(parallel, sequential), `${workers} workers, round ${round}`).toBeUndefined();
    }
  }
}

/** One run over the block's state as it is in the file, checked against the header. */
async function run(executor: Executor, file: BlockFile, block: LoadedBlock, how: Partial<ExecuteBlockInput>) {
  const { source, rootAfter } = openParentState(file).open();
  const input: ExecuteBlockInput = { block: block.input, chain: block.chain, source, ...how };
  const needsRoots = rootAfter !== undefined && !block.chain.rulesOfFork(block.fork).byzantium;
  if (needsRoots) input.intermediateRoots = rootAfter;
  const result = await executor.executeBlock(input);
  const stateRoot = rootAfter?.(result.stateChanges);
  const { checked, differences } = verifyBlock(block, result, stateRoot);
  expect(differences).toEqual([]);
  expect(checked).toContain("gasUsed");
  if (rootAfter !== undefined) expect(checked).toContain("stateRoot");
  return result;
}
