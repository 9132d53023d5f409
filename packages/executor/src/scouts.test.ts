// What a transaction will read is found out with predictions where the true values are far away, and fetched together. Nothing of a prediction is
// ever in a result, and a prediction that leads astray costs a bounded number of reads.

import { bytesToHex, type Hex } from "@braid/primitives";
import type { StateKey, StateSource } from "@braid/state";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { type AsmItem, asm } from "@braid/testing/assembler";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import { describe, expect, test } from "vitest";
import { SeededExecutor } from "./seeded-executor.ts";
import { executorWith, fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";

const CONTRACT = plainAddress(1);
const OTHER = plainAddress(2);

type Storage = [slot: bigint | number, value: bigint | number][];

/** One transaction, which calls a contract. */
async function callBlock(code: AsmItem[], storage: Storage = [], other: AsmItem[] = []): Promise<TestBlock> {
  const block = new BlockBuilder("osaka");
  block.fund(keyed(0));
  // Of an account without storage nobody asks for slots.
  const some: Storage = [...storage, [99_999, 1]];
  block.contract(CONTRACT, asm(...code), { storage: some });
  block.contract(OTHER, asm(...other), { storage: some });
  block.send({ from: keyed(0), to: CONTRACT, gasLimit: 2_000_000 });
  return block.build();
}

/** A source that is far away, and how often it was gone to. */
class FarSource implements StateSource {
  readonly #source: StateSource;
  readonly slots = new Set<Hex>();
  readonly accounts = new Set<Hex>();
  /** Times that somebody went there: all that is asked in a turn goes together. */
  rounds = 0;
  #arrival: Promise<void> | undefined;

  constructor(source: StateSource) {
    this.#source = source;
  }

  #travel(): Promise<void> {
    if (this.#arrival === undefined) {
      this.rounds++;
      this.#arrival = new Promise((resolve) => setTimeout(resolve, 10));
      void this.#arrival.then(() => {
        this.#arrival = undefined;
      });
    }
    return this.#arrival;
  }

  async getAccount(address: Uint8Array) {
    this.accounts.add(bytesToHex(address));
    await this.#travel();
    return this.#source.getAccount(address);
  }

  async getStorage(address: Uint8Array, slot: Uint8Array) {
    this.slots.add(`${bytesToHex(address)}${bytesToHex(slot).slice(2)}`);
    await this.#travel();
    return this.#source.getStorage(address, slot);
  }

  getCode(hash: Uint8Array) {
    return this.#source.getCode(hash);
  }

  getBlockHash(number: bigint) {
    return this.#source.getBlockHash(number);
  }

  getMany(keys: StateKey[]) {
    return Promise.allSettled(
      keys.map(({ address, slot }) =>
        slot === undefined ? this.getAccount(address) : this.getStorage(address, slot),
      ),
    );
  }
}

/** Runs a block on a far source, in parallel, and holds the result against the sequential one. */
async function runFar(block: TestBlock, hints = false): Promise<FarSource> {
  const source = new FarSource(block.source());
  const result = await inTime(runBraid(block, 2, { source, hints }));
  expect(fingerprint(result)).toBe(fingerprint(await runBraid(block, 1, { mode: "sequential" })));
  return source;
}

/** Reads slots from `first` on, whose keys are computed. */
const readSlots = (first: number, count: number): AsmItem[] =>
  Array.from({ length: count }, (_, i) => [first + i - 1, 1, "ADD", "SLOAD", "POP"] as const).flat();

