// Importing: every rule of headers and bodies with its own code, each broken alone; and that a rejected block changes nothing.

import { Executor } from "@braid/executor";
import { BaseError } from "@braid/primitives";
import type { BlockErrorCode, ForkName, Header } from "@braid/protocol";
import type { SourceAccount } from "@braid/state";
import { keyed } from "@braid/testing/accounts";
import { blobHash, signTransaction, type UnsignedTransaction } from "@braid/testing/sign";
import { GAS_LIMIT, type LaterFork, type SealOptions, TestChain } from "@braid/testing/test-chain";
import { RLP } from "@ethereumjs/rlp";
import { afterAll, describe, expect, test } from "vitest";

const executor = new Executor({ workers: 2 });
afterAll(() => executor.close());

const newChain = (fork: ForkName, later: LaterFork[] = []): TestChain => new TestChain(executor, fork, later);

/** The code that a block is rejected with; also checks that nothing has changed. */
async function rejection(chain: TestChain, rlp: Uint8Array): Promise<string> {
  const before = {
    head: chain.chain.head.hash,
    state: chain.store.head,
  };
  const error = await chain.chain.importBlock(rlp).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect({
    head: chain.chain.head.hash,
    state: chain.store.head,
  }).toEqual(before);
  if (!(error instanceof BaseError)) throw error ?? new Error("the block was imported");
  return error.code;
}

/** An account in the chain's newest state. */
function accountAt({ store }: TestChain, address: Uint8Array): SourceAccount | undefined {
  return store.stateAt(store.head.hash).getAccount(address);
}

function transfer(change: Partial<UnsignedTransaction> = {}, from = 0): Uint8Array {
  const tx: UnsignedTransaction = {
    type: 0,
    chainId: 1n,
    nonce: 0n,
    gasLimit: 21_000n,
    maxFeePerGas: 2_000_000_000n,
    maxPriorityFeePerGas: 1n,
    to: keyed(3).address,
    value: 1n,
    data: new Uint8Array(0),
    accessList: [],
    maxFeePerBlobGas: 10n,
    blobVersionedHashes: [],
    authorizations: [],
    ...change,
  };
  return signTransaction(tx, keyed(from));
}

/** A block's encoding taken apart, and put together again. */
const taken = (rlp: Uint8Array): unknown[][] => RLP.decode(rlp) as unknown[][];
const put = (items: unknown[]): Uint8Array => RLP.encode(items as Parameters<typeof RLP.encode>[0]);

const SMALL_TIMESTAMP = 0n;
const BLOB_GAS = 131_072n;
const BOUND = GAS_LIMIT / 1_024n;

describe("a valid block is imported", () => {
  const forks: ForkName[] = [
    "chainstart",
    "spuriousDragon",
    "byzantium",
    "petersburg",
    "berlin",
    "london",
    "paris",
    "shanghai",
    "cancun",
    "prague",
    "osaka",
  ];
  test.each(forks)("%s", async (fork) => {
    const chain = newChain(fork);
    const chainId = forks.indexOf(fork) === 0 ? undefined : 1n;
    const maxFeePerGas = 2_000_000_000n;
    await chain.extend({
      transactions: [transfer({ maxFeePerGas, chainId }), transfer({ maxFeePerGas, chainId, nonce: 1n })],
    });
    await chain.extend();
    expect(chain.parent.number).toBe(2n);
    expect(chain.parent.stateRoot).toEqual(chain.store.head.stateRoot);
  });

  test("across the fork to London, with the gas limit twice as high", async () => {
    const chain = newChain("berlin", [{ fork: "london", at: 2 }]);
    await chain.extend();
    await chain.extend({ header: { gasLimit: 2n * GAS_LIMIT + BOUND } });
    expect(chain.parent.baseFeePerGas).toBe(1_000_000_000n);
  });

  test("with the gas limit changed by the most that is allowed", async () => {
    const chain = newChain("paris");
    await chain.extend({ header: { gasLimit: GAS_LIMIT + BOUND - 1n } });
    await chain.extend({
      header: { gasLimit: GAS_LIMIT + BOUND - 1n - (GAS_LIMIT + BOUND - 1n) / 1_024n + 1n },
    });
    expect(chain.parent.number).toBe(2n);
  });

  test("and a rejected one before it has no influence", async () => {
    const chain = newChain("cancun");
    const lie = await chain.seal({ transactions: [transfer()], lies: { stateRoot: new Uint8Array(32) } });
    expect(await rejection(chain, lie.rlp)).toBe("BRAID_BLOCK_WRONG_STATE_ROOT");
    await chain.extend({ transactions: [transfer({ value: 5n })] });
    expect(accountAt(chain, keyed(0).address)?.nonce).toBe(1n);
  });
});

