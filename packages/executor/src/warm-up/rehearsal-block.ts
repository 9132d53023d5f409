// A block to run before the first real one. V8 optimizes a function for what it has met so far, and gives that up when something new comes:
// in the first seconds of a process, at every opcode and kind of transaction that had not occurred before.

import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32 } from "@braid/primitives";
import {
  type Block,
  type Chain,
  chainOf,
  createHeader,
  decodeTransaction,
  encodeTransaction,
  type Transaction,
} from "@braid/protocol";
import { EMPTY_CODE_HASH, type FlatAccount, type FlatPreState } from "@braid/state";
import { recoverSender } from "../transaction/recover-sender.ts";
import { NOBODY, PEER, rehearsalCode, SET_SLOTS, STAGE } from "./rehearsal-code.ts";

/** Where the rules of gas and the opcodes differ most: before and after most forks. */
export const REHEARSED_FORKS = ["homestead", "cancun"] as const;
type RehearsedFork = (typeof REHEARSED_FORKS)[number];
const POSITIONS: Record<RehearsedFork, { number: bigint; timestamp: bigint }> = {
  homestead: { number: 2_000_000n, timestamp: 1_470_000_000n },
  cancun: { number: 19_500_000n, timestamp: 1_711_500_000n },
};

const ETHER = 10n ** 18n;
const GAS = 3_000_000n;
const STOP = 0;
const NOTHING = { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH, hasStorage: false };

/** A block with the state before it. */
export interface Rehearsal {
  block: Block;
  chain: Chain;
  pre: FlatPreState;
}

/** A block of `size` transactions on one of two forks. */
export function rehearsalBlock(fork: RehearsedFork, size: number): Rehearsal {
  const chain = chainOf("mainnet");
  const position = POSITIONS[fork];
  const rules = chain.rulesAt(position);
  const cancun = fork === "cancun";
  const transactions = Array.from({ length: size }, (_, i) => encodeTransaction(transaction(i, cancun)));
  const accounts = transactions.map((raw): FlatAccount => {
    const address = recoverSender(raw, decodeTransaction(raw), rules);
    if (address === undefined) throw new Error("the signatures of a rehearsal have a sender");
    return { address, account: { ...NOTHING, balance: ETHER }, storage: [] };
  });
  const codes: [Uint8Array, Uint8Array][] = [];
  for (const [number, code] of rehearsalCode(cancun)) {
    const codeHash = keccak256(code);
    const storage =
      number === STAGE
        ? SET_SLOTS.map(([slot, value]): [Uint8Array, bigint] => [bigIntToBytes32(slot), value])
        : [];
    codes.push([codeHash, code]);
    accounts.push({
      address: addressOf(number),
      account: { nonce: 1n, balance: 1_000n, codeHash, hasStorage: storage.length > 0 },
      storage,
    });
  }
  const header = createHeader(
    { ...position, coinbase: addressOf(0xc0ffeen), gasLimit: GAS * BigInt(size) },
    rules,
  );
  const block: Block = { header, transactions, uncles: [], ...(cancun ? { withdrawals: [] } : {}) };
  return { block, chain, pre: { accounts, codes } };
}

/** Calls of the contract that does everything and of one that does little, transfers, a creation; each from a sender of its own. */
function transaction(index: number, cancun: boolean): Transaction {
  const kind = index % 4;
  const to = [STAGE, PEER, NOBODY, STAGE][kind] as bigint;
  const creates = index === 7;
  return {
    type: cancun ? (([2, 0, 2, 1] as const)[kind] ?? 0) : 0,
    chainId: cancun ? 1n : undefined,
    nonce: 0n,
    gasLimit: GAS,
    to: creates ? undefined : addressOf(to),
    value: BigInt(index % 3),
    data: new Uint8Array(kind === 2 ? 0 : 100).fill(creates ? STOP : index + 1),
    maxFeePerGas: 10n ** 9n,
    maxPriorityFeePerGas: 1n,
    accessList: cancun && kind === 3 ? [{ address: addressOf(PEER), slots: [new Uint8Array(32)] }] : [],
    maxFeePerBlobGas: 0n,
    blobVersionedHashes: [],
    authorizations: [],
    yParity: index % 2,
    // Any r that is the first coordinate of a point, and any s, are a signature of somebody.
    r: 1n,
    s: BigInt(index + 1),
  };
}

function addressOf(number: bigint): Uint8Array {
  return bigIntToBytes32(number).subarray(12);
}
