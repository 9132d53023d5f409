// Simulated blocks: messages do to the state what the same transactions do in a block, system calls and requests among it.

import { bytesToHex } from "@braid/primitives";
import { decodeTransaction } from "@braid/protocol";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { randomBlock } from "@braid/testing/random-block";
import { describe, expect, test } from "vitest";
import type { CallMessage, SimulateInput } from "./block/call-input.ts";
import type { SimulatedBlock } from "./call.ts";
import { executorWith, inputOf, onAll, plainCall } from "./testing/agree.ts";

const FORKS: readonly Fork[] = ["byzantium", "london", "cancun", "prague", "osaka"];

/** What the block comes to, the same on all engines. */
async function simulate(
  { input, chain, source }: TestBlock,
  messages: CallMessage[],
  more: Partial<SimulateInput> = {},
): Promise<SimulatedBlock> {
  const plain = ({ results, stateChanges, requests }: SimulatedBlock): object => ({
    results: results.map(plainCall),
    changes: bytesToHex(stateChanges.bytes),
    requests,
  });
  const blocks = await onAll((engine) =>
    executorWith(2, engine).simulate({ header: input.header, chain, source: source(), messages, ...more }),
  );
  const first = blocks[0] as SimulatedBlock;
  for (const other of blocks) expect(plain(other)).toEqual(plain(first));
  return blocks.at(-1) as SimulatedBlock;
}

/** The block's transactions as messages from their senders. */
function messagesOf({ input, signers }: TestBlock): CallMessage[] {
  return input.transactions.map((raw, i) => {
    const { type: _, r: __, s: ___, yParity: ____, chainId: _____, ...fields } = decodeTransaction(raw);
    return { ...fields, from: signers[i]?.address ?? new Uint8Array(20) };
  });
}

/** A block that a simulation can have: without withdrawals and uncles. */
function bare(block: TestBlock): TestBlock {
  const { withdrawals, ...input } = block.input;
  return {
    ...block,
    input: { ...input, uncles: [], ...(withdrawals === undefined ? {} : { withdrawals: [] }) },
  };
}

describe.each(FORKS)("in %s", (fork) => {
  test.each([1, 2, 3, 4])(
    "the messages of random block %i change what its transactions change",
    async (seed) => {
      const block = bare(await randomBlock(fork, seed));
      const expected = await executorWith(2).executeBlock(inputOf(block));
      const { results, stateChanges, requests } = await simulate(block, messagesOf(block), {
        validate: true,
      });
      expect(results.map(({ status, gasUsed }) => [status, gasUsed])).toEqual(
        expected.transactions.map(({ status, gasUsed }) => [status, gasUsed]),
      );
      expect(bytesToHex(stateChanges.bytes)).toBe(bytesToHex(expected.stateChanges.bytes));
      // Deposits are found in the logs, by whoever has them.
      const fromContracts = (expected.requests ?? []).filter((request) => request[0] !== 0);
      expect(requests.map(bytesToHex)).toEqual(fromContracts.map(bytesToHex));
      for (const { gasUsed, maxGasUsed } of results) expect(maxGasUsed).toBeGreaterThanOrEqual(gasUsed);
    },
  );
});

/** PUSH0 MSTORE of GAS, and RETURN of it. */
const TELLS_GAS = Uint8Array.of(0x5a, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3);
const TELLER = plainAddress(77);

async function emptyBlock(): Promise<TestBlock> {
  return bare(await new BlockBuilder("osaka").build());
}

test("a message without a gas limit has what is left of the block's gas and of the budget", async () => {
  const block = await emptyBlock();
  const stateOverrides = [{ address: TELLER, code: TELLS_GAS }];
  const message = { to: TELLER, from: keyed(1).address };
  const told = async (more: Partial<SimulateInput>, ...messages: CallMessage[]): Promise<bigint[]> => {
    const { results } = await simulate(block, messages, { stateOverrides, ...more });
    // What the transaction itself takes, and the opcode.
    return results.map(({ output }) => BigInt(bytesToHex(output)) + 21_002n);
  };
  const [first, second] = await told({ gasBudget: 100_000n }, message, message);
  expect(first).toBe(100_000n);
  expect(second).toBeLessThan(100_000n - 21_000n);
  expect(await told({ gasBudget: 100_000n }, { ...message, gasLimit: 50_000n })).toEqual([50_000n]);
  expect(await told({ gasBudget: 100_000n }, { ...message, gasLimit: 150_000n })).toEqual([100_000n]);
  expect(await told({}, message)).toEqual([block.input.header.gasLimit]);
  const all = { ...message, gasLimit: block.input.header.gasLimit };
  await expect(simulate(block, [message, all], { stateOverrides })).rejects.toMatchObject({
    code: "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
  });
});

test("who pays for gas pays the base fee at least", async () => {
  const block = await emptyBlock();
  const stateOverrides = [{ address: keyed(1).address, balance: 10n ** 20n }];
  const message = { to: TELLER, from: keyed(1).address, maxFeePerGas: 1n };
  const run = (baseFeePerGas: bigint): Promise<SimulatedBlock> =>
    simulate(block, [message], { stateOverrides, blockOverrides: { baseFeePerGas } });
  await expect(run(2n)).rejects.toMatchObject({ code: "BRAID_TX_FEE_BELOW_BASE_FEE" });
  expect((await run(1n)).results[0]?.status).toBe(1);
});

test("the last nonce is followed by the first one", async () => {
  const block = await emptyBlock();
  const { address } = keyed(1);
  const stateOverrides = [{ address, balance: 1n, nonce: 2n ** 64n - 1n }];
  const message = { from: address, to: TELLER };
  const { stateChanges, results } = await simulate(block, [message, message], { stateOverrides });
  expect(results.map(({ status }) => status)).toEqual([1, 1]);
  expect(stateChanges.accounts.get(bytesToHex(address))?.nonce).toBe(1n);
});