describe("a header that breaks one rule", () => {
  const cases: [name: string, fork: ForkName, change: Partial<SealOptions>, code: BlockErrorCode][] = [
    ["another parent", "paris", { lies: { parentHash: new Uint8Array(32) } }, "BRAID_BLOCK_UNKNOWN_PARENT"],
    ["number", "paris", { lies: { number: 7n } }, "BRAID_BLOCK_WRONG_NUMBER"],
    [
      "timestamp of the parent",
      "paris",
      { lies: { timestamp: SMALL_TIMESTAMP } },
      "BRAID_BLOCK_TIMESTAMP_NOT_LATER",
    ],
    [
      "33 bytes of extra data",
      "paris",
      { lies: { extraData: new Uint8Array(33) } },
      "BRAID_BLOCK_EXTRA_DATA_TOO_LONG",
    ],
    [
      "gas limit too much higher",
      "paris",
      { header: { gasLimit: GAS_LIMIT + BOUND } },
      "BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS",
    ],
    [
      "gas limit too much lower",
      "paris",
      { header: { gasLimit: GAS_LIMIT - BOUND } },
      "BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS",
    ],
    ["gas limit of 2^63", "paris", { header: { gasLimit: 1n << 63n } }, "BRAID_BLOCK_GAS_LIMIT_TOO_BIG"],
    ["base fee", "london", { lies: { baseFeePerGas: 8n } }, "BRAID_BLOCK_WRONG_BASE_FEE"],
    [
      "difficulty under proof of work",
      "berlin",
      { lies: { difficulty: 131_073n } },
      "BRAID_BLOCK_WRONG_DIFFICULTY",
    ],
    [
      "difficulty under proof of stake",
      "paris",
      { lies: { difficulty: 1n } },
      "BRAID_BLOCK_WRONG_DIFFICULTY",
    ],
    [
      "nonce under proof of stake",
      "paris",
      { lies: { nonce: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1) } },
      "BRAID_BLOCK_WRONG_NONCE",
    ],
    ["excess blob gas", "cancun", { lies: { excessBlobGas: BLOB_GAS } }, "BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS"],
    [
      "blob gas above the limit",
      "cancun",
      { lies: { blobGasUsed: 7n * BLOB_GAS } },
      "BRAID_BLOCK_BLOB_GAS_USED_ABOVE_LIMIT",
    ],
    [
      "blob gas of half a blob",
      "cancun",
      { lies: { blobGasUsed: BLOB_GAS / 2n } },
      "BRAID_BLOCK_WRONG_BLOB_GAS_USED",
    ],
    ["blob gas of no blob", "cancun", { lies: { blobGasUsed: BLOB_GAS } }, "BRAID_BLOCK_WRONG_BLOB_GAS_USED"],
    ["uncles' hash", "paris", { lies: { unclesHash: new Uint8Array(32) } }, "BRAID_BLOCK_WRONG_UNCLES_HASH"],
    [
      "transactions root",
      "paris",
      { lies: { transactionsRoot: new Uint8Array(32) } },
      "BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT",
    ],
    [
      "withdrawals root",
      "shanghai",
      { lies: { withdrawalsRoot: new Uint8Array(32) } },
      "BRAID_BLOCK_WRONG_WITHDRAWALS_ROOT",
    ],
    ["gas used", "paris", { lies: { gasUsed: 1n } }, "BRAID_BLOCK_WRONG_GAS_USED"],
    [
      "receipts root",
      "paris",
      { lies: { receiptsRoot: new Uint8Array(32) } },
      "BRAID_BLOCK_WRONG_RECEIPTS_ROOT",
    ],
    [
      "logs bloom",
      "paris",
      { lies: { logsBloom: new Uint8Array(256).fill(1) } },
      "BRAID_BLOCK_WRONG_LOGS_BLOOM",
    ],
    ["state root", "paris", { lies: { stateRoot: new Uint8Array(32) } }, "BRAID_BLOCK_WRONG_STATE_ROOT"],
    [
      "requests hash",
      "prague",
      { lies: { requestsHash: new Uint8Array(32) } },
      "BRAID_BLOCK_WRONG_REQUESTS_HASH",
    ],
  ];
  test.each(cases)("%s (%s)", async (_name, fork, change, code) => {
    const chain = newChain(fork);
    expect(await rejection(chain, (await chain.seal(change)).rlp)).toBe(code);
  });

  test("more gas used than there is", async () => {
    const chain = newChain("paris");
    const { rlp } = await chain.seal({ lies: { gasUsed: GAS_LIMIT + 1n } });
    expect(await rejection(chain, rlp)).toBe("BRAID_BLOCK_GAS_USED_ABOVE_LIMIT");
  });

  test("London's first base fee", async () => {
    const chain = newChain("berlin", [{ fork: "london", at: 1 }]);
    const { rlp } = await chain.seal({ header: { gasLimit: 2n * GAS_LIMIT }, lies: { baseFeePerGas: 7n } });
    expect(await rejection(chain, rlp)).toBe("BRAID_BLOCK_WRONG_BASE_FEE");
  });

  test.each([
    ["a field too few", "paris", (items: unknown[]) => items.slice(0, -1)],
    ["a field too many", "paris", (items: unknown[]) => [...items, new Uint8Array(32)]],
    [
      "the fields of the next fork",
      "shanghai",
      (items: unknown[]) => [...items, Uint8Array.of(), Uint8Array.of(), new Uint8Array(32)],
    ],
    ["a hash of 31 bytes", "paris", (items: unknown[]) => items.with(0, new Uint8Array(31))],
    ["a number with a leading zero", "paris", (items: unknown[]) => items.with(9, Uint8Array.of(0, 1))],
    ["a list for a hash", "paris", (items: unknown[]) => items.with(3, [])],
  ] as const)("the encoding: %s", async (_name, fork, change) => {
    const chain = newChain(fork);
    const [items = [], ...body] = taken((await chain.seal()).rlp);
    expect(await rejection(chain, put([change(items), ...body]))).toBe("BRAID_BLOCK_MALFORMED");
  });
});

