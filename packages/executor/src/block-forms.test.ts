// A block in every form that it is given in, on a chain in every form: the same result, by the rules of the block's number and timestamp.

import { BaseError } from "@braid/primitives";
import {
  type Block,
  type ChainInput,
  chainOf,
  encodeBlock,
  hashHeader,
  type RpcBlock,
  transactionsRoot,
  withdrawalsRoot,
} from "@braid/protocol";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import { toRpcBlock } from "@braid/testing/rpc-forms";
import { Common, Mainnet } from "@ethereumjs/common";
import { beforeAll, describe, expect, test } from "vitest";
import type { BlockInput } from "./block/block-input.ts";
import type { BlockResult } from "./result/block-result.ts";
import { executorWith, fingerprint } from "./testing/agree.ts";

/** In mainnet's Osaka, before its first change of blob parameters. */
const OSAKA = { number: 23_940_000n, timestamp: 1_765_000_000n };

let built: TestBlock;
let block: Block;

beforeAll(async () => {
  const builder = new BlockBuilder("osaka", OSAKA);
  builder.fund(keyed(0), keyed(1));
  builder.send({ from: keyed(0), to: plainAddress(1), value: 1, data: new Uint8Array(100) });
  builder.send({ from: keyed(1), to: plainAddress(1), value: 2, type: 2 });
  built = await builder.build();
  const { input } = built;
  block = {
    ...input,
    header: {
      ...input.header,
      transactionsRoot: transactionsRoot(input.transactions),
      withdrawalsRoot: withdrawalsRoot(input.withdrawals ?? []),
    },
  };
});

function execute(input: BlockInput, chain: ChainInput): Promise<BlockResult> {
  return executorWith(1).executeBlock({ block: input, chain, source: built.source() });
}

const genesis = {
  config: {
    chainId: 1,
    mergeNetsplitBlock: 0,
    shanghaiTime: 0,
    cancunTime: 0,
    pragueTime: 1_746_612_311,
    osakaTime: 1_764_798_551,
    bpo1Time: 1_765_290_071,
  },
};
const chains: [string, () => ChainInput][] = [
  ["its name", () => "mainnet"],
  ["a Chain", () => chainOf("mainnet")],
  ["a description", () => ({ name: "mainnet", chainId: 1 })],
  ["a geth genesis file", () => genesis],
  ["an ethereumjs Common", () => new Common({ chain: Mainnet })],
  // The block says that it is Osaka's, whatever the Common is set to.
  ["an ethereumjs Common that is set to London", () => new Common({ chain: Mainnet, hardfork: "london" })],
];
const blocks: [string, () => BlockInput][] = [
  ["decoded", () => block],
  ["RLP", () => encodeBlock(block)],
  ["RLP in a Buffer", () => Buffer.from(encodeBlock(block))],
  ["JSON-RPC", () => JSON.parse(JSON.stringify(toRpcBlock(block).json)) as RpcBlock],
];

describe.each(blocks)("a block as %s", (_form, input) => {
  test.each(chains)("on a chain by %s gives the same result", async (_name, chain) => {
    const expected = await execute(built.input, built.chain);
    // The floor of calldata is Prague's, the cap of a transaction's gas Osaka's: with London's rules this gas would be another.
    expect(expected.transactions[0]?.gasUsed).toBe(22_000n);
    expect(fingerprint(await execute(input(), chain()))).toBe(fingerprint(expected));
  });
});

test("the rules have one source: a Common set to Osaka does not make a London block one of Osaka's", async () => {
  const builder = new BlockBuilder("london", { number: 13_000_000n, timestamp: 1_628_000_000n });
  builder.fund(keyed(0));
  builder.send({ from: keyed(0), to: plainAddress(1), data: new Uint8Array(100) });
  const { input, source } = await builder.build();
  const common = new Common({ chain: Mainnet, hardfork: "osaka" });
  const result = await executorWith(1).executeBlock({ block: input, chain: common, source: source() });
  expect(result.gasUsed).toBe(21_400n);
  expect(result.requests).toBeUndefined();
});

