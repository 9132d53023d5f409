// The block access list: written out for one block, and for random blocks held against the read sets, write sets and diffs
// that the same execution leaves behind.

import { keccak256 } from "@braid/kernel";
import { bytesToHex, type Hex } from "@braid/primitives";
import { type AccountAccess, accessListHash, type BlockAccessList, encodeAccessList } from "@braid/protocol";
import { EMPTY_CODE_HASH } from "@braid/state";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm } from "@braid/testing/assembler";
import { BEACON_ROOTS, BlockBuilder, COINBASE, ETHER, type Fork } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { RLP } from "@ethereumjs/rlp";
import { describe, expect, test } from "vitest";
import { runBraid } from "../testing/agree.ts";
import type { BlockResult } from "./block-result.ts";

const slot = (number: number): Hex => `0x${number.toString(16).padStart(64, "0")}`;
const [alice, bob] = [keyed(0), keyed(1)];
const STORE = plainAddress(1);
const LOOKER = plainAddress(2);
const SEEN = plainAddress(3);
const RECEIVER = plainAddress(4);
const QUITTER = plainAddress(5);

const find = (list: BlockAccessList, address: Uint8Array): AccountAccess | undefined =>
  list.find((account) => account.address === bytesToHex(address));

describe("the list of a block", () => {
  async function listOf(fork: Fork = "cancun"): Promise<BlockResult> {
    const block = new BlockBuilder(fork, {
      withdrawals: [{ index: 0n, validatorIndex: 0n, address: SEEN, amount: 3n }],
    });
    block.fund(alice, bob);
    // Reads 5, leaves 6 as it was, changes 7 and takes it back, sets 8 to what the transaction says.
    block.contract(
      STORE,
      asm(5, "SLOAD", "POP", 6, 6, "SSTORE", 1, 7, "SSTORE", 0, 7, "SSTORE", 0, "CALLDATALOAD", 8, "SSTORE"),
      { storage: [[6, 6]] },
    );
    // Writes 1, looks at an account, and takes all back.
    block.contract(LOOKER, asm(9, 1, "SSTORE", SEEN, "BALANCE", 0, 0, "REVERT"));
    block.send({ from: alice, to: STORE, data: new Uint8Array(32).fill(1, 31) });
    block.send({ from: bob, to: STORE, data: new Uint8Array(32).fill(2, 31) });
    block.send({ from: alice, to: STORE, data: new Uint8Array(32).fill(2, 31) });
    block.send({ from: bob, to: LOOKER });
    block.send({ from: alice, to: RECEIVER, value: 0n });
    block.send({ from: bob, to: RECEIVER, value: 5n });
    return runBraid(await block.build(), 2);
  }

  test("has slots that were only read, and values by step", async () => {
    const store = find((await listOf()).accessList, STORE);
    expect(store?.storageReads).toEqual([slot(5), slot(6), slot(7)]);
    expect(store?.storageChanges).toEqual([
      // The third transaction wrote what the second had left.
      {
        slot: slot(8),
        changes: [
          { index: 1, value: 1n },
          { index: 2, value: 2n },
        ],
      },
    ]);
    expect([store?.balanceChanges, store?.nonceChanges, store?.codeChanges]).toEqual([[], [], []]);
  });

  test("has what a reverted frame accessed, as reads", async () => {
    const { accessList } = await listOf();
    expect(find(accessList, LOOKER)).toMatchObject({ storageReads: [slot(1)], storageChanges: [] });
    expect(find(accessList, SEEN)?.balanceChanges).toEqual([{ index: 7, value: 3_000_000_000n }]);
  });

  test("has an account that nothing happened to, and no change of nothing", async () => {
    expect(find((await listOf()).accessList, RECEIVER)).toEqual({
      address: bytesToHex(RECEIVER),
      storageChanges: [],
      storageReads: [],
      balanceChanges: [{ index: 6, value: 5n }],
      nonceChanges: [],
      codeChanges: [],
    });
  });

  test("has senders and the miner at each of their steps", async () => {
    const { accessList } = await listOf();
    expect(find(accessList, alice.address)?.nonceChanges).toEqual([
      { index: 1, value: 1n },
      { index: 3, value: 2n },
      { index: 5, value: 3n },
    ]);
    expect(find(accessList, COINBASE)?.balanceChanges.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("has the system calls before the first transaction, and not their caller", async () => {
    const { accessList } = await listOf();
    const changes = find(accessList, BEACON_ROOTS)?.storageChanges.flatMap((one) =>
      one.changes.map(({ index }) => index),
    );
    expect(changes).toEqual([0, 0]);
    expect(accessList.some(({ address }) => address === "0xfffffffffffffffffffffffffffffffffffffffe")).toBe(
      false,
    );
  });

  test("names a self-destruct before Cancun by balance, nonce and code alone", async () => {
    const block = new BlockBuilder("london");
    block.fund(alice);
    block.contract(QUITTER, asm(1, "SLOAD", "POP", RECEIVER, "SELFDESTRUCT"), {
      balance: ETHER,
      storage: [
        [1, 1],
        [2, 2],
      ],
    });
    block.send({ from: alice, to: QUITTER });
    const { accessList } = await runBraid(await block.build(), 2);
    expect(find(accessList, QUITTER)).toEqual({
      address: bytesToHex(QUITTER),
      storageChanges: [],
      storageReads: [slot(1)],
      balanceChanges: [{ index: 1, value: 0n }],
      nonceChanges: [{ index: 1, value: 0n }],
      codeChanges: [{ index: 1, value: new Uint8Array(0) }],
    });
  });
});

describe("the encoding", () => {
  test("of nothing is the empty list", () => {
    expect(bytesToHex(encodeAccessList([]))).toBe("0xc0");
    expect(bytesToHex(accessListHash([]))).toBe(
      "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    );
  });

  test("has numbers without leading zeros, in the order of the fields", () => {
    const account: AccountAccess = {
      address: bytesToHex(SEEN),
      storageChanges: [{ slot: slot(0), changes: [{ index: 300, value: 0n }] }],
      storageReads: [slot(1)],
      balanceChanges: [{ index: 1, value: 256n }],
      nonceChanges: [{ index: 2, value: 3n }],
      codeChanges: [{ index: 3, value: Uint8Array.of(0, 1) }],
    };
    const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);
    expect(RLP.decode(encodeAccessList([account]))).toEqual([
      [
        SEEN,
        [[bytes(), [[bytes(1, 44), bytes()]]]],
        [bytes(1)],
        [[bytes(1), bytes(1, 0)]],
        [[bytes(2), bytes(3)]],
        [[bytes(3), bytes(0, 1)]],
      ],
    ]);
  });
});

describe("the list of a random block", () => {
  const FORKS: Fork[] = ["chainstart", "byzantium", "istanbul", "london", "shanghai", "cancun", "prague"];
  test.each(FORKS)("%s: says all that its read sets, write sets and diff say", async (fork) => {
    for (let seed = 1; seed <= 6; seed++) {
      const block = await randomBlock(fork, seed);
      const result = await runBraid(block, 3);
      const { accessList } = result;
      const accounts = new Map(accessList.map((account) => [account.address, account]));
      expect([...accounts.keys()]).toEqual([...accounts.keys()].sort());
      for (const account of accessList) checkOrder(account);
      for (const { reads, writes } of result.transactions) {
        for (const access of [...reads, ...writes]) {
          const account = accounts.get(access.address);
          expect(account).toBeDefined();
          if (access.slot === undefined) continue;
          const slots = [
            ...(account?.storageReads ?? []),
            ...(account?.storageChanges ?? []).map((one) => one.slot),
          ];
          expect(slots).toContain(access.slot);
        }
      }
      checkFinalValues(accounts, result);
    }
  });
});

/** Slots ascend, no slot is both read and changed, steps ascend, and no step leaves the value of the one before. */
function checkOrder({ storageChanges, storageReads, balanceChanges, nonceChanges }: AccountAccess): void {
  const changed = storageChanges.map((one) => one.slot);
  expect(changed).toEqual([...changed].sort());
  expect(storageReads).toEqual([...storageReads].sort());
  expect(storageReads.filter((one) => changed.includes(one))).toEqual([]);
  for (const changes of [balanceChanges, nonceChanges, ...storageChanges.map((one) => one.changes)]) {
    expect(
      changes.length === 0 ||
        changes.every(({ index }, i) => i === 0 || index > (changes[i - 1]?.index ?? 0)),
    ).toBe(true);
    expect(changes.every(({ value }, i) => i === 0 || value !== changes[i - 1]?.value)).toBe(true);
  }
}

/** The last value of each list is the diff's. */
function checkFinalValues(accounts: ReadonlyMap<Hex, AccountAccess>, { stateChanges }: BlockResult): void {
  for (const [address, diff] of stateChanges.accounts) {
    const account = accounts.get(address);
    expect(account).toBeDefined();
    const balance = account?.balanceChanges.at(-1)?.value;
    const nonce = account?.nonceChanges.at(-1)?.value;
    const code = account?.codeChanges.at(-1)?.value;
    if (balance !== undefined) expect(balance).toBe(diff.deleted ? 0n : diff.balance);
    if (nonce !== undefined) expect(nonce).toBe(diff.deleted ? 0n : diff.nonce);
    if (code !== undefined) expect(keccak256(code)).toEqual(diff.deleted ? EMPTY_CODE_HASH : diff.codeHash);
    if (diff.deleted || diff.storageReset) continue;
    const storage = new Map(account?.storageChanges.map((one) => [one.slot, one.changes.at(-1)?.value]));
    for (const [key, value] of diff.storage) expect(storage.get(key)).toBe(value);
  }
}