describe("a body that breaks one rule", () => {
  test.each([
    ["no list of withdrawals", "shanghai", (body: unknown[]) => body.slice(0, 2)],
    ["withdrawals before Shanghai", "paris", (body: unknown[]) => [...body, []]],
    [
      "a withdrawal of three fields",
      "shanghai",
      (body: unknown[]) => body.with(2, [[Uint8Array.of(), Uint8Array.of(), new Uint8Array(20)]]),
    ],
    [
      "a withdrawal to 19 bytes",
      "shanghai",
      (body: unknown[]) =>
        body.with(2, [[Uint8Array.of(), Uint8Array.of(), new Uint8Array(19), Uint8Array.of(1)]]),
    ],
    [
      "a withdrawal of 2^64 gwei",
      "shanghai",
      (body: unknown[]) =>
        body.with(2, [[Uint8Array.of(), Uint8Array.of(), new Uint8Array(20), new Uint8Array(9).fill(1)]]),
    ],
  ] as const)("%s", async (_name, fork, change) => {
    const chain = newChain(fork);
    const [items = [], ...body] = taken((await chain.seal()).rlp);
    expect(await rejection(chain, put([items, ...change(body)]))).toBe("BRAID_BLOCK_MALFORMED");
  });

  test("bytes that are no RLP, and RLP that is no block", async () => {
    const chain = newChain("paris");
    expect(await rejection(chain, Uint8Array.of(0xf8, 1))).toBe("BRAID_BLOCK_MALFORMED");
    expect(await rejection(chain, Uint8Array.of(0xc0))).toBe("BRAID_BLOCK_MALFORMED");
    expect(await rejection(chain, Uint8Array.of(0x80))).toBe("BRAID_BLOCK_MALFORMED");
  });

  test("more than 8 MiB from Osaka on, and not before", async () => {
    // Calldata of zeros is the cheapest way to fill a block, at 10 gas a byte (EIP-7623).
    const data = new Uint8Array(1_600_000);
    const transactions = [0n, 1n, 2n, 3n, 4n, 5n].map((nonce) =>
      transfer({ nonce, data, gasLimit: 16_700_000n }),
    );
    for (const [fork, code] of [
      ["osaka", "BRAID_BLOCK_TOO_LARGE"],
      ["prague", "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK"],
    ] as const) {
      const chain = newChain(fork);
      const { rlp } = await chain.seal({ transactions });
      expect(rlp.length).toBeGreaterThan(8_388_608);
      expect(await rejection(chain, rlp)).toBe(code);
    }
  });
});

