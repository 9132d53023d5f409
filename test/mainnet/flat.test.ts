// A mainnet block of Prague with delegations, whose transactions come without signatures: their senders are given, and there is
// nothing to compare with but the sequential run.
import { type ExecuteBlockInput, Executor } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { bytesToHex, concatBytes, equalBytes, hexToBytes } from "@braid/primitives";
import { chainOf, createHeader } from "@braid/protocol";
import { compareResults } from "@braid/replay";
import { EMPTY_CODE_HASH, type FlatPreState, MemoryStateSource } from "@braid/state";
import { RLP } from "@ethereumjs/rlp";
import { afterAll, describe, expect, test } from "vitest";
import { isPresent, readJson } from "./fixture-files.ts";

const FOLDER = "mainnet-flat/grevm-22546209";

interface FlatBlock {
  number: number;
  coinbase: `0x${string}`;
  timestamp: number;
  gas_limit: number;
  basefee: number;
  prevrandao: `0x${string}`;
  excess_blob_gas: number;
  block_hashes: Record<string, string>;
}

interface FlatTransaction {
  tx_type: 0 | 1 | 2 | 4;
  caller: string;
  to: string | null;
  nonce: number;
  value: string;
  data: string;
  gas_limit: number;
  /** The maximum fee from type 2 on. */
  gas_price: number;
  gas_priority_fee: number | null;
  access_list: { address: string; storage_keys: string[] }[];
  authorization_list: {
    chain_id: string;
    address: string;
    nonce: number;
    y_parity: number;
    r: string;
    s: string;
  }[];
}

type FlatAccounts = Record<
  string,
  { balance: string; nonce: number; code: string | null; storage: Record<string, string> }
>;

/** The request contracts are not in the state, and a block of Prague without them is invalid: these answer "no requests". */
const REQUEST_CONTRACTS = [
  "0x00000961ef480eb55e80d19ad83579a64c007002",
  "0x0000bbddc7ce488642fb579f8b00f3a590007251",
];

/** The transaction with a signature that nobody made: the sender is known. */
function encode(tx: FlatTransaction): Uint8Array {
  const to = tx.to === null ? new Uint8Array(0) : hexToBytes(tx.to);
  const call = [BigInt(tx.gas_limit), to, BigInt(tx.value), hexToBytes(tx.data)] as const;
  if (tx.tx_type === 0) return RLP.encode([BigInt(tx.nonce), BigInt(tx.gas_price), ...call, 37n, 1n, 1n]);
  const accessList = tx.access_list.map((entry) => [
    hexToBytes(entry.address),
    entry.storage_keys.map(hexToBytes),
  ]);
  const fees =
    tx.tx_type === 1 ? [BigInt(tx.gas_price)] : [BigInt(tx.gas_priority_fee ?? 0), BigInt(tx.gas_price)];
  const authorizations = tx.authorization_list.map((a) => [
    BigInt(a.chain_id),
    hexToBytes(a.address),
    BigInt(a.nonce),
    BigInt(a.y_parity),
    BigInt(a.r),
    BigInt(a.s),
  ]);
  const fields = [
    1n,
    BigInt(tx.nonce),
    ...fees,
    ...call,
    accessList,
    ...(tx.tx_type === 4 ? [authorizations] : []),
    0n,
    1n,
    1n,
  ];
  return concatBytes(Uint8Array.of(tx.tx_type), RLP.encode(fields as Parameters<typeof RLP.encode>[0]));
}

function readPreState(): FlatPreState {
  const accounts = readJson<FlatAccounts>(`${FOLDER}/pre_state.json.gz`);
  for (const address of REQUEST_CONTRACTS)
    accounts[address] ??= { balance: "0x0", nonce: 1, code: "0x00", storage: {} };
  const codes = new Map<string, [Uint8Array, Uint8Array]>();
  return {
    accounts: Object.entries(accounts).map(([address, { balance, nonce, code, storage }]) => {
      const bytes = code === null ? new Uint8Array(0) : hexToBytes(code);
      const codeHash = bytes.length === 0 ? EMPTY_CODE_HASH : keccak256(bytes);
      if (bytes.length > 0) codes.set(bytesToHex(codeHash), [codeHash, bytes]);
      const slots = Object.entries(storage).map(([slot, value]): [Uint8Array, bigint] => [
        hexToBytes(`0x${BigInt(slot).toString(16).padStart(64, "0")}`),
        BigInt(value),
      ]);
      return {
        address: hexToBytes(address),
        account: {
          nonce: BigInt(nonce),
          balance: BigInt(balance),
          codeHash,
          hasStorage: slots.some(([, value]) => value !== 0n),
        },
        storage: slots,
      };
    }),
    codes: [...codes.values()],
  };
}

describe.skipIf(!isPresent(FOLDER))("mainnet-flat (needs BRAID_FIXTURES)", () => {
  const open: Executor[] = [];
  afterAll(() => Promise.all(open.map((executor) => executor.close())));

  test("180 transactions, parallel as sequential", async () => {
    const block = readJson<FlatBlock>(`${FOLDER}/block.json.gz`);
    const transactions = readJson<FlatTransaction[]>(`${FOLDER}/txs.json.gz`);
    const position = { number: BigInt(block.number), timestamp: BigInt(block.timestamp) };
    const rules = chainOf("mainnet").rulesAt(position);
    expect(rules.fork).toBe("prague");
    const header = createHeader(
      {
        ...position,
        coinbase: hexToBytes(block.coinbase),
        gasLimit: BigInt(block.gas_limit),
        baseFeePerGas: BigInt(block.basefee),
        mixHash: hexToBytes(block.prevrandao),
        excessBlobGas: BigInt(block.excess_blob_gas),
      },
      rules,
    );
    const blockHashes = new Map(
      Object.entries(block.block_hashes).map(([number, hash]) => [BigInt(number), hexToBytes(hash)]),
    );
    const pre = readPreState();
    const senders = transactions.map((tx) => hexToBytes(tx.caller));
    const input = (): ExecuteBlockInput => ({
      block: { header, transactions: transactions.map(encode), uncles: [], withdrawals: [] },
      chain: "mainnet",
      source: MemoryStateSource.fromFlat({ ...pre, blockHashes }),
      senders,
    });
    let sequential: Awaited<ReturnType<Executor["executeBlock"]>> | undefined;
    for (const workers of [2, 8]) {
      const executor = new Executor({ workers });
      open.push(executor);
      sequential ??= await executor.executeBlock({ ...input(), mode: "sequential" });
      for (let round = 0; round < 2; round++)
        expect(
          compareResults(await executor.executeBlock(input()), sequential),
          `${workers} workers`,
        ).toBeUndefined();
    }
    expect(
      sequential?.transactions.every(({ sender }, i) => equalBytes(sender, senders[i] as Uint8Array)),
    ).toBe(true);
    // The block's transactions were on mainnet, where nearly all of them succeeded.
    expect(sequential?.receipts.filter(({ status }) => status === 1).length).toBeGreaterThan(160);
    expect(sequential?.transactions.filter((_, i) => transactions[i]?.tx_type === 4)).toHaveLength(3);
  });
});
