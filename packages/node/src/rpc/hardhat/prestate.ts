// What an execution has looked at, as it was before: all that another network needs to repeat it. PERF: it comes out of the execution's read set;
// looking on step by step takes a hundred times as long.

import type { ReadAccess } from "@braid/executor";
import { bigIntToBytes32, bytesToBigInt, bytesToHex, type Hex } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "@braid/state";
import type { CallContext } from "../eth/run-call.ts";
import { beforeBlock, executeAgain } from "../execute-again.ts";
import { hexOf } from "../format.ts";

/** Of an account, what was looked at. */
interface ReadAccount {
  /** One with which everything goes as it went: nobody may have looked at the very balance. */
  balance?: Hex;
  nonce?: Hex;
  code?: Hex;
  storage?: Record<Hex, Hex>;
}

/** By addresses; those of accounts that do not exist are among them. */
export type Prestate = Record<Hex, ReadAccount>;

/** Code by its hash of 32 bytes. */
type CodeOf = (hash: Uint8Array) => Uint8Array | Promise<Uint8Array>;

const NO_CODE: ReadonlySet<bigint> = new Set([0n, bytesToBigInt(EMPTY_CODE_HASH)]);

export async function prestateOf(reads: readonly ReadAccess[], codeOf: CodeOf): Promise<Prestate> {
  const prestate: Prestate = {};
  for (const { address, field, slot, min } of reads) {
    prestate[address] ??= {};
    const account = prestate[address];
    // Of several ranges that hold the value, the largest least one is in all of them.
    if (field === "balance" || field === "nonce") {
      if (min >= BigInt(account[field] ?? 0)) account[field] = hexOf(min);
    } else if (field === "codeHash") {
      if (!NO_CODE.has(min)) account.code = bytesToHex(await codeOf(bigIntToBytes32(min)));
    } else if (slot !== undefined) {
      account.storage ??= {};
      account.storage[slot] = bytesToHex(bigIntToBytes32(min));
    }
  }
  return prestate;
}

/** What a transaction of the chain has looked at; undefined when there is none with this hash. */
export async function transactionPrestate(
  context: Pick<CallContext, "node" | "signal">,
  hash: Uint8Array,
): Promise<Prestate | undefined> {
  const { node } = context;
  const place = node.chain.transaction(hash);
  if (place === undefined) return undefined;
  const { block, index } = place;
  const { state } = beforeBlock(context, block);
  const run = node.runOf(block.hash) ?? (await executeAgain(context, block, state));
  // What a transaction before it in the block has created is in the state after it.
  const after = node.chain.stateAfter(block.hash);
  return prestateOf(run.transactions[index]?.reads ?? [], (code) => after.getCode(code));
}
