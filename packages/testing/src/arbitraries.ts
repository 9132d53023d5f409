// For tests: headers, transactions, receipts, blocks and access lists of every form, and encodings with something wrong in them.

import { bigIntToBytes32, bytesToHex } from "@braid/primitives";
import type { BlockAccessList, Receipt } from "@braid/protocol";
import {
  type Block,
  Chain,
  encodeTransaction,
  FORKS,
  type ForkName,
  fieldsOfHeader,
  type Header,
  type Transaction,
  transactionsRoot,
  unclesHash,
  type Withdrawal,
  withdrawalsRoot,
} from "@braid/protocol";
import fc from "fast-check";

/** How often a property is tried: so many times in ordinary runs, `BRAID_ROUNDS` times as often under stress. */
export function runs(ordinary: number): { numRuns: number } {
  return { numRuns: ordinary * Number(process.env.BRAID_ROUNDS ?? 1) };
}

/** The forks whose headers differ from those before them, and one that does not. */
export const HEADER_FORKS = [
  "chainstart",
  "byzantium",
  "london",
  "paris",
  "shanghai",
  "cancun",
  "prague",
  "bpo2",
  "amsterdam",
] as const;

/** Each of HEADER_FORKS from the first block on; Amsterdam with the EIPs that are known here. */
export const CHAINS: ReadonlyMap<ForkName, Chain> = new Map(
  HEADER_FORKS.map((last) => {
    const end = FORKS.findIndex(({ name }) => name === last) + 1;
    const hardforks = FORKS.slice(0, end)
      .filter(({ name }) => name !== "dao" && !/^bpo[345]$/.test(name))
      .map(({ name, since }) => (since === "time" ? { name, timestamp: 0 } : { name, block: 0 }));
    const eips = { amsterdam: [7708, 7778, 7843, 7928, 8024] };
    return [last, new Chain({ name: last, chainId: 1, hardforks, eips })];
  }),
);

const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

/** Numbers of all sizes, small ones often. */
export const number = (maxBytes: number): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt(0n, maxBytes === 1 ? 255n : 300n), fc.bigInt(0n, (1n << BigInt(8 * maxBytes)) - 1n));

export const header = (fork: ForkName): fc.Arbitrary<Header> => {
  const rules = (CHAINS.get(fork) as Chain).rulesOfFork(fork);
  const fields = fieldsOfHeader(rules).map(({ name, kind, size }) => [
    name,
    kind === "integer"
      ? number(size ?? 0)
      : size === undefined
        ? fc.uint8Array({ maxLength: 40 })
        : bytes(size),
  ]);
  return fc.record(
    Object.fromEntries(fields) as { [Name in keyof Header]: fc.Arbitrary<Header[Name]> },
  ) as fc.Arbitrary<Header>;
};

const to = fc.option(bytes(20), { nil: undefined });
const accessList = fc.array(fc.record({ address: bytes(20), slots: fc.array(bytes(32), { maxLength: 3 }) }), {
  maxLength: 3,
});
const call = {
  nonce: number(8),
  gasLimit: number(32),
  to,
  value: number(32),
  data: fc.uint8Array({ maxLength: 80 }),
  yParity: fc.constantFrom(0, 1),
  r: number(32),
  s: number(32),
};
const nothing = {
  accessList: fc.constant<Transaction["accessList"]>([]),
  maxFeePerBlobGas: fc.constant(0n),
  blobVersionedHashes: fc.constant<Uint8Array[]>([]),
  authorizations: fc.constant<Transaction["authorizations"]>([]),
};
const fees = { maxFeePerGas: number(32), maxPriorityFeePerGas: number(32) };
const authorization = fc.record({
  chainId: number(32),
  address: bytes(20),
  nonce: number(8),
  yParity: number(1),
  r: number(32),
  s: number(32),
});
const withGasPrice = <T extends { maxFeePerGas: bigint }>(tx: T): T & { maxPriorityFeePerGas: bigint } => ({
  ...tx,
  maxPriorityFeePerGas: tx.maxFeePerGas,
});