describe("a transaction that breaks one rule makes its block invalid", () => {
  const cases: [name: string, fork: ForkName, tx: Uint8Array, code: string][] = [
    ["nonce too low", "paris", transfer({ nonce: 0n }), "BRAID_TX_NONCE_TOO_LOW"],
    ["nonce too high", "paris", transfer({ nonce: 2n }), "BRAID_TX_NONCE_TOO_HIGH"],
    [
      "more than the sender has",
      "paris",
      transfer({ nonce: 1n, value: 10n ** 22n }),
      "BRAID_TX_INSUFFICIENT_FUNDS",
    ],
    [
      "less gas than it costs to begin",
      "paris",
      transfer({ nonce: 1n, gasLimit: 20_999n }),
      "BRAID_TX_INTRINSIC_GAS_TOO_LOW",
    ],
    [
      "less gas than the floor of its calldata",
      "prague",
      transfer({ nonce: 1n, gasLimit: 21_400n, data: new Uint8Array(50) }),
      "BRAID_TX_GAS_FLOOR_TOO_LOW",
    ],
    [
      "more gas than the block has left",
      "paris",
      transfer({ nonce: 1n, gasLimit: GAS_LIMIT - 20_999n }),
      "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
    ],
    [
      "more gas than a block has",
      "paris",
      transfer({ nonce: 1n, gasLimit: 1n << 62n, maxFeePerGas: 7n }),
      "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
    ],
    [
      "a fee below the base fee",
      "london",
      transfer({ nonce: 1n, maxFeePerGas: 1n }),
      "BRAID_TX_FEE_BELOW_BASE_FEE",
    ],
    [
      "a tip above the fee",
      "london",
      transfer({ type: 2, nonce: 1n, maxPriorityFeePerGas: 3_000_000_000n }),
      "BRAID_TX_PRIORITY_FEE_ABOVE_MAX_FEE",
    ],
    [
      "an access list before Berlin",
      "istanbul",
      transfer({ type: 1, nonce: 1n }),
      "BRAID_TX_TYPE_NOT_ACTIVE",
    ],
    ["a dynamic fee before London", "berlin", transfer({ type: 2, nonce: 1n }), "BRAID_TX_TYPE_NOT_ACTIVE"],
    [
      "blobs before Cancun",
      "shanghai",
      transfer({ type: 3, nonce: 1n, blobVersionedHashes: [blobHash(1)] }),
      "BRAID_TX_TYPE_NOT_ACTIVE",
    ],
    ["authorizations before Prague", "cancun", transfer({ type: 4, nonce: 1n }), "BRAID_TX_TYPE_NOT_ACTIVE"],
    ["another chain", "paris", transfer({ nonce: 1n, chainId: 2n }), "BRAID_TX_WRONG_CHAIN_ID"],
    ["a blob transaction without blobs", "cancun", transfer({ type: 3, nonce: 1n }), "BRAID_TX_NO_BLOBS"],
    [
      "more blobs than a block may have",
      "cancun",
      transfer({ type: 3, nonce: 1n, blobVersionedHashes: [1, 2, 3, 4, 5, 6, 7].map(blobHash) }),
      "BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK",
    ],
    [
      "more than six blobs",
      "osaka",
      transfer({ type: 3, nonce: 1n, blobVersionedHashes: [1, 2, 3, 4, 5, 6, 7].map(blobHash) }),
      "BRAID_TX_BLOB_COUNT",
    ],
    [
      "a blob hash of another version",
      "cancun",
      transfer({ type: 3, nonce: 1n, blobVersionedHashes: [blobHash(1).fill(2, 0, 1)] }),
      "BRAID_TX_BLOB_VERSION",
    ],
    [
      "a blob fee below the price",
      "cancun",
      transfer({ type: 3, nonce: 1n, blobVersionedHashes: [blobHash(1)], maxFeePerBlobGas: 0n }),
      "BRAID_TX_BLOB_FEE_TOO_LOW",
    ],
    [
      "blobs that create a contract",
      "cancun",
      transfer({ type: 3, nonce: 1n, gasLimit: 60_000n, to: undefined, blobVersionedHashes: [blobHash(1)] }),
      "BRAID_TX_BLOB_CREATE",
    ],
    [
      "an empty authorization list",
      "prague",
      transfer({ type: 4, nonce: 1n }),
      "BRAID_TX_AUTHORIZATION_LIST_EMPTY",
    ],
    [
      "init code above the limit",
      "shanghai",
      transfer({ nonce: 1n, to: undefined, gasLimit: 9_000_000n, data: new Uint8Array(49_153) }),
      "BRAID_TX_INITCODE_TOO_LARGE",
    ],
  ];
  test.each(cases)("%s (%s)", async (_name, fork, tx, code) => {
    const chain = newChain(fork);
    const { rlp } = await chain.seal({ transactions: [transfer(), tx] });
    expect(await rejection(chain, rlp)).toBe(code);
  });

  test("blobs that each fit, but not together", async () => {
    const chain = newChain("cancun");
    const blobs = (nonce: bigint): Uint8Array =>
      transfer({ type: 3, nonce, blobVersionedHashes: [1, 2, 3, 4].map(blobHash) });
    const { rlp } = await chain.seal({
      transactions: [blobs(0n), blobs(1n)],
      lies: { blobGasUsed: 6n * BLOB_GAS },
    });
    expect(await rejection(chain, rlp)).toBe("BRAID_BLOCK_BLOB_GAS_EXCEEDED");
  });
});

