// A state test: one transaction, executed as the only one of a block that has nothing else.

import type { BlockResult, ExecuteBlockInput } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { BaseError, bigIntToBytes32, bytesToHex, equalBytes, hexToBytes } from "@braid/primitives";
import { type Chain, createHeader, encodeLogs, type Header, type Log } from "@braid/protocol";
import { type BegunStore, MemoryStateStore } from "@braid/state";
import { fitsExpectation } from "./exceptions.ts";
import type { StateFixture, StatePost } from "./fixture-types.ts";
import type { BlockExecutor, RunMode } from "./modes.ts";
import { networkChain } from "./networks.ts";

/** The header that a test's environment describes. `gasLimit` replaces the environment's. */
export function environmentHeader(env: Record<string, string>, chain: Chain, gasLimit?: bigint): Header {
  const position = { number: BigInt(env.currentNumber ?? 1), timestamp: BigInt(env.currentTimestamp ?? 0) };
  const rules = chain.rulesAt(position);
  return createHeader(
    {
      ...position,
      coinbase: hexToBytes(env.currentCoinbase ?? "0x"),
      gasLimit: gasLimit ?? BigInt(env.currentGasLimit ?? 0),
      difficulty: BigInt(env.currentDifficulty ?? 0),
      ...(env.currentRandom === undefined ? {} : { mixHash: bigIntToBytes32(BigInt(env.currentRandom)) }),
      ...(rules.eip1559 ? { baseFeePerGas: BigInt(env.currentBaseFee ?? 10) } : {}),
      ...(rules.eip4844 ? { excessBlobGas: BigInt(env.currentExcessBlobGas ?? 0) } : {}),
      ...(rules.eip7843 ? { slotNumber: BigInt(env.slotNumber ?? 0) } : {}),
    },
    rules,
  );
}

/** Executes transactions as a block of nothing but them. */
export function executeTransactions(
  executor: BlockExecutor,
  chain: Chain,
  header: Header,
  store: BegunStore,
  transactions: Uint8Array[],
  mode: RunMode,
): Promise<BlockResult> {
  const input: ExecuteBlockInput = {
    ...mode.options,
    block: {
      header,
      transactions,
      uncles: [],
      ...(header.withdrawalsRoot === undefined ? {} : { withdrawals: [] }),
    },
    chain,
    source: store.stateAt(store.head.hash),
  };
  return executor.executeBlock(input);
}

/** Runs all transactions of a case in one mode. Returns why one fails, or undefined. */
export async function runStateFixture(
  fixture: StateFixture,
  executor: BlockExecutor,
  mode: RunMode,
): Promise<string | undefined> {
  for (const [fork, posts] of Object.entries(fixture.post)) {
    for (const [i, post] of posts.entries()) {
      const failure = await runTransaction(fixture, fork, post, executor, mode);
      if (failure !== undefined) return posts.length === 1 ? failure : `${fork} ${i}: ${failure}`;
    }
  }
  return undefined;
}

async function runTransaction(
  fixture: StateFixture,
  fork: string,
  post: StatePost,
  executor: BlockExecutor,
  mode: RunMode,
): Promise<string | undefined> {
  const chain = networkChain(fork, fixture.config, "transactions");
  const header = environmentHeader(fixture.env, chain);
  // Fixtures without ancestors expect the hash of the number's decimal digits, as all clients' runners do.
  const hashOf = (number: bigint): Uint8Array => keccak256(new TextEncoder().encode(number.toString()));
  const number = header.number - 1n;
  const ancestors = new Map<bigint, Uint8Array>();
  for (let n = number; n >= 0n && n > number - 256n; n--) ancestors.set(n, hashOf(n));
  const store = MemoryStateStore.fromAlloc(fixture.pre, { hash: hashOf(number), number, ancestors });
  let result: BlockResult;
  try {
    result = await executeTransactions(executor, chain, header, store, [hexToBytes(post.txbytes)], mode);
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    const rejection = `${error.code}: ${error.message}`;
    if (post.expectException === undefined)
      return `the transaction is valid but was rejected with ${rejection}`;
    if (!fitsExpectation(error.code, post.expectException))
      return `the transaction was rejected, but for ${post.expectException} and not ${rejection}`;
    return equalBytes(store.head.stateRoot, hexToBytes(post.hash))
      ? undefined
      : "the fixture's post-state of an invalid transaction is not its pre-state";
  }
  if (post.expectException !== undefined)
    return `the transaction was executed, but it is invalid (${post.expectException})`;
  const logs = logsHash(result.receipts.flatMap((receipt) => receipt.logs));
  if (logs !== post.logs) return `the logs have hash ${logs}, not ${post.logs}`;
  const root = bytesToHex(store.prepare(store.head.hash, result.stateChanges).root);
  return root === post.hash ? undefined : `the state root is ${root}, not ${post.hash}`;
}

/** keccak256(rlp(logs)). */
function logsHash(logs: Log[]): string {
  return bytesToHex(keccak256(encodeLogs(logs)));
}
