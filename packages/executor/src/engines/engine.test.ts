// The seam between engines and everything above them: what an engine does not support runs on the one that supports everything, and the
// result is the same.

import { Kernel } from "@braid/kernel";
import { promised } from "@braid/primitives";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import { executeBlockWith } from "../execute-block.ts";
import { HintMemory } from "../hints/hint-memory.ts";
import { SeededPool } from "../pool/seeded-pool.ts";
import type { BlockResult } from "../result/block-result.ts";
import { FlatCache } from "../state/flat-cache.ts";
import { executorWith, fingerprint, outcomeOfBraid, runBraid } from "../testing/agree.ts";
import { TransferEngine } from "../testing/transfer-engine.ts";
import type { Engine, EngineBlock, UnitExecutor } from "./engine.ts";
import { EthereumjsEngine } from "./ethereumjs/units/ethereumjs-engine.ts";
import { ENGINES, type EngineRegistry } from "./registry.ts";

/** Supports nothing. */
const nothing: Engine = {
  beginBlock: async () => ({ executeUnit: () => ({ kind: "unsupported" }) }),
};

/** Supports every other unit, and finds out only at the end of an incarnation, when its logs are full and an outcome is stored. */
class Hesitant implements Engine {
  readonly #engine: EthereumjsEngine;

  constructor(engine: EthereumjsEngine) {
    this.#engine = engine;
  }

  async beginBlock(block: EngineBlock): Promise<UnitExecutor> {
    const units = await this.#engine.beginBlock(block);
    return {
      executeUnit: async (unit, head) => {
        const end = await units.executeUnit(unit, head);
        return unit % 2 === 1 ? { kind: "unsupported" } : end;
      },
    };
  }
}

const registry: EngineRegistry = {
  ...ENGINES,
  nothing: async () => () => nothing,
  transfers: async () => (kernel) => new TransferEngine(kernel),
  hesitant: async () => (kernel, misses) => new Hesitant(new EthereumjsEngine(kernel, misses)),
};

/** Runs a block on a seeded schedule; `seed` undefined: in order. */
function run(block: TestBlock, engine: string, seed?: number): Promise<BlockResult> {
  const workers = 3;
  const kernel = Kernel.create({ maxWorkers: workers, blockArenaBytes: 64 << 20, stateArenaBytes: 32 << 20 });
  const instances = Array.from({ length: workers }, (_, i) => Kernel.attach(kernel.shared, i + 1));
  const pool = new SeededPool(instances, registry, seed ?? 0);
  return promised(
    executeBlockWith(
      {
        kernel,
        cache: new FlatCache(kernel),
        hints: new HintMemory(),
        pool,
        inline: pool,
        workers,
        singleClient: false,
        engine,
        engines: registry,
      },
      {
        block: block.input,
        chain: block.chain,
        source: block.source(),
        engine,
        mode: seed === undefined ? "sequential" : "parallel",
        force: true,
      },
    ),
  );
}

describe.each<Fork>(["byzantium", "cancun", "prague"])("%s", (fork) => {
  test.each([1, 2, 3, 4])(
    "random block %i: the result is that of the engine that runs everything",
    async (seed) => {
      const block = await randomBlock(fork, seed);
      const expected = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
      const units = block.input.transactions.length + 2;
      for (const [engine, unsupported] of [
        ["nothing", units],
        ["hesitant", Math.floor(units / 2)],
        ["ethereumjs", 0],
      ] as const)
        for (const schedule of [undefined, seed, seed + 100]) {
          const result = await run(block, engine, schedule);
          expect(fingerprint(result), `${engine}, schedule ${schedule}`).toBe(expected);
          expect(result.statistics.engine).toEqual({ name: engine, unsupported });
        }
    },
  );
});

/** Transfers among few accounts, the coinbase and newcomers; some calls and transfers of nothing among them. */
async function transferBlock(fork: Fork): Promise<TestBlock> {
  const coinbase = keyed(5).address;
  const builder = new BlockBuilder(fork, { coinbase, gasLimit: 100_000_000n });
  builder.fund(...Array.from({ length: 6 }, (_, i) => keyed(i)));
  const contract = builder.contract(plainAddress(900), TOOL);
  for (let i = 0; i < 120; i++) {
    const from = keyed(i % 6);
    if (i % 10 === 9) builder.send({ from, to: contract, data: tool.increment(i % 3), gasLimit: 100_000 });
    else if (i % 10 === 8) builder.send({ from, to: plainAddress(i) });
    else builder.send({ from, to: i % 2 === 0 ? keyed((i * 7) % 6).address : plainAddress(i), value: i + 1 });
  }
  return builder.build();
}

describe("an engine that runs plain transfers by itself, straight over the kernel's records", () => {
  test.each<Fork>(["byzantium", "berlin", "london", "osaka"])("%s", async (fork) => {
    const block = await transferBlock(fork);
    const sequential = await runBraid(block, 1, { mode: "sequential" });
    const expected = await outcomeOfBraid(block, sequential);
    for (const seed of [undefined, 1, 2, 3]) {
      const result = await run(block, "transfers", seed);
      expect(await outcomeOfBraid(block, result)).toEqual(expected);
      expect(result.accessList).toEqual(sequential.accessList);
      for (const [i, { writes, sender, createdAddress }] of result.transactions.entries()) {
        const other = sequential.transactions[i];
        expect({ writes: new Set(writes), sender, createdAddress }).toEqual({
          writes: new Set(other?.writes),
          sender: other?.sender,
          createdAddress: other?.createdAddress,
        });
      }
      // The prologue, the epilogue, and every fifth transaction.
      expect(result.statistics.engine).toEqual({ name: "transfers", unsupported: 2 + 24 });
    }
  });
});

describe("an invalid transaction", () => {
  test.each(["nothing", "hesitant", "transfers"])(
    "is reported with its index by the engine after %s",
    async (engine) => {
      const builder = new BlockBuilder("cancun");
      builder.fund(keyed(0));
      builder
        .send({ from: keyed(0), to: plainAddress(1) })
        .send({ from: keyed(0), nonce: 5, to: plainAddress(1) });
      const block = await builder.build();
      for (const seed of [undefined, 1, 2])
        await expect(run(block, engine, seed)).rejects.toMatchObject({
          code: "BRAID_TX_NONCE_TOO_HIGH",
          data: { transactionIndex: 1 },
        });
    },
  );
});

test("an engine that does not exist is refused with the names of those that do", async () => {
  const builder = new BlockBuilder("cancun");
  builder.fund(keyed(0));
  builder.send({ from: keyed(0), to: plainAddress(1) });
  const { input, chain, source } = await builder.build();
  const asked = (engine: string): Promise<BlockResult> =>
    executorWith(1).executeBlock({ block: input, chain, source: source(), engine });
  for (const engine of ["geth", "", "toString"])
    await expect(asked(engine)).rejects.toMatchObject({
      code: "BRAID_ENGINE_UNKNOWN",
      data: { engine, engines: ["ethereumjs", "wasm"] },
    });
  expect((await asked("ethereumjs")).statistics.engine).toEqual({ name: "ethereumjs", unsupported: 0 });
});