describe("uncles", () => {
  const first = (siblings: Header[]): Header => siblings[0] as Header;

  /** A chain of three blocks, and siblings of the last two that are as valid. */
  async function grown(): Promise<{ chain: TestChain; siblings: Header[] }> {
    const chain = newChain("petersburg");
    const siblings: Header[] = [];
    await chain.extend();
    for (let i = 0; i < 2; i++) {
      siblings.push(
        (await chain.seal({ header: { extraData: Uint8Array.of(1, i) } })).header,
        (await chain.seal({ header: { extraData: Uint8Array.of(2, i) } })).header,
      );
      await chain.extend();
    }
    return { chain, siblings };
  }

  test("are imported and rewarded", async () => {
    const { chain, siblings } = await grown();
    const before = accountAt(chain, new Uint8Array(20).fill(0xc0))?.balance as bigint;
    await chain.extend({ uncles: siblings.slice(2) });
    const after = accountAt(chain, new Uint8Array(20).fill(0xc0))?.balance as bigint;
    // Both uncles have the same miner as the block: 2 ether, 2/32 for including them, and 7/8 of 2 for each.
    expect(after - before).toBe((2n * 10n ** 18n * (32n + 2n + 2n * 28n)) / 32n);
  });

  const cases: [
    name: string,
    uncles: (made: Awaited<ReturnType<typeof grown>>) => Promise<SealOptions> | SealOptions,
    code: BlockErrorCode,
  ][] = [
    ["three", ({ siblings }) => ({ uncles: siblings.slice(0, 3) }), "BRAID_BLOCK_TOO_MANY_UNCLES"],
    [
      "the same twice",
      ({ siblings }) => ({ uncles: [first(siblings), first(siblings)] }),
      "BRAID_BLOCK_UNCLE_ALREADY_INCLUDED",
    ],
    ["an ancestor", ({ chain }) => ({ uncles: [chain.parent] }), "BRAID_BLOCK_UNCLE_IS_ANCESTOR"],
    [
      "a brother",
      async ({ chain }) => ({
        uncles: [(await chain.seal({ header: { extraData: Uint8Array.of(9) } })).header],
      }),
      "BRAID_BLOCK_UNCLE_UNKNOWN_PARENT",
    ],
    [
      "one of an unknown parent",
      ({ siblings }) => ({ uncles: [{ ...first(siblings), parentHash: new Uint8Array(32) }] }),
      "BRAID_BLOCK_UNCLE_UNKNOWN_PARENT",
    ],
    [
      "one of a wrong difficulty",
      ({ siblings }) => ({ uncles: [{ ...first(siblings), difficulty: 9n }] }),
      "BRAID_BLOCK_UNCLE_INVALID",
    ],
  ];
  test.each(cases)("%s: the block is invalid", async (_name, uncles, code) => {
    const made = await grown();
    const { rlp } = await made.chain.seal(await uncles(made));
    expect(await rejection(made.chain, rlp)).toBe(code);
  });

  test("one that an earlier block has included", async () => {
    const { chain, siblings } = await grown();
    const uncles = [siblings[2] as Header];
    await chain.extend({ uncles });
    expect(await rejection(chain, (await chain.seal({ uncles })).rlp)).toBe(
      "BRAID_BLOCK_UNCLE_ALREADY_INCLUDED",
    );
  });

  test("none after the Merge", async () => {
    const chain = newChain("paris");
    await chain.extend();
    const uncle = await chain.seal({ header: { extraData: Uint8Array.of(1) } });
    await chain.extend();
    expect(await rejection(chain, (await chain.seal({ uncles: [uncle.header] })).rlp)).toBe(
      "BRAID_BLOCK_TOO_MANY_UNCLES",
    );
  });
});