describe("what is no block is refused with a typed error that names the field", () => {
  const header = (change: object) => (): BlockInput => ({ ...block, header: { ...block.header, ...change } });
  const json = (change: object) => (): BlockInput => ({ ...toRpcBlock(block).json, ...change });
  test.each<[string, () => unknown, string, string | undefined]>([
    ["nothing", () => undefined, "BRAID_BLOCK_MALFORMED", undefined],
    ["text", () => "0xc0", "BRAID_BLOCK_MALFORMED", undefined],
    ["no bytes", () => new Uint8Array(0), "BRAID_BLOCK_MALFORMED", undefined],
    ["an object of nothing", () => ({}), "BRAID_BLOCK_MALFORMED", "number"],
    [
      "no header",
      () => ({ header: undefined, transactions: [], uncles: [] }),
      "BRAID_BLOCK_MALFORMED",
      "header",
    ],
    [
      "a header without base fee",
      header({ baseFeePerGas: undefined }),
      "BRAID_BLOCK_MALFORMED",
      "baseFeePerGas",
    ],
    ["a header of another fork", header({ slotNumber: 1n }), "BRAID_BLOCK_MALFORMED", "slotNumber"],
    ["a coinbase of 19 bytes", header({ coinbase: new Uint8Array(19) }), "BRAID_BLOCK_MALFORMED", "coinbase"],
    ["a number that is a number", header({ gasLimit: 1 }), "BRAID_BLOCK_MALFORMED", "gasLimit"],
    ["a timestamp that is text", header({ timestamp: "1765000000" }), "BRAID_BLOCK_MALFORMED", "timestamp"],
    [
      "transactions in hex",
      () => ({ ...block, transactions: ["0x"] }),
      "BRAID_BLOCK_MALFORMED",
      "transactions[0]",
    ],
    ["no uncles", () => ({ ...block, uncles: undefined }), "BRAID_BLOCK_MALFORMED", "uncles"],
    ["an uncle that is none", () => ({ ...block, uncles: [{}] }), "BRAID_BLOCK_MALFORMED", undefined],
    ["no withdrawals", () => ({ ...block, withdrawals: undefined }), "BRAID_BLOCK_MALFORMED", "withdrawals"],
    [
      "a withdrawal that is none",
      () => ({ ...block, withdrawals: [{}] }),
      "BRAID_BLOCK_MALFORMED",
      "withdrawals[0]",
    ],
    ["JSON without gas limit", json({ gasLimit: undefined }), "BRAID_BLOCK_MALFORMED", "gasLimit"],
    [
      "JSON with hashes of transactions",
      json({ transactions: ["0x00"] }),
      "BRAID_BLOCK_MALFORMED",
      "transactions[0]",
    ],
    ["JSON of another hash", json({ hash: `0x${"00".repeat(32)}` }), "BRAID_BLOCK_WRONG_HASH", undefined],
    ["an unknown chain", () => block, "BRAID_UNKNOWN_CHAIN", undefined],
  ])("%s", async (what, input, code, field) => {
    const chain = (what === "an unknown chain" ? "goerli" : "mainnet") as ChainInput;
    const error = await execute(input() as BlockInput, chain).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BaseError);
    const { code: found, data } = error as BaseError;
    expect([found, ...(field === undefined ? [] : [data?.field])]).toEqual([
      code,
      ...(field === undefined ? [] : [field]),
    ]);
  });

  test("a header whose blob price would take for ever to compute", async () => {
    const huge = { ...block, header: { ...block.header, excessBlobGas: (1n << 64n) - 1n } };
    expect((await execute(huge, "mainnet")).gasUsed).toBe(43_000n);
  });

  test("and nothing is changed in what was given", async () => {
    const before = hashHeader(block.header);
    await execute(block, "mainnet");
    expect(hashHeader(block.header)).toEqual(before);
  });
});
