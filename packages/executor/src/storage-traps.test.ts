// Traps of parallel execution around storage: wipes, re-creation, reads and writes that come and go with re-execution.
// Each is a block that went wrong in some client; stock ethereumjs, sequential and parallel must agree on it.

import { bytesToHex } from "@braid/primitives";
import { create2Address, keyed, plainAddress } from "@braid/testing/accounts";
import { asm, callWith, word } from "@braid/testing/assembler";
import { BlockBuilder, type Fork } from "@braid/testing/block-builder";
import { cloneInit, TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import { assertAllAgree } from "./testing/agree.ts";

/** Before and after EIP-6780, which lets a contract survive its SELFDESTRUCT. */
const DESTRUCTION_FORKS: Fork[] = ["constantinople", "london", "shanghai", "cancun", "osaka"];
const FACTORY = plainAddress(1);
const HEIR = plainAddress(2);
const SALT = 5n;
/** About a millisecond: enough for other workers to run ahead. */
const PAUSE = 1_500;

/** Eight funded senders and a tool that creates others by CREATE2. */
function start(fork: Fork): BlockBuilder {
  const block = new BlockBuilder(fork);
  block.fund(...Array.from({ length: 8 }, (_, i) => keyed(i)));
  block.contract(FACTORY, TOOL);
  return block;
}

describe.each(DESTRUCTION_FORKS)("destruction and re-creation in %s", (fork) => {
  const init = cloneInit();
  const child = create2Address(FACTORY, SALT, init);

  test("a wipe is seen by readers of slots that nobody wrote since", async () => {
    const block = start(fork);
    // The child is in the pre-state, as the factory would have made it, with storage.
    block.contract(child, TOOL, {
      storage: [
        [1, 11],
        [2, 22],
        [3, 33],
      ],
    });
    block.send({
      from: keyed(0),
      to: child,
      data: tool.slowly(PAUSE, tool.store(1, 111)),
      gasLimit: 500_000,
    });
    block.send({ from: keyed(1), to: child, data: tool.destroy(HEIR) });
    block.send({ from: keyed(2), to: FACTORY, data: tool.create2(0, SALT, init), gasLimit: 1_000_000 });
    for (const slot of [1, 2, 3, 4]) block.send({ from: keyed(2 + slot), to: child, data: tool.load(slot) });
    block.send({ from: keyed(3), to: child, data: tool.derive(2, 2, 1) });
    block.send({ from: keyed(4), to: child, data: tool.load(2) });
    const { result } = await assertAllAgree(await block.build());
    const survives = block.since("cancun");
    expect(result.receipts[3]?.logs[0]?.data[31]).toBe(survives ? 111 : 0);
    expect(result.receipts[4]?.logs[0]?.data[31]).toBe(survives ? 22 : 0);
  });

  test("twice destroyed and twice re-created in one block, with transfers in between", async () => {
    const block = start(fork);
    block.contract(child, TOOL, { balance: 5n, storage: [[1, 11]] });
    for (let round = 0; round < 2; round++) {
      block.send({ from: keyed(0), to: child, data: tool.store(1, 100 + round) });
      block.send({
        from: keyed(1),
        to: child,
        data: tool.slowly(PAUSE, tool.destroy(HEIR)),
        gasLimit: 500_000,
      });
      block.send({ from: keyed(2), to: child, value: 9 });
      block.send({ from: keyed(3), to: child, data: tool.load(1) });
      block.send({
        from: keyed(4),
        to: FACTORY,
        data: tool.create2(1, SALT, init),
        gasLimit: 1_000_000,
        value: 3,
      });
      block.send({ from: keyed(5), to: child, data: tool.load(1) });
      block.send({ from: keyed(6), to: FACTORY, data: tool.balance(child) });
    }
    await assertAllAgree(await block.build());
  });

  test("equal values on both sides of a destruction: the reader depends on more than the value", async () => {
    const block = start(fork);
    // The constructor writes the same 7 that was there before.
    const sevenAgain = cloneInit(7, 1, "SSTORE");
    const other = create2Address(FACTORY, SALT, sevenAgain);
    block.contract(other, TOOL, {
      storage: [
        [1, 7],
        [2, 8],
      ],
    });
    block.send({ from: keyed(0), to: other, data: tool.slowly(PAUSE, tool.store(1, 7)), gasLimit: 500_000 });
    block.send({
      from: keyed(1),
      to: other,
      data: tool.slowly(PAUSE, tool.destroy(HEIR)),
      gasLimit: 500_000,
    });
    block.send({ from: keyed(2), to: FACTORY, data: tool.create2(0, SALT, sevenAgain), gasLimit: 1_000_000 });
    block.send({ from: keyed(3), to: other, data: tool.derive(1, 3, 0) });
    block.send({ from: keyed(4), to: other, data: tool.derive(2, 4, 0) });
    block.send({ from: keyed(5), to: other, data: tool.storeIf(2, 5, 1) });
    const { result } = await assertAllAgree(await block.build(), { repeat: 5 });
    const account = result.stateChanges.accounts.get(bytesToHex(other));
    expect(account?.storageReset ?? false).toBe(!block.since("cancun"));
  });

  test("an earlier transaction newly writes a slot that was read across a destruction", async () => {
    const block = start(fork);
    block.contract(child, TOOL, { storage: [[1, 11]] });
    // The condition is only met after the slow first transaction: slot 1 is then written just before the destruction.
    block.send({ from: keyed(0), to: child, data: tool.slowly(PAUSE, tool.store(0, 1)), gasLimit: 500_000 });
    block.send({ from: keyed(1), to: child, data: tool.storeIf(0, 1, 99) });
    block.send({ from: keyed(2), to: child, data: tool.destroy(HEIR) });
    block.send({ from: keyed(3), to: child, data: tool.load(1) });
    block.send({ from: keyed(4), to: FACTORY, data: tool.create2(0, SALT, init), gasLimit: 1_000_000 });
    block.send({ from: keyed(5), to: child, data: tool.load(1) });
    block.send({ from: keyed(6), to: child, data: tool.storeIf(1, 2, 5) });
    block.send({ from: keyed(7), to: child, data: tool.load(2) });
    await assertAllAgree(await block.build(), { repeat: 5 });
  });

  test("created, written and destroyed within one transaction, then again", async () => {
    const block = start(fork);
    const brief = cloneInit(42, 1, "SSTORE");
    const address = create2Address(FACTORY, SALT, brief);
    const caller = plainAddress(9);
    // Creates through the factory, uses the child, destroys it: all in one transaction.
    block.contract(
      caller,
      asm(
        ...callWith(FACTORY, tool.create2(0, SALT, brief)),
        ...callWith(address, tool.increment(1)),
        ...callWith(address, tool.destroy(HEIR)),
      ),
    );
    for (let i = 0; i < 3; i++) {
      block.send({ from: keyed(i), to: caller, gasLimit: 2_000_000, value: 0 });
      block.send({ from: keyed(3 + i), to: address, data: tool.load(1) });
      block.send({ from: keyed(3 + i), to: FACTORY, data: tool.codeSize(address) });
      block.send({ from: keyed(6), to: address, value: i });
    }
    await assertAllAgree(await block.build());
  });

  test("a reverted destruction and a reverted re-creation leave everything as it was", async () => {
    const block = start(fork);
    block.contract(child, TOOL, { balance: 3n, storage: [[1, 11]] });
    const reverter = plainAddress(10);
    block.contract(reverter, asm(...callWith(child, tool.destroy(HEIR)), 0, 0, "REVERT"));
    const recreator = plainAddress(11);
    block.contract(recreator, asm(...callWith(FACTORY, tool.create2(0, SALT, init)), 0, 0, "REVERT"));
    block.send({ from: keyed(0), to: reverter, gasLimit: 500_000 });
    block.send({ from: keyed(1), to: child, data: tool.load(1) });
    block.send({
      from: keyed(2),
      to: child,
      data: tool.slowly(PAUSE, tool.destroy(HEIR)),
      gasLimit: 500_000,
    });
    block.send({ from: keyed(3), to: recreator, gasLimit: 1_000_000 });
    block.send({ from: keyed(4), to: child, data: tool.load(1) });
    block.send({ from: keyed(5), to: FACTORY, data: tool.create2(0, SALT, init), gasLimit: 1_000_000 });
    block.send({ from: keyed(6), to: child, data: tool.storeAndRevert(1, 5) });
    block.send({ from: keyed(7), to: child, data: tool.load(1) });
    await assertAllAgree(await block.build());
  });
});

describe("slots", () => {
  test("no slot number has a meaning of its own", async () => {
    const block = start("shanghai");
    const max = (1n << 256n) - 1n;
    const slots = [0n, 1n, 0xffff_ffffn, 1n << 32n, (1n << 64n) - 1n, 1n << 64n, 1n << 255n, max - 1n, max];
    const child = create2Address(FACTORY, SALT, cloneInit());
    block.contract(child, TOOL, { storage: slots.map((slot, i) => [slot, i + 1] as const) });
    slots.forEach((slot, i) => {
      block.send({ from: keyed(i % 8), to: child, data: tool.increment(slot) });
    });
    block.send({ from: keyed(0), to: child, data: tool.destroy(HEIR) });
    slots.forEach((slot, i) => {
      block.send({ from: keyed(i % 8), to: FACTORY, data: tool.store(slot, i) });
    });
    block.send({
      from: keyed(0),
      to: FACTORY,
      data: tool.create2(0, SALT, cloneInit()),
      gasLimit: 1_000_000,
    });
    slots.forEach((slot, i) => {
      block.send({ from: keyed(i % 8), to: child, data: tool.load(slot) });
      block.send({ from: keyed(i % 8), to: FACTORY, data: tool.load(slot) });
    });
    await assertAllAgree(await block.build());
  });

  test("a re-execution that writes less takes its former writes back", async () => {
    const block = start("osaka");
    block.contract(plainAddress(3), TOOL, { storage: [[0, 1]] });
    const target = plainAddress(3);
    // Slot 0 becomes zero late: transaction 1 has written slot 1 by then, and others have read it.
    block.send({ from: keyed(0), to: target, data: tool.slowly(PAUSE, tool.store(0, 0)), gasLimit: 500_000 });
    block.send({ from: keyed(1), to: target, data: tool.storeIf(0, 1, 5) });
    block.send({ from: keyed(2), to: target, data: tool.derive(1, 2, 1) });
    block.send({ from: keyed(3), to: target, data: tool.derive(2, 3, 1) });
    block.send({ from: keyed(4), to: target, data: tool.storeIf(1, 4, 1) });
    block.send({ from: keyed(5), to: target, data: tool.load(1) });
    const { result, reexecutions } = await assertAllAgree(await block.build(), { repeat: 10 });
    expect(result.receipts[5]?.logs[0]?.data[31]).toBe(0);
    expect(reexecutions).toBeGreaterThan(0);
  });

  test("a reverted frame's writes drop, its reads stay", async () => {
    const block = start("berlin");
    const target = plainAddress(3);
    const caller = plainAddress(4);
    block.contract(target, TOOL, { storage: [[1, 1]] });
    block.contract(caller, TOOL);
    block.send({
      from: keyed(0),
      to: target,
      data: tool.slowly(PAUSE, tool.increment(1)),
      gasLimit: 500_000,
    });
    block.send({ from: keyed(2), to: caller, data: tool.call(target, tool.storeAndRevert(1, 77)) });
    block.send({ from: keyed(3), to: target, data: tool.load(1) });
    block.send({ from: keyed(4), to: caller, data: tool.call(target, tool.loadAndFail(1), 50_000) });
    block.send({ from: keyed(5), to: target, data: tool.derive(1, 2, 0) });
    await assertAllAgree(await block.build(), { repeat: 5 });
  });

  test("a read of a reverted frame alone is validated", async () => {
    const block = start("london");
    const reverting = block.contract(plainAddress(5), asm(1, "SLOAD", 0, "MSTORE", 32, 0, "REVERT"));
    // Slot 1 is only ever read in the frame that reverts; what it answered is stored in slot 7.
    const echo = plainAddress(6);
    block.contract(
      echo,
      asm(
        "CALLDATASIZE",
        "@slow",
        "JUMPI",
        32,
        0,
        0,
        0,
        reverting,
        "GAS",
        "DELEGATECALL",
        "POP",
        0,
        "MLOAD",
        7,
        "SSTORE",
        "STOP",
        ":slow",
        PAUSE,
        ":loop",
        1,
        "SWAP1",
        "SUB",
        "DUP1",
        "@loop",
        "JUMPI",
        0,
        "CALLDATALOAD",
        1,
        "SSTORE",
      ),
      { storage: [[1, 3]] },
    );
    block.send({ from: keyed(0), to: echo, data: word(9), gasLimit: 500_000 });
    block.send({ from: keyed(1), to: echo });
    const { result, reexecutions } = await assertAllAgree(await block.build(), { repeat: 10 });
    expect(result.stateChanges.accounts.get(bytesToHex(echo))?.storage.get(`0x${"0".repeat(63)}7`)).toBe(9n);
    expect(reexecutions).toBeGreaterThan(0);
  });

  test("two reads of a slot in one execution never disagree", async () => {
    const block = start("osaka");
    const target = block.contract(plainAddress(3), TOOL, { storage: [[1, 1]] });
    // The writer takes half as long as the reader waits between its reads.
    block.send({ from: keyed(0), to: target, data: tool.slowly(PAUSE, tool.store(1, 2)), gasLimit: 500_000 });
    for (let i = 1; i < 5; i++) {
      block.send({ from: keyed(i), to: target, data: tool.loadTwice(1, i * PAUSE), gasLimit: 2_000_000 });
      block.send({ from: keyed(5), to: target, data: tool.increment(1) });
    }
    const { result } = await assertAllAgree(await block.build(), { repeat: 10 });
    const readers = result.receipts.filter(({ logs }) => logs.length === 3);
    expect(readers).toHaveLength(4);
    for (const { logs } of readers) expect(logs[0]?.data).toEqual(logs[1]?.data);
  });

  // Gas of SSTORE: net metering in Constantinople, none in Petersburg, EIP-2200, EIP-2929, EIP-3529.
  test.each<Fork>(["byzantium", "constantinople", "petersburg", "istanbul", "berlin", "london", "osaka"])(
    "in %s the original value of a refund is the one before the transaction, not before the block",
    async (fork) => {
      const block = start(fork);
      const target = block.contract(plainAddress(3), TOOL, {
        storage: [
          [1, 1],
          [2, 2],
        ],
      });
      const twice = block.contract(
        plainAddress(4),
        asm(5, 1, "SSTORE", 0, 1, "SSTORE", 0, 2, "SSTORE", 2, 2, "SSTORE", 3, 2, "SSTORE"),
        {
          storage: [
            [1, 1],
            [2, 2],
          ],
        },
      );
      block.send({
        from: keyed(0),
        to: target,
        data: tool.slowly(PAUSE, tool.store(1, 0)),
        gasLimit: 500_000,
      });
      block.send({ from: keyed(1), to: target, data: tool.store(1, 1) });
      block.send({ from: keyed(2), to: target, data: tool.store(1, 0) });
      block.send({ from: keyed(3), to: target, data: tool.store(1, 0) });
      block.send({ from: keyed(4), to: target, data: tool.store(2, 0) });
      block.send({ from: keyed(5), to: target, data: tool.store(2, 2) });
      for (let i = 0; i < 4; i++) block.send({ from: keyed(i), to: twice });
      await assertAllAgree(await block.build());
    },
  );
});
