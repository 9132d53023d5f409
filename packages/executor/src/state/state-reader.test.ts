// Reads of a source, one by one and together: what goes into one call, what is asked for once, what is dropped.

import { Kernel } from "@braid/kernel";
import type { StateAnswer, StateKey, StateSource } from "@braid/state";
import { plainAddress } from "@braid/testing/accounts";
import { describe, expect, test } from "vitest";
import { inTime } from "../testing/deadline.ts";
import { FlatCache } from "./flat-cache.ts";
import { StateReader } from "./state-reader.ts";

const slot = (number: number): Uint8Array => new Uint8Array(32).fill(number);

/** A source whose calls are answered by hand, in any order; all accounts are absent, all slots are 7. */
class SlowSource implements StateSource {
  readonly calls: { keys: StateKey[]; answer: () => void; fail: (error: Error) => void }[] = [];

  #call(keys: StateKey[]): Promise<StateAnswer[]> {
    return new Promise((resolve, reject) => {
      const answer = () =>
        resolve(keys.map((key) => ({ status: "fulfilled", value: key.slot === undefined ? undefined : 7n })));
      this.calls.push({ keys, answer, fail: reject });
    });
  }

  async getAccount(address: Uint8Array): Promise<undefined> {
    await this.#call([{ address }]);
  }

  async getStorage(address: Uint8Array, key: Uint8Array): Promise<bigint> {
    await this.#call([{ address, slot: key }]);
    return 7n;
  }

  getMany?(keys: StateKey[]): Promise<StateAnswer[]> {
    return this.#call(keys);
  }

  getCode(): never {
    throw new Error("no codes here");
  }

  getBlockHash(): never {
    throw new Error("no blocks here");
  }
}

function newReader(timeoutMs = Number.POSITIVE_INFINITY) {
  const kernel = Kernel.create({ maxWorkers: 1, blockArenaBytes: 1 << 20, stateArenaBytes: 1 << 20 });
  const cache = new FlatCache(kernel);
  const source = new SlowSource();
  cache.attach(source, false);
  kernel.resetBlock(1);
  return { cache, source, reader: new StateReader(cache, source, timeoutMs) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a source that takes many keys", () => {
  test("gets what arrives in one turn in one call, and each key once", async () => {
    const { cache, source, reader } = newReader();
    const [a, b] = [plainAddress(1), plainAddress(2)];
    const reads = [
      reader.fetchAccount(a),
      reader.fetchSlot(a, slot(1)),
      reader.fetchSlot(a, slot(1)),
      reader.fetchSlot(b, slot(2)),
    ];
    await turn();
    expect(source.calls.map(({ keys }) => keys)).toEqual([
      [{ address: a }, { address: a, slot: slot(1) }, { address: b }, { address: b, slot: slot(2) }],
    ]);
    // Under way already.
    reads.push(reader.fetchAccount(b), reader.fetchSlot(b, slot(3)));
    await turn();
    expect(source.calls[1]?.keys).toEqual([{ address: b, slot: slot(3) }]);
    source.calls[1]?.answer();
    await turn();
    // A slot waits for its account.
    expect(cache.hasSlot(b, slot(3))).toBe(false);
    source.calls[0]?.answer();
    await inTime(Promise.all(reads), "a read");
    for (const [address, key] of [
      [a, slot(1)],
      [b, slot(2)],
      [b, slot(3)],
    ] as const)
      expect(cache.hasSlot(address, key)).toBe(true);
    await inTime(reader.fetchSlot(b, slot(3)), "a read of what is known");
    expect(source.calls).toHaveLength(2);
  });

  test("is asked again for what has failed", async () => {
    const { cache, source, reader } = newReader();
    const first = [reader.fetchAccount(plainAddress(1)), reader.fetchAccount(plainAddress(2))];
    await turn();
    source.calls[0]?.fail(new RangeError("busy"));
    for (const read of first) await expect(inTime(read)).rejects.toThrow(RangeError);
    expect(cache.hasAccount(plainAddress(1))).toBe(false);
    const again = reader.fetchAccount(plainAddress(1));
    await turn();
    source.calls[1]?.answer();
    await inTime(again);
    expect(cache.hasAccount(plainAddress(1))).toBe(true);
  });
});

describe("a source that is asked one by one", () => {
  test("has 64 calls under way, and begins the next one when one ends", async () => {
    const { source, reader } = newReader();
    Object.defineProperty(source, "getMany", { value: undefined });
    const reads = Array.from({ length: 200 }, (_, i) => reader.fetchAccount(plainAddress(i)));
    expect(source.calls).toHaveLength(64);
    for (let i = 0; i < 200; i++) {
      source.calls[i]?.answer();
      await turn();
      expect(source.calls).toHaveLength(Math.min(200, 65 + i));
    }
    await inTime(Promise.all(reads));
  });
});

describe("an answer that comes too late", () => {
  test("for its time limit is still kept for those who ask again, and those who waited have failed", async () => {
    const { cache, source, reader } = newReader(30);
    const address = plainAddress(1);
    await expect(inTime(reader.fetchAccount(address))).rejects.toMatchObject({
      code: "BRAID_SOURCE_TIMEOUT",
      data: { kind: "account", milliseconds: 30 },
    });
    // It is still under way: nobody waits for it as long again.
    await expect(inTime(reader.fetchAccount(address))).rejects.toMatchObject({
      code: "BRAID_SOURCE_TIMEOUT",
    });
    expect(source.calls).toHaveLength(1);
    source.calls[0]?.answer();
    await turn();
    await inTime(reader.fetchAccount(address));
    expect(cache.hasAccount(address)).toBe(true);
    expect(source.calls).toHaveLength(1);
  });

  test("for the block does not get into the cache, and no call begins any more", async () => {
    const { cache, source, reader } = newReader(60_000);
    const address = plainAddress(1);
    const reads = [reader.fetchAccount(address), reader.fetchSlot(address, slot(1))];
    await turn();
    reads.push(reader.fetchAccount(plainAddress(2)));
    reader.close();
    for (const read of reads) await expect(inTime(read)).rejects.toMatchObject({ code: "BRAID_ABORTED" });
    await expect(inTime(reader.fetchAccount(plainAddress(3)))).rejects.toMatchObject({
      code: "BRAID_ABORTED",
    });
    source.calls[0]?.answer();
    await turn();
    await turn();
    expect(cache.hasAccount(address)).toBe(false);
    expect(cache.hasSlot(address, slot(1))).toBe(false);
    expect(source.calls).toHaveLength(1);
  });
});
