// For tests: the opcodes of a fuzzed block, one by one, on both engines: where they part, and which of them a case reaches.

import {
  EVM_SEEN,
  Kernel,
  SEEN_DEPTH,
  SEEN_GAS,
  SEEN_OPCODE,
  SEEN_PC,
  SEEN_STACK,
  SEEN_TOP,
} from "@braid/kernel";
import { promised } from "@braid/primitives";
import { ENGINES, type EngineRegistry } from "../engines/registry.ts";
import { OPCODES } from "../engines/wasm/opcodes.ts";
import { precompilesOver } from "../engines/wasm/precompiles.ts";
import { WasmEngine } from "../engines/wasm/wasm-engine.ts";
import type { OnStep } from "../engines/wasm/wasm-units.ts";
import { executeBlockWith } from "../execute-block.ts";
import { Executor } from "../executor.ts";
import { HintMemory } from "../hints/hint-memory.ts";
import { InlinePool } from "../pool/inline-pool.ts";
import { readU256 } from "../records/words.ts";
import { FlatCache } from "../state/flat-cache.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import { blockOf, fuzzInput } from "./fuzz-engines.ts";

const NAMES: readonly string[] = Array.from(
  { length: 256 },
  (_, code) => OPCODES.find((opcode) => opcode.code === code)?.name ?? "INVALID",
);

/** An opcode that is about to run. */
interface Step {
  depth: number;
  pc: number;
  opcode: number;
  gas: bigint;
  height: number;
  top: bigint | undefined;
}

/** What runs cases on a wasm engine that stops before each opcode. */
function stepRunner(onStep: OnStep): (one: FuzzCase) => Promise<void> {
  const engines: EngineRegistry = {
    ...ENGINES,
    wasm: async () => (kernel, misses) =>
      new WasmEngine(kernel, misses, precompilesOver(kernel, misses), onStep),
  };
  const kernel = Kernel.create({ maxWorkers: 1 });
  const pool = new InlinePool(Kernel.attach(kernel.shared, 1), engines);
  const cache = new FlatCache(kernel);
  const hints = new HintMemory();
  const pools = { pool, inline: pool, workers: 0, singleClient: true };
  const resources = { ...pools, kernel, cache, hints, engine: "wasm", engines };
  return async (one) => {
    await promised(executeBlockWith(resources, fuzzInput(await blockOf(one), "wasm")));
  };
}

async function stepsOfWasm(one: FuzzCase, transaction: number): Promise<Step[]> {
  const steps: Step[] = [];
  const run = stepRunner((unit, { u32, u64 }, evm) => {
    if (unit !== transaction + 1) return;
    const seen = evm + EVM_SEEN;
    const word = (offset: number): number => u32[(seen + offset) >>> 2] as number;
    const height = (word(SEEN_TOP) - word(SEEN_STACK)) / 32;
    steps.push({
      depth: word(SEEN_DEPTH),
      pc: word(SEEN_PC),
      opcode: word(SEEN_OPCODE),
      gas: u64[(seen + SEEN_GAS) >>> 3] as bigint,
      height,
      top: height === 0 ? undefined : readU256(u64, (word(SEEN_TOP) - 32) >>> 3),
    });
  });
  await run(one);
  return steps;
}

async function stepsOfEthereumjs(one: FuzzCase, transaction: number): Promise<Step[]> {
  const steps: Step[] = [];
  const executor = new Executor({ workers: 0 });
  try {
    await executor.trace({
      ...fuzzInput(await blockOf(one), "ethereumjs"),
      last: transaction,
      tracer: (index) =>
        index !== transaction
          ? undefined
          : {
              step: ({ depth, pc, opcode, gasLeft, stack }) => {
                const step = { depth, pc, opcode: opcode.code, gas: gasLeft };
                steps.push({ ...step, height: stack.length, top: stack.at(-1) });
              },
            },
    });
  } finally {
    await executor.close();
  }
  return steps;
}

/** A STOP is none: one engine does not say when a code has come to its end. An opcode that waited for state began twice. */
function comparable(steps: readonly Step[]): string[] {
  const lines = steps
    .filter(({ opcode }) => opcode !== 0)
    .map(({ depth, pc, opcode, gas, height, top }) => {
      const where = `${" ".repeat(Math.min(depth, 8))}${pc} ${NAMES[opcode]}`;
      return `${where.padEnd(24)} gas ${gas}, ${height} words, top ${top === undefined ? "none" : `0x${top.toString(16)}`}`;
    });
  return lines.filter((line, i) => line !== lines[i - 1]);
}

const CONTEXT = 4;

/** The opcodes around the first one at which the engines differ in a transaction: place and name, what it found, on one engine and on the other. */
export async function describeSteps(one: FuzzCase, transaction: number): Promise<string> {
  const ethereumjs = comparable(await stepsOfEthereumjs(one, transaction));
  const wasm = comparable(await stepsOfWasm(one, transaction));
  const first = ethereumjs.findIndex((line, i) => line !== wasm[i]);
  const at = first >= 0 ? first : ethereumjs.length;
  const lines: string[] = [];
  for (let i = Math.max(0, at - CONTEXT); i <= at; i++)
    if (ethereumjs[i] === wasm[i]) lines.push(`    both:       ${wasm[i] ?? "the end"}`);
    else
      lines.push(`    ethereumjs: ${ethereumjs[i] ?? "the end"}`, `    wasm:       ${wasm[i] ?? "the end"}`);
  return [`  opcodes, of ${ethereumjs.length}:`, ...lines].join("\n");
}

/** Which opcodes cases reach on the wasm engine: on an engine that stops before each. */
export class OpcodeCoverage {
  readonly #reached = new Set<number>();
  readonly #run = stepRunner((_unit, { u32 }, evm) => {
    this.#reached.add(u32[(evm + EVM_SEEN + SEEN_OPCODE) >>> 2] as number);
  });

  /** The names of the opcodes that the case runs. */
  async of(one: FuzzCase): Promise<string[]> {
    this.#reached.clear();
    await this.#run(one);
    return [...this.#reached].map((code) => NAMES[code] as string);
  }
}
