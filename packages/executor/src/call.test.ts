// Calls: what a message gives beside the blocks is what the same message gives as a transaction of a block, and as stock ethereumjs has it.

import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { decodeTransaction, InvalidTransactionError } from "@braid/protocol";
import { MemoryStateStore, NO_ACCOUNT_CHANGE, stateChangesOf } from "@braid/state";
import { runOnce } from "@braid/stock/run-once";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm } from "@braid/testing/assembler";
import { BlockBuilder, ETHER, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { TOOL, tool } from "@braid/testing/tool";
import { Address } from "@ethereumjs/util";
import { describe, expect, test } from "vitest";
import type { CallInput, CallMessage, StateOverride } from "./block/call-input.ts";
import type { CallResult } from "./call.ts";
import { executorWith, fingerprint, onAll, plainCall, runBraid } from "./testing/agree.ts";
import { readByRead } from "./testing/sources.ts";

const FORKS: readonly Fork[] = ["chainstart", "byzantium", "berlin", "london", "cancun", "osaka"];

/** What the messages come to, the same on all engines. */
async function call(
  block: TestBlock,
  messages: CallMessage[],
  more: Partial<CallInput> = {},
): Promise<CallResult[]> {
  const { input, chain } = block;
  const run = (engine: string): Promise<CallResult[]> =>
    executorWith(2, engine).call({
      header: input.header,
      chain,
      source: block.source(),
      messages,
      ...more,
    });
  const results = await onAll(run);
  const first = results[0] as CallResult[];
  for (const other of results) expect(other.map(plainCall)).toEqual(first.map(plainCall));
  return results.at(-1) as CallResult[];
}

/** What a message's actions have logged, as one hex string. */
const logged = (result: CallResult | undefined): string =>
  (result as CallResult).logs.map(({ data }) => bytesToHex(data)).join();

const slot = (n: number): Uint8Array => new Uint8Array(32).fill(0).with(31, n);
const word = (n: number): string => bytesToHex(slot(n));

/** The block's transactions as messages from their senders. */
function messagesOf(block: TestBlock): CallMessage[] {
  return block.input.transactions.map((raw, i) => {
    const { type, r: _, s: __, yParity: ___, chainId: ____, ...fields } = decodeTransaction(raw);
    const from = (block.signers[i] as { address: Uint8Array }).address;
    return { ...fields, from, ...(type < 2 ? { maxPriorityFeePerGas: fields.maxFeePerGas } : {}) };
  });
}

describe.each(FORKS)("in %s", (fork) => {
  test.each([21, 22, 23])("the messages of random block %i do what its transactions do", async (seed) => {
    const block = await randomBlock(fork, seed);
    const { transactions, receipts } = await runBraid(block, 1, { mode: "sequential" });
    for (const source of [block.source(), readByRead(block.source())]) {
      const results = await call(block, messagesOf(block), { validate: true, source, accesses: true });
      for (const [i, result] of results.entries()) {
        const { status, gasUsed, output, error, createdAddress, writes } = transactions[
          i
        ] as (typeof transactions)[0];
        const expected = { status, gasUsed, output, error, createdAddress, logs: receipts[i]?.logs };
        const { reads: _, writes: written, maxGasUsed, frameOutOfGas: __, engine: ___, ...rest } = result;
        expect(maxGasUsed).toBeGreaterThanOrEqual(gasUsed);
        expect({ error: undefined, createdAddress: undefined, ...rest }, `message ${i}`).toEqual(expected);
        expect(new Set(written?.map(({ address, field }) => address + field))).toEqual(
          new Set(writes.map(({ address, field }) => address + field)),
        );
      }
    }
  });
});

test("single calls give what stock ethereumjs gives", async () => {
  const block = await randomBlock("cancun", 24);
  const messages = messagesOf(block).filter(({ blobVersionedHashes }) => blobVersionedHashes?.length === 0);
  let compared = 0;
  await runOnce({ ...block, input: { ...block.input, transactions: [] } }, (vm) => {
    vm.events.on("beforeBlock", async (_block: unknown, resolve?: () => void) => {
      for (const message of messages) {
        const [result] = await call(block, [
          { ...message, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, accessList: [] },
        ]);
        const gas = (message.gasLimit as bigint) - intrinsic(message);
        await vm.evm.journal.checkpoint();
        const { execResult } = await vm.evm.runCall({
          caller: new Address(message.from as Uint8Array),
          ...(message.to === undefined ? {} : { to: new Address(message.to) }),
          data: message.data ?? new Uint8Array(0),
          value: message.value ?? 0n,
          gasLimit: gas,
          gasPrice: 0n,
          skipBalance: false,
          block: { header: { ...block.input.header, getBlobGasPrice: () => 1n } } as never,
        });
        await vm.evm.journal.revert();
        vm.evm.journal.accessList?.clear();
        if (message.to !== undefined && result?.status === 1) {
          expect(bytesToHex(result.output)).toBe(bytesToHex(execResult.returnValue));
          compared++;
        }
      }
      resolve?.();
    });
  });
  expect(compared).toBeGreaterThan(3);
});

function intrinsic({ data = new Uint8Array(0) }: CallMessage): bigint {
  return data.reduce((sum, byte) => sum + (byte === 0 ? 4n : 16n), 21_000n);
}

/** Calls an address with so much gas, and minds nothing. */
const calling = (address: Uint8Array, gas: number): string =>
  `0x6000600060006000600073${bytesToHex(address).slice(2)}61${gas.toString(16).padStart(4, "0")}f100`;
const ENDLESS = "0x5b600056";

test.each([
  ["nothing", "0x00", false],
  ["a contract that takes all", calling(plainAddress(6), 900), true],
  ["a contract that has enough", calling(plainAddress(7), 900), false],
  ["a precompile that has too little", calling(slot(2).subarray(12), 10), true],
  ["a creation that takes all", `0x63${ENDLESS.slice(2)}6000526004601c6000f000`, true],
])("that a frame runs out of gas is told of a message that calls %s", async (_name, code, expected) => {
  const block = new BlockBuilder("prague");
  block.fund(keyed(0));
  block.contract(plainAddress(5), hexToBytes(code));
  block.contract(plainAddress(6), hexToBytes(ENDLESS));
  block.contract(plainAddress(7), asm(1, "POP"));
  const message = { from: keyed(0).address, to: plainAddress(5), gasLimit: 200_000n };
  const [result] = await call(await block.build(), [message]);
  expect(result).toMatchObject({ status: 1, frameOutOfGas: expected });
});

async function contractBlock(): Promise<TestBlock> {
  const block = new BlockBuilder("prague");
  block.fund(keyed(0));
  block.contract(plainAddress(5), TOOL, {
    storage: [
      [1, 7],
      [2, 8],
    ],
    balance: 3n,
  });
  return block.build();
}

describe("what a call is asked for", () => {
  const to = plainAddress(5);

  test("nothing of a sender that nobody has heard of, and no fees", async () => {
    const [result] = await call(await contractBlock(), [{ to, data: tool.load(1) }]);
    expect(result).toMatchObject({ status: 1 });
    expect(logged(result)).toContain(word(7).slice(2));
  });

  test("funds for its value, and gas for itself; its index is told", async () => {
    const block = await contractBlock();
    const from = plainAddress(99);
    await expect(call(block, [{ to }, { to, from, value: 1n }])).rejects.toMatchObject({
      code: "BRAID_TX_INSUFFICIENT_FUNDS",
      data: { transactionIndex: 1 },
    });
    await expect(call(block, [{ to, gasLimit: 20_000n }])).rejects.toMatchObject({
      code: "BRAID_TX_INTRINSIC_GAS_TOO_LOW",
      data: { transactionIndex: 0 },
    });
    await expect(
      call(block, [{ to, from: keyed(0).address, nonce: 4n }], { validate: true }),
    ).rejects.toMatchObject({
      data: { transactionIndex: 0 },
    });
    expect((await call(block, [{ to, from: keyed(0).address, value: 1n }]))[0]).toMatchObject({ status: 1 });
  });

  test("each message sees those before it, and no other call does", async () => {
    const block = await contractBlock();
    const results = await call(block, [
      { to, data: tool.store(1, 9) },
      { to, data: tool.load(1) },
    ]);
    expect(logged(results[1])).toContain(word(9).slice(2));
    const [again] = await call(block, [{ to, data: tool.load(1) }]);
    expect(logged(again)).toContain(word(7).slice(2));
  });

  test("a revert is a result, with what it says", async () => {
    const [result] = await call(await contractBlock(), [{ to, data: tool.storeAndRevert(1, 1) }]);
    expect(result).toMatchObject({ status: 0, error: "revert" });
  });
});

describe("overrides", () => {
  const to = plainAddress(5);
  const load = async (n: number, more: Partial<CallInput>): Promise<string> => {
    const [result] = await call(await contractBlock(), [{ to, data: tool.load(n) }], more);
    return logged(result);
  };

  test("slots, with and without the others", async () => {
    const stateDiff: [Uint8Array, bigint][] = [[slot(1), 5n]];
    expect(await load(1, { stateOverrides: [{ address: to, stateDiff }] })).toContain(word(5).slice(2));
    expect(await load(2, { stateOverrides: [{ address: to, stateDiff }] })).toContain(word(8).slice(2));
    expect(await load(1, { stateOverrides: [{ address: to, state: stateDiff }] })).toContain(
      word(5).slice(2),
    );
    expect(await load(2, { stateOverrides: [{ address: to, state: stateDiff }] })).toContain(
      word(0).slice(2),
    );
  });

  test("what is overridden counts as having been there: gas is that of a slot that had the value", async () => {
    const block = await contractBlock();
    const store = { to, data: tool.store(1, 5) };
    const [same] = await call(block, [store], {
      stateOverrides: [{ address: to, stateDiff: [[slot(1), 5n]] }],
    });
    const [other] = await call(block, [store]);
    expect((other as CallResult).gasUsed - (same as CallResult).gasUsed).toBe(2_900n - 100n);
  });

  test("code, balance and nonce, of accounts that were not there too", async () => {
    const block = await contractBlock();
    const [here, from] = [plainAddress(70), plainAddress(71)];
    const overrides = {
      stateOverrides: [
        { address: here, code: TOOL },
        { address: from, balance: ETHER, nonce: 6n },
      ],
    };
    const results = await call(
      block,
      [
        { to: here, data: tool.balance(from), from },
        { from, value: 5n, to: here, nonce: 7n, maxFeePerGas: 100n, gasLimit: 100_000n },
      ],
      { ...overrides, validate: false },
    );
    expect(logged(results[0])).toContain(ETHER.toString(16));
    const valid = { from, value: 5n, to: here, nonce: 6n, maxFeePerGas: 100n, gasLimit: 100_000n };
    expect((await call(block, [valid], { ...overrides, validate: true }))[0]).toMatchObject({ status: 1 });
  });

  test("fields of the block", async () => {
    // NUMBER, TIMESTAMP, COINBASE, PREVRANDAO, GASLIMIT, BASEFEE, BLOBBASEFEE: MSTORE each, return all.
    const opcodes = [0x43, 0x42, 0x41, 0x44, 0x45, 0x48, 0x4a];
    const code = Uint8Array.from([
      ...opcodes.flatMap((op, i) => [op, 0x60, i * 32, 0x52]),
      0x60,
      32 * 7,
      0x5f,
      0xf3,
    ]);
    const [result] = await call(
      await contractBlock(),
      [{ to, maxFeePerGas: 50n, from: keyed(0).address, gasLimit: 100_000n }],
      {
        stateOverrides: [{ address: to, code }],
        blockOverrides: {
          number: 1n,
          timestamp: 2n,
          coinbase: plainAddress(3),
          prevRandao: slot(4),
          gasLimit: 5n,
          baseFeePerGas: 6n,
          blobGasPrice: 7n,
        },
      },
    );
    const { output } = result as CallResult;
    const words = Array.from({ length: 7 }, (_, i) => bytesToHex(output.subarray(i * 32, i * 32 + 32)));
    expect(words.map((text) => BigInt(text))).toEqual([
      1n,
      2n,
      BigInt(bytesToHex(plainAddress(3))),
      4n,
      5n,
      6n,
      7n,
    ]);
  });
});

describe.each(["caller", "worker"] as const)("precompiles that are overridden (thread: %s)", (thread) => {
  const identity = new Uint8Array(20).with(19, 4);
  const data = Uint8Array.of(1, 2, 3, 4);
  const there = plainAddress(80);
  const run = async (stateOverrides: StateOverride[], messages: CallMessage[]): Promise<CallResult[]> =>
    call(await contractBlock(), messages, { stateOverrides, thread });

  test("one is moved: it is at the new address, for messages and for calls within them, and not at its own", async () => {
    const messages = [
      { to: there, data },
      { to: identity, data },
      { to: plainAddress(81), data },
      { to: plainAddress(82), data },
    ];
    // Hands its call data on, and what comes back.
    const forward = (to: Uint8Array): Uint8Array =>
      asm(
        ...["CALLDATASIZE", 0, 0, "CALLDATACOPY", 0, 0, "CALLDATASIZE", 0, 0, to, "GAS", "CALL", "POP"],
        ...["RETURNDATASIZE", 0, 0, "RETURNDATACOPY", "RETURNDATASIZE", 0, "RETURN"],
      );
    const results = await run(
      [
        { address: identity, movePrecompileToAddress: there },
        { address: plainAddress(81), code: forward(there) },
        { address: plainAddress(82), code: forward(identity) },
      ],
      messages,
    );
    expect(results.map(({ status }) => status)).toEqual([1, 1, 1, 1]);
    expect(results.map(({ output }) => bytesToHex(output))).toEqual(["0x01020304", "0x", "0x01020304", "0x"]);
    const [usual] = await run([], [{ to: identity, data }]);
    expect(results[0]?.gasUsed).toBe(usual?.gasUsed);
    // The calls after it have the fork's precompiles.
    const [back, gone] = await run([], messages);
    expect(bytesToHex((gone as CallResult).output)).toBe("0x01020304");
    expect(bytesToHex((back as CallResult).output)).toBe("0x");
  });

  test("one whose code is set is that code, moved or not; any override ends it", async () => {
    const code = asm(7, 0, "MSTORE", 32, 0, "RETURN");
    const messages = [
      { to: identity, data },
      { to: there, data },
    ];
    const moved = await run([{ address: identity, movePrecompileToAddress: there, code }], messages);
    expect(moved.map(({ output }) => bytesToHex(output))).toEqual([word(7), "0x01020304"]);
    const [set] = await run([{ address: identity, code }], messages);
    expect(bytesToHex((set as CallResult).output)).toBe(word(7));
    const [rich] = await run([{ address: identity, balance: 1n }], messages);
    expect(bytesToHex((rich as CallResult).output)).toBe("0x");
  });

  test("one that is a hash, and one that takes another one's place", async () => {
    const sha = identity.with(19, 2);
    const [hash] = await run([], [{ to: sha, data }]);
    const [lost] = await run([{ address: identity, movePrecompileToAddress: sha }], [{ to: sha, data }]);
    expect(bytesToHex((lost as CallResult).output)).toBe("0x01020304");
    const [moved] = await run([{ address: sha, movePrecompileToAddress: there }], [{ to: there, data }]);
    expect(moved?.output).toEqual(hash?.output);
  });

  test.each<[string, StateOverride[]]>([
    ["what is no precompile", [{ address: plainAddress(5), movePrecompileToAddress: plainAddress(6) }]],
    ["to no address", [{ address: identity, movePrecompileToAddress: new Uint8Array(19) }]],
    ["to itself", [{ address: identity, movePrecompileToAddress: identity }]],
    [
      "to an account that is overridden",
      [
        { address: identity, movePrecompileToAddress: there },
        { address: there, balance: 1n },
      ],
    ],
    [
      "two to one address",
      [1, 2].map((i) => ({ address: identity.with(19, i), movePrecompileToAddress: there })),
    ],
  ])("moving %s is refused", async (_, overrides) => {
    await expect(run(overrides, [{ to: there, data }])).rejects.toMatchObject({
      name: "InvalidInputError",
      code: "BRAID_INVALID_INPUT",
    });
    const [usual] = await run([], [{ to: identity, data }]);
    expect(bytesToHex((usual as CallResult).output)).toBe("0x01020304");
  });
});

describe("on threads of their own", () => {
  test("calls are what they are on the caller's thread", async () => {
    const block = await randomBlock("osaka", 26);
    const messages = messagesOf(block);
    const expected = await call(block, messages, { validate: true, accesses: true });
    const threaded = { validate: true, accesses: true, thread: "worker" } as const;
    for (const source of [block.source(), readByRead(block.source())])
      expect(await call(block, messages, { ...threaded, source })).toEqual(expected);
    const many = await Promise.all(Array.from({ length: 20 }, () => call(block, messages, threaded)));
    for (const one of many) expect(one).toEqual(expected);
  });

  test("errors are those of the caller's thread, the source's own too", async () => {
    const block = await contractBlock();
    const thread = "worker";
    const to = plainAddress(5);
    const poor = [{ to }, { to, from: plainAddress(99), value: 1n }];
    await expect(call(block, poor, { thread })).rejects.toBeInstanceOf(InvalidTransactionError);
    await expect(call(block, poor, { thread })).rejects.toMatchObject({ data: { transactionIndex: 1 } });
    const broken = new RangeError("no such page");
    const source = Object.assign(readByRead(block.source()), { getStorage: () => Promise.reject(broken) });
    await expect(call(block, [{ to, data: tool.load(1) }], { thread, source })).rejects.toBe(broken);
    await expect(call(block, [{ to }], { thread, tracer: () => ({}) })).rejects.toMatchObject({
      code: "BRAID_INVALID_INPUT",
    });
    await expect(call(block, [{ to: new Uint8Array(19) }])).rejects.toMatchObject({
      code: "BRAID_INVALID_INPUT",
    });
    await expect(call(block, [{ to }], { thread, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "BRAID_ABORTED",
    });
  });

  test("their cache follows the state from block to block", async () => {
    const block = await contractBlock();
    const store = MemoryStateStore.fromFlat(block.pre, { hash: slot(100), number: 0n });
    const to = plainAddress(5);
    for (const thread of ["caller", "worker"] as const) {
      let parent = slot(100);
      for (let value = 1; value < 6; value++) {
        const source = store.stateAt(parent);
        const [before] = await call(block, [{ to, data: tool.load(3) }], { source, thread });
        expect(logged(before)).toBe(word(value - 1));
        const next = slot((thread === "caller" ? 110 : 120) + value);
        const storage = new Map([[word(3) as Hex, BigInt(value)]]);
        const change = { ...NO_ACCOUNT_CHANGE, storage };
        const changes = stateChangesOf({ accounts: new Map([[bytesToHex(to), change]]), codes: new Map() });
        await store.prepare(parent, changes).commit({ hash: next, number: BigInt(value) });
        await store.setHead(next);
        parent = next;
      }
    }
  });
});

test("calls go on beside blocks, many at once, and change nothing for them", async () => {
  const block = await randomBlock("shanghai", 25);
  const print = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
  const other = await contractBlock();
  const calls = Array.from({ length: 50 }, (_, i) =>
    call(i % 2 === 0 ? other : block, [{ to: plainAddress(5), data: tool.load(1) }]),
  );
  const blocks = [runBraid(block, 2), runBraid(block, 2)];
  for (const result of await Promise.all(blocks)) expect(fingerprint(result)).toBe(print);
  const results = await Promise.all(calls);
  for (const [i, [result]] of results.entries())
    if (i % 2 === 0) expect(logged(result)).toContain(word(7).slice(2));
});