export const transaction: fc.Arbitrary<Transaction> = fc.oneof(
  fc
    .record({
      ...call,
      ...nothing,
      type: fc.constant(0 as const),
      chainId: fc.option(number(7), { nil: undefined }),
      maxFeePerGas: number(32),
    })
    .map(withGasPrice),
  fc
    .record({
      ...call,
      ...nothing,
      type: fc.constant(1 as const),
      chainId: number(32),
      maxFeePerGas: number(32),
      accessList,
    })
    .map(withGasPrice),
  fc.record({ ...call, ...nothing, ...fees, type: fc.constant(2 as const), chainId: number(32), accessList }),
  fc.record({
    ...call,
    ...nothing,
    ...fees,
    type: fc.constant(3 as const),
    chainId: number(32),
    accessList,
    maxFeePerBlobGas: number(32),
    blobVersionedHashes: fc.array(bytes(32), { maxLength: 3 }),
  }),
  fc.record({
    ...call,
    ...nothing,
    ...fees,
    type: fc.constant(4 as const),
    chainId: number(32),
    accessList,
    authorizations: fc.array(authorization, { maxLength: 3 }),
  }),
);

const withdrawal: fc.Arbitrary<Withdrawal> = fc.record({
  index: number(8),
  validatorIndex: number(8),
  address: bytes(20),
  amount: number(8),
});

/** A block whose header commits to its body. */
export const block = (fork: ForkName): fc.Arbitrary<Block> => {
  const rules = (CHAINS.get(fork) as Chain).rulesOfFork(fork);
  return fc
    .record({
      header: header(fork),
      transactions: fc.array(transaction.map(encodeTransaction), { maxLength: 4 }),
      uncles: fc.array(header(fork), { maxLength: 2 }),
      withdrawals: fc.array(withdrawal, { maxLength: 3 }),
    })
    .map(({ withdrawals, ...body }) => ({
      ...body,
      ...(rules.eip4895 ? { withdrawals } : {}),
      header: {
        ...body.header,
        transactionsRoot: transactionsRoot(body.transactions),
        unclesHash: unclesHash(body.uncles),
        ...(rules.eip4895 ? { withdrawalsRoot: withdrawalsRoot(withdrawals) } : {}),
      },
    }));
};

export const receipt: fc.Arbitrary<Receipt> = fc
  .record({
    type: fc.integer({ min: 0, max: 4 }),
    outcome: fc.oneof(fc.constantFrom(0 as const, 1 as const), bytes(32)),
    cumulativeGasUsed: number(8),
    logsBloom: bytes(256),
    logs: fc.array(
      fc.record({
        address: bytes(20),
        topics: fc.array(bytes(32), { maxLength: 4 }),
        data: fc.uint8Array({ maxLength: 100 }),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ outcome, ...rest }) =>
    outcome instanceof Uint8Array ? { ...rest, stateRoot: outcome } : { ...rest, status: outcome },
  );

const slot = number(32).map((value) => bytesToHex(bigIntToBytes32(value)));
const changes = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<{ index: number; value: T }[]> =>
  fc.array(fc.record({ index: fc.nat(100_000), value }), { maxLength: 3 });

export const blockAccessList: fc.Arbitrary<BlockAccessList> = fc.array(
  fc.record({
    address: bytes(20).map(bytesToHex),
    storageChanges: fc.array(fc.record({ slot, changes: changes(number(32)) }), { maxLength: 2 }),
    storageReads: fc.array(slot, { maxLength: 3 }),
    balanceChanges: changes(number(32)),
    nonceChanges: changes(number(8)),
    codeChanges: changes(fc.uint8Array({ maxLength: 50 })),
  }),
  { maxLength: 3 },
);

/** What is done to an encoding: bytes overwritten, cut out, doubled, put in; or only its end cut off. */
export interface Mutation {
  kind: "set" | "cut" | "insert" | "repeat" | "end";
  /** Where, as a share of the length. */
  at: number;
  length: number;
  byte: number;
}

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("set", "set", "set", "cut", "insert", "repeat", "end"),
    at: fc.nat(999_999).map((millionth) => millionth / 1_000_000),
    length: fc.integer({ min: 1, max: 40 }),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(0x00, 0x80, 0x81, 0xb8, 0xbb, 0xc0, 0xf8, 0xfb, 0xff)),
  }),
  { minLength: 1, maxLength: 3 },
);

/** The encoding with something wrong in it. */
export function mutate(encoded: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let result = [...encoded];
  for (const { kind, at, length, byte } of changes) {
    const start = Math.floor(at * result.length);
    if (kind === "set") result[start] = byte;
    else if (kind === "cut") result.splice(start, length);
    else if (kind === "insert") result.splice(start, 0, ...new Array<number>(length).fill(byte));
    else if (kind === "repeat") result.splice(start, 0, ...result.slice(start, start + length));
    else result = result.slice(0, start);
  }
  return Uint8Array.from(result);
}
