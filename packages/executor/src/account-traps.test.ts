// Traps of parallel execution around accounts: empty ones, the beneficiary in every role, balances that are only looked at as
// predicates, contracts that are created where ether already lies.

import { bytesToHex, hexToBytes } from "@braid/primitives";
import { create2Address, createAddress, keyed, plainAddress } from "@braid/testing/accounts";
import { asm, callWith, initCode } from "@braid/testing/assembler";
import { BlockBuilder, type BlockOptions, ETHER, FORKS, type Fork } from "@braid/testing/block-builder";
import { cloneInit, TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import { assertAllAgree, outcomeOfBraid, runBraid } from "./testing/agree.ts";
import { readByRead } from "./testing/sources.ts";

/** About a millisecond: enough for other workers to run ahead. */
const PAUSE = 1_500;
const CONTRACT = plainAddress(1);

function start(fork: Fork, options: BlockOptions = {}): BlockBuilder {
  const block = new BlockBuilder(fork, options);
  block.fund(...Array.from({ length: 8 }, (_, i) => keyed(i)));
  block.contract(CONTRACT, TOOL, { balance: 100n });
  return block;
}

describe.each<Fork>([
  "chainstart",
  "homestead",
  "tangerineWhistle",
  "spuriousDragon",
  "byzantium",
  "istanbul",
  "london",
  "osaka",
])("empty accounts (EIP-161) in %s", (fork) => {
  test("empty accounts that exist, are touched, called without value, and used again", async () => {
    const block = start(fork);
    // Two empty accounts that stand in the state, as the attacks of 2016 left them, and two that do not.
    const standing = [plainAddress(20), plainAddress(21)];
    const absent = [plainAddress(22), plainAddress(23)];
    for (const address of standing) block.account(address, {});
    block.send({
      from: keyed(0),
      to: CONTRACT,
      data: tool.slowly(PAUSE, tool.pay(plainAddress(20), 0)),
      gasLimit: 500_000,
    });
    block.send({ from: keyed(1), to: CONTRACT, data: tool.balance(plainAddress(20)) });
    for (const address of [...standing, ...absent]) {
      block.send({ from: keyed(2), to: CONTRACT, data: tool.pay(address, 0) });
      block.send({ from: keyed(3), to: address, value: 0 });
    }
    block.send({ from: keyed(4), to: plainAddress(21), value: 1 });
    block.send({ from: keyed(5), to: CONTRACT, data: tool.pay(plainAddress(22), 1) });
    block.send({ from: keyed(6), to: CONTRACT, data: tool.call(plainAddress(23), new Uint8Array(0)) });
    block.send({ from: keyed(7), to: CONTRACT, data: tool.codeSize(plainAddress(20)) });
    await assertAllAgree(await block.build());
  });

  test("a call of no value to a contract that was destroyed earlier in the block", async () => {
    const block = start(fork);
    const victim = block.contract(plainAddress(24), TOOL, { balance: 3n, storage: [[1, 1]] });
    block.send({
      from: keyed(0),
      to: victim,
      data: tool.slowly(PAUSE, tool.destroy(CONTRACT)),
      gasLimit: 500_000,
    });
    block.send({ from: keyed(1), to: CONTRACT, data: tool.pay(victim, 0) });
    block.send({ from: keyed(2), to: victim, value: 0 });
    block.send({ from: keyed(3), to: CONTRACT, data: tool.balance(victim) });
    block.send({ from: keyed(4), to: victim, value: 1 });
    block.send({ from: keyed(5), to: CONTRACT, data: tool.balance(victim) });
    await assertAllAgree(await block.build());
  });

  test("self-destruction to an absent account, to an empty one, to itself, with and without ether", async () => {
    const block = start(fork);
    block.account(plainAddress(31), {});
    const heirs = [plainAddress(30), plainAddress(31), plainAddress(40)];
    for (const [i, heir] of heirs.entries()) {
      for (const balance of [0n, 5n]) {
        const victim = block.contract(plainAddress(40 + 2 * i + Number(balance > 0n)), TOOL, { balance });
        block.send({ from: keyed(i), to: victim, data: tool.destroy(heir) });
      }
    }
    block.send({ from: keyed(4), to: CONTRACT, data: tool.balance(plainAddress(40)) });
    block.send({ from: keyed(5), to: plainAddress(40), value: 1 });
    await assertAllAgree(await block.build());
  });
});

test("the precompile 3 stays touched when the frame that touched it runs out of gas (mainnet 2675119)", async () => {
  const block = start("spuriousDragon");
  const ripemd = hexToBytes(`0x${"00".repeat(19)}03`);
  const two = hexToBytes(`0x${"00".repeat(19)}02`);
  block.account(ripemd, {});
  block.account(two, {});
  block.send({ from: keyed(0), to: CONTRACT, data: tool.call(ripemd, new Uint8Array(0), 100) });
  block.send({ from: keyed(1), to: CONTRACT, data: tool.call(two, new Uint8Array(0), 10) });
  const { result } = await assertAllAgree(await block.build());
  expect(result.stateChanges.accounts.get(bytesToHex(ripemd))?.deleted).toBe(true);
  expect(result.stateChanges.accounts.has(bytesToHex(two))).toBe(false);
});

describe.each<Fork>([
  "chainstart",
  "spuriousDragon",
  "byzantium",
  "berlin",
  "london",
  "paris",
  "shanghai",
  "cancun",
  "osaka",
])("the beneficiary in %s", (fork) => {
  /** No fee for the beneficiary: price 0, or from London on exactly the base fee. */
  const zeroTip =
    fork === "chainstart" || FORKS.indexOf(fork as (typeof FORKS)[number]) < FORKS.indexOf("london")
      ? 0n
      : 7n;

  test("is read by everybody, with and without tips", async () => {
    const coinbase = plainAddress(50);
    const block = start(fork, { coinbase });
    for (let i = 0; i < 4; i++) {
      block.send({ from: keyed(i), to: plainAddress(60), value: 1 });
      block.send({ from: keyed(i), to: CONTRACT, data: tool.balance(coinbase) });
      block.send({
        from: keyed(4),
        to: CONTRACT,
        data: tool.slowly(PAUSE, tool.balance(coinbase)),
        gasLimit: 500_000,
        maxFeePerGas: zeroTip,
      });
      block.send({ from: keyed(5), to: coinbase, value: 3 });
      block.send({ from: keyed(6), to: CONTRACT, data: tool.pay(coinbase, 1) });
    }
    await assertAllAgree(await block.build());
  });

  test("is the sender, and is credited its own fees", async () => {
    const coinbase = keyed(0).address;
    const block = start(fork, { coinbase });
    for (let i = 0; i < 4; i++) {
      block.send({ from: keyed(0), to: keyed(1).address, value: ETHER });
      block.send({ from: keyed(1), to: coinbase, value: 5 });
      block.send({ from: keyed(2), to: CONTRACT, data: tool.balance(coinbase) });
      block.send({ from: keyed(0), to: CONTRACT, data: tool.balance(coinbase), maxFeePerGas: zeroTip });
    }
    await assertAllAgree(await block.build());
  });

  test("can only pay for its transaction with the fees of the block", async () => {
    const poor = keyed(9);
    const block = start(fork, { coinbase: poor.address });
    block.account(poor.address, { balance: 0n });
    // Seven transactions of some 60,000 gas with a tip of 3 or more: enough for 21,000 gas at 20.
    for (let i = 0; i < 7; i++)
      block.send({ from: keyed(i), to: CONTRACT, data: tool.increment(i), maxFeePerGas: 40n });
    block.send({ from: poor, to: CONTRACT, data: new Uint8Array(0), gasLimit: 25_000 });
    block.send({ from: keyed(1), to: CONTRACT, data: tool.balance(poor.address) });
    await assertAllAgree(await block.build());
  });

  test("is a contract that pays, destroys itself, and is credited afterwards", async () => {
    const coinbase = plainAddress(51);
    const block = start(fork, { coinbase });
    block.contract(coinbase, TOOL, { balance: 1_000n, storage: [[1, 1]] });
    block.send({
      from: keyed(0),
      to: coinbase,
      data: tool.slowly(PAUSE, tool.pay(plainAddress(61), 10)),
      gasLimit: 500_000,
    });
    block.send({ from: keyed(1), to: coinbase, data: tool.load(1) });
    block.send({ from: keyed(2), to: coinbase, data: tool.destroy(plainAddress(62)) });
    block.send({ from: keyed(3), to: CONTRACT, data: tool.balance(coinbase) });
    block.send({ from: keyed(4), to: coinbase, data: tool.load(1) });
    block.send({ from: keyed(5), to: plainAddress(63), value: 1, maxFeePerGas: zeroTip });
    block.send({ from: keyed(6), to: CONTRACT, data: tool.balance(coinbase) });
    await assertAllAgree(await block.build());
  });

  test("is absent and gets nothing, or is what a self-destructing contract pays", async () => {
    const coinbase = plainAddress(52);
    const block = start(fork, { coinbase });
    block.send({ from: keyed(0), to: plainAddress(64), value: 1, maxFeePerGas: zeroTip });
    block.send({ from: keyed(1), to: CONTRACT, data: tool.balance(coinbase), maxFeePerGas: zeroTip });
    block.send({ from: keyed(2), to: CONTRACT, data: tool.destroy(coinbase), maxFeePerGas: zeroTip });
    block.send({ from: keyed(3), to: CONTRACT, data: tool.balance(coinbase), maxFeePerGas: zeroTip });
    await assertAllAgree(await block.build());
  });

  test("is created during the block where fees already lie", async () => {
    const coinbase = createAddress(keyed(7).address, 0);
    const block = start(fork, { coinbase });
    block.send({ from: keyed(0), to: plainAddress(65), value: 1 });
    block.send({ from: keyed(7), data: initCode(TOOL), gasLimit: 2_000_000, value: 4 });
    block.send({ from: keyed(1), to: coinbase, data: tool.balance(coinbase) });
    block.send({ from: keyed(2), to: coinbase, data: tool.pay(plainAddress(66), 100) });
    await assertAllAgree(await block.build());
  });
});

describe("balances", () => {
  test("a sender that was drained earlier in the block is insolvent, whatever was assumed", async () => {
    const block = start("osaka");
    const poor = keyed(9);
    block.account(poor.address, { balance: 500_000n });
    // At 20 a gas: 21,000 gas cost 420,000. The second transaction is only paid for when the first one's change comes back.
    block.send({
      from: keyed(0),
      to: CONTRACT,
      data: tool.slowly(PAUSE, tool.pay(poor.address, 50)),
      gasLimit: 500_000,
    });
    block.send({ from: keyed(1), to: poor.address, value: 400_000 });
    block.send({ from: poor, to: plainAddress(70), gasLimit: 21_000, value: 10 });
    block.send({ from: poor, to: plainAddress(70), gasLimit: 21_000, value: 1 });
    await assertAllAgree(await block.build(), { repeat: 5 });
  });

  test.each<[string, { value?: bigint; gasLimit?: bigint; blobs?: number }]>([
    ["value", { value: 400_000n }],
    ["gas limit times maximum fee", { gasLimit: 40_000n }],
    ["blob fee", { blobs: 1 }],
  ])(
    "insolvency by %s is found behind debits of the same block",
    async (_what, { value = 0n, gasLimit = 21_000n, blobs = 0 }) => {
      const block = start("cancun");
      const poor = keyed(9);
      block.account(poor.address, { balance: 900_000n });
      block.send({
        from: keyed(0),
        to: CONTRACT,
        data: tool.slowly(PAUSE, tool.pay(plainAddress(71), 1)),
        gasLimit: 500_000,
      });
      block.send({ from: poor, to: plainAddress(70), gasLimit: 21_000, value: 100_000n });
      block.send({
        from: poor,
        to: plainAddress(70),
        gasLimit,
        value,
        ...(blobs === 0
          ? {}
          : {
              type: 3 as const,
              blobVersionedHashes: [hexToBytes(`0x01${"11".repeat(31)}`)],
              maxFeePerBlobGas: 5n,
            }),
      });
      block.send({ from: keyed(1), to: plainAddress(70) });
      const built = await block.build();
      const failure = { code: "BRAID_TX_INSUFFICIENT_FUNDS", data: { transactionIndex: 2 } };
      await expect(runBraid(built, 1, { mode: "sequential" })).rejects.toMatchObject(failure);
      for (const workers of [1, 2, 3, 8])
        await expect(runBraid(built, workers)).rejects.toMatchObject(failure);
    },
  );

  test("a contract pays out of what it was paid just before, or cannot", async () => {
    const block = start("london");
    const till = block.contract(plainAddress(72), TOOL, {});
    for (let i = 0; i < 6; i++) {
      if (i % 2 === 0)
        block.send({
          from: keyed(i),
          to: till,
          value: 10,
          data: tool.slowly(PAUSE, tool.balance(till)),
          gasLimit: 500_000,
        });
      block.send({ from: keyed(i), to: till, data: tool.pay(plainAddress(73), 7) });
      block.send({ from: keyed(i), to: till, data: tool.pay(plainAddress(74), 3) });
    }
    await assertAllAgree(await block.build());
  });

  test("credits that would pass 2^256 - 1 fail, also when the huge balance comes in mid-block", async () => {
    const block = start("london");
    const max = (1n << 256n) - 1n;
    const rich = block.contract(plainAddress(75), TOOL, { balance: max });
    const target = plainAddress(76);
    block.contract(target, TOOL, { balance: 5n });
    block.send({
      from: keyed(0),
      to: rich,
      data: tool.slowly(PAUSE, tool.pay(target, max - 100n)),
      gasLimit: 500_000,
    });
    block.send({ from: keyed(1), to: CONTRACT, data: tool.pay(target, 96) });
    block.send({ from: keyed(2), to: CONTRACT, data: tool.pay(target, 95) });
    block.send({ from: keyed(3), to: CONTRACT, data: tool.balance(target) });
    const built = await block.build();
    await assertAllAgree(built, { repeat: 5 });
    // The same with a source that answers read by read: nobody knows of the huge balance before the first transaction asks.
    const expected = await outcomeOfBraid(built, await runBraid(built, 1, { mode: "sequential" }));
    for (const hints of [true, false]) {
      for (let round = 0; round < 10; round++) {
        const result = await runBraid(built, 2, { source: readByRead(built.source()), hints });
        expect(await outcomeOfBraid(built, result)).toEqual(expected);
      }
    }
  });
});

describe.each<Fork>(["constantinople", "istanbul", "berlin", "london", "cancun", "osaka"])(
  "creation in %s",
  (fork) => {
    test("CREATE and CREATE2 over funded addresses keep the ether", async () => {
      const block = start(fork);
      const init = cloneInit(5, 1, "SSTORE");
      const second = create2Address(CONTRACT, 1, init);
      // CREATE2 uses up nonce 1.
      const first = createAddress(CONTRACT, 2);
      block.send({
        from: keyed(0),
        to: CONTRACT,
        data: tool.slowly(PAUSE, tool.pay(second, 7)),
        gasLimit: 500_000,
      });
      block.send({ from: keyed(1), to: first, value: 8 });
      block.send({
        from: keyed(2),
        to: CONTRACT,
        data: tool.create2(1, 1, init),
        gasLimit: 1_000_000,
        value: 1,
      });
      block.send({ from: keyed(3), to: CONTRACT, data: tool.create(2, init), gasLimit: 1_000_000, value: 2 });
      for (const address of [first, second]) {
        block.send({ from: keyed(4), to: address, data: tool.balance(address) });
        block.send({ from: keyed(5), to: address, data: tool.increment(1) });
      }
      const { result } = await assertAllAgree(await block.build());
      expect(result.stateChanges.accounts.get(bytesToHex(second))?.balance).toBe(8n);
      expect(result.stateChanges.accounts.get(bytesToHex(first))?.balance).toBe(10n);
    });

    test("creations that collide, fail, or deploy nothing", async () => {
      const block = start(fork);
      const init = cloneInit();
      const nothing = asm("STOP");
      const failing = asm(1, 1, "SSTORE", "INVALID");
      const starting0xef = asm(0xef, 0, "MSTORE8", 1, 0, "RETURN");
      for (let i = 0; i < 2; i++) {
        for (const code of [init, nothing, failing, starting0xef]) {
          block.send({ from: keyed(i), to: CONTRACT, data: tool.create2(1, 3, code), gasLimit: 1_000_000 });
          block.send({ from: keyed(2 + i), to: CONTRACT, data: tool.create(1, code), gasLimit: 1_000_000 });
          block.send({ from: keyed(4 + i), data: code, gasLimit: 1_000_000, value: 1 });
        }
      }
      await assertAllAgree(await block.build());
    });

    test("a contract's nonce counts its creations across transactions", async () => {
      const block = start(fork);
      for (let i = 0; i < 6; i++) {
        const data = tool.create(1, cloneInit());
        block.send({
          from: keyed(i),
          to: CONTRACT,
          data: i === 0 ? tool.slowly(PAUSE, data) : data,
          gasLimit: 1_000_000,
        });
      }
      for (let nonce = 1; nonce < 7; nonce++) {
        block.send({ from: keyed(7), to: CONTRACT, data: tool.codeSize(createAddress(CONTRACT, nonce)) });
      }
      await assertAllAgree(await block.build());
    });

    test("the receiver of a transaction is created by the transaction before it", async () => {
      const block = start(fork);
      const init = cloneInit(5, 1, "SSTORE");
      const child = create2Address(CONTRACT, 9, init);
      block.contract(
        plainAddress(80),
        asm(...callWith(child, tool.increment(1)), ...callWith(child, tool.load(1))),
      );
      block.send({ from: keyed(0), to: child, data: tool.increment(1), value: 1 });
      block.send({
        from: keyed(1),
        to: CONTRACT,
        data: tool.slowly(PAUSE, tool.create2(0, 9, init)),
        gasLimit: 1_000_000,
      });
      block.send({ from: keyed(2), to: child, data: tool.increment(1), value: 1 });
      block.send({ from: keyed(3), to: plainAddress(80) });
      block.send({ from: keyed(4), to: CONTRACT, data: tool.codeHash(child) });
      block.send({ from: keyed(5), to: CONTRACT, data: tool.delegate(child, tool.increment(1)) });
      await assertAllAgree(await block.build());
    });
  },
);