describe("a transaction on a source that is far away", () => {
  test("asks for all its slots at once", async () => {
    const { rounds, slots } = await runFar(await callBlock(readSlots(100, 60)));
    expect(slots.size).toBeGreaterThanOrEqual(60);
    expect(rounds).toBeLessThan(12);
  });

  test.each([
    ["all bits set", (1n << 256n) - 1n],
    ["zero", 0n],
  ])("goes on behind a comparison that the prediction %s passes", async (_name, value) => {
    const check = [99, 1, "ADD", "SLOAD", value, "EQ", "@on", "JUMPI", 0, 0, "REVERT", ":on"];
    const block = await callBlock([...check, ...readSlots(200, 60)], [[100, value]]);
    expect((await runFar(block)).rounds).toBeLessThan(12);
  });

  test("asks for what its contract reads under constant keys when it reads the first of them", async () => {
    // No prediction gets past the first.
    const code = Array.from({ length: 20 }, (_, i) => [
      i,
      "SLOAD",
      77,
      "EQ",
      "@next".concat(String(i)),
      "JUMPI",
      0,
      0,
      "REVERT",
      ":next".concat(String(i)),
    ]).flat();
    const storage = Array.from({ length: 20 }, (_, i): [number, number] => [i, 77]);
    expect((await runFar(await callBlock(code, storage))).rounds).toBeLessThan(12);
  });

  test("is not led astray for long: a loop that only a prediction keeps going", async () => {
    // Reads slot after slot while they are not zero; the fourth one is. Then as long as they are.
    const whileSet = [0, ":loop", "DUP1", "SLOAD", "SWAP1", 1, "ADD", "SWAP1", "@loop", "JUMPI"];
    const whileClear = [
      1_000,
      ":more",
      "DUP1",
      "SLOAD",
      "ISZERO",
      "SWAP1",
      1,
      "ADD",
      "SWAP1",
      "@more",
      "JUMPI",
    ];
    const storage: Storage = [
      [0, 1],
      [1, 1],
      [2, 1],
      [1_003, 1],
    ];
    const { slots } = await runFar(await callBlock([...whileSet, ...whileClear], storage));
    // Of thousands that the gas is enough for.
    expect(slots.size).toBeLessThan(4 * 2 * 128);
  });

  test("in a loop without reads leaves a scout when it has gone far enough", async () => {
    const spin = [99, 1, "ADD", "SLOAD", 3, "EQ", "@end", "JUMPI", ":loop", "@loop", "JUMP", ":end"];
    await runFar(await callBlock(spin, [[100, 3]]));
  });

  test("what is called, created, destroyed and written on predictions is in no result", async () => {
    const wild: AsmItem[] = [
      // A call with a value, to an address that is a slot's value.
      ...[0, 0, 0, 0, 5, 50, 1, "ADD", "SLOAD", 50_000, "CALL", "POP"],
      // A creation whose init code is a slot's value.
      ...[51, 1, "ADD", "SLOAD", 0, "MSTORE", 32, 0, 0, "CREATE", 52, 1, "ADD", "SSTORE"],
      // What was called may destroy itself, and a slot's value is the slot that is written.
      ...[0, 0, 0, 0, 0, OTHER, 100_000, "CALL", 54, 1, "ADD", "SLOAD", "SSTORE"],
      ...[55, 1, "ADD", "SLOAD", "BALANCE", 56, 1, "ADD", "SSTORE"],
    ];
    const other = [60, 1, "ADD", "SLOAD", "SELFDESTRUCT"];
    const block = await callBlock(
      wild,
      [
        [51, 7],
        [55, 9],
        [61, 11],
      ],
      other,
    );
    await runFar(block);
    const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
    for (let seed = 0; seed < 8; seed++) {
      const executor = new SeededExecutor({
        workers: 2,
        seed,
        blockArenaBytes: 64 << 20,
        stateArenaBytes: 32 << 20,
      });
      const source = new FarSource(block.source());
      const result = await inTime(executor.executeBlock(inputOf(block, { source, hints: false })));
      expect(fingerprint(result)).toBe(right);
    }
  });
});

test("who is in every block is asked for before anybody comes to it", async () => {
  const withdrawals = Array.from({ length: 16 }, (_, i) => ({
    index: BigInt(i),
    validatorIndex: BigInt(i),
    address: plainAddress(300 + i),
    amount: 1n,
  }));
  const block = new BlockBuilder("osaka", { withdrawals });
  block.fund(keyed(0));
  block.send({ from: keyed(0), to: plainAddress(5) });
  const built = await block.build();
  const source = new FarSource(built.source());
  const result = await inTime(
    executorWith(1).executeBlock(inputOf(built, { source, mode: "sequential", senders: [keyed(0).address] })),
  );
  expect(fingerprint(result)).toBe(fingerprint(await runBraid(built, 1, { mode: "sequential" })));
  for (const { address } of withdrawals) expect(source.accounts).toContain(bytesToHex(address));
  expect(source.rounds).toBeLessThan(5);
});
