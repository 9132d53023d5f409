// A first state of many accounts: written in pieces, it is the one that is computed in memory, and what was given up half-way leaves nothing behind.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hexToBytes } from "@braid/primitives";
import { expect, onTestFinished, test } from "vitest";
import { changesOfAlloc, type GenesisAlloc } from "../initial-state.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import { LmdbStateStore } from "./lmdb-state-store.ts";

const MANY = 45_000;
const BLOCK = { hash: new Uint8Array(32).fill(7), number: 0n };

const addressOf = (i: number): `0x${string}` => `0x${(i * 7_919).toString(16).padStart(40, "0")}`;

function allocOf(count: number): GenesisAlloc {
  const alloc: GenesisAlloc = {};
  for (let i = 0; i < count; i++)
    alloc[addressOf(i)] = {
      balance: String(i + 1),
      ...(i % 100 === 0 ? { code: `0x60${(i % 250).toString(16).padStart(2, "0")}`, nonce: "0x1" } : {}),
      ...(i % 500 === 0 ? { storage: { "0x01": "0x02", [`0x${(i + 3).toString(16)}`]: "0xff" } } : {}),
    };
  return alloc;
}

function open(folder: string): Promise<LmdbStateStore> {
  return LmdbStateStore.open(folder);
}

test("many accounts, written in pieces", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "braid-first-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const alloc = allocOf(MANY);
  const memory = MemoryStateStore.fromAlloc(alloc, BLOCK);
  const right = memory.stateAt(BLOCK.hash);

  // Another one, which was given up before it belonged to a block.
  const before = await open(folder);
  const other = allocOf(MANY - 10_000);
  other["0x00000000000000000000000000000000000000ff"] = { balance: "5", storage: { "0x09": "0x09" } };
  await before.prepareFirst(changesOfAlloc(other));
  expect(before.head).toBeUndefined();
  await before.close();

  const store = await open(folder);
  const first = await store.prepareFirst(changesOfAlloc(alloc));
  expect(first.root).toEqual(right.stateRoot);
  await first.commit(BLOCK, [{ key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
  expect(store.record(Uint8Array.of(1))).toEqual(Uint8Array.of(2));
  await store.close();

  const again = await open(folder);
  const state = again.stateAt(BLOCK.hash);
  expect(state.stateRoot).toEqual(right.stateRoot);
  for (let i = 0; i < MANY; i += 997) {
    const address = hexToBytes(addressOf(i));
    const account = right.getAccount(address);
    expect(state.getAccount(address)).toEqual(account);
    expect(state.prove(address, [])).toEqual(right.prove(address, []));
    if (account !== undefined)
      expect(state.getCode(account.codeHash)).toEqual(right.getCode(account.codeHash));
  }
  const slot = new Uint8Array(32).with(31, 1);
  const [rich, stale] = [hexToBytes(addressOf(500)), new Uint8Array(20).with(19, 255)];
  expect(state.getStorage(rich, slot)).toBe(2n);
  expect(state.prove(rich, [slot])).toEqual(right.prove(rich, [slot]));
  expect(state.getAccount(stale)).toBeUndefined();
  expect(state.getStorage(stale, new Uint8Array(32).with(31, 9))).toBe(0n);
  // There is a first one by now.
  await expect(
    (await again.prepareFirst(changesOfAlloc(other))).commit({ ...BLOCK, hash: stale }),
  ).rejects.toMatchObject({
    code: "BRAID_KNOWN_BLOCK",
  });
  await again.close();
});
