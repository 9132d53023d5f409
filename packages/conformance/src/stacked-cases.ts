// Several state tests of one file in one block: where their accounts do not contradict each other, their transactions stand
// side by side, and the parallel run must come to what the sequential one comes to.

import type { BlockResult } from "@braid/executor";
import { BaseError, bytesToHex, hexToBytes } from "@braid/primitives";
import { accessListHash } from "@braid/protocol";
import { type GenesisAlloc, MemoryStateStore } from "@braid/state";
import type { StateFixture, StatePost } from "./fixture-types.ts";
import { type BlockExecutor, type RunMode, SEQUENTIAL } from "./modes.ts";
import { networkChain } from "./networks.ts";
import { environmentHeader, executeTransactions } from "./state-case.ts";

/** Transactions that can share a block, and the state before it. */
export interface Stack {
  fork: string;
  fixture: StateFixture;
  pre: GenesisAlloc;
  senders: Set<string>;
  hasBlobs: boolean;
  transactions: Uint8Array[];
}

const BLOB_TYPE = 3;

/** Puts the valid transactions of a file's cases on as few stacks as it takes; stacks of one are left out. */
export function stackCases(fixtures: StateFixture[]): Stack[] {
  const stacks: Stack[] = [];
  for (const fixture of fixtures) {
    for (const [fork, posts] of Object.entries(fixture.post)) {
      for (const post of posts) {
        if (post.expectException !== undefined || fixture.transaction.sender === undefined) continue;
        if (!stacks.some((stack) => put(stack, fixture, fork, post)))
          stacks.push(newStack(fixture, fork, post));
      }
    }
  }
  return stacks.filter(({ transactions }) => transactions.length > 1);
}

function newStack(fixture: StateFixture, fork: string, post: StatePost): Stack {
  const stack: Stack = { fork, fixture, pre: {}, senders: new Set(), hasBlobs: false, transactions: [] };
  put(stack, fixture, fork, post);
  return stack;
}

/** Adds a transaction, unless it belongs to another environment, its sender is there already, or an account is another one. */
function put(stack: Stack, fixture: StateFixture, fork: string, post: StatePost): boolean {
  const sender = fixture.transaction.sender as string;
  const raw = hexToBytes(post.txbytes);
  const isBlob = raw[0] === BLOB_TYPE;
  if (stack.fork !== fork || stack.senders.has(sender) || (isBlob && stack.hasBlobs)) return false;
  if (stack.fixture !== fixture && !sameRules(stack.fixture, fixture)) return false;
  for (const [address, account] of Object.entries(fixture.pre)) {
    const other = stack.pre[address];
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(account)) return false;
  }
  Object.assign(stack.pre, fixture.pre);
  stack.senders.add(sender);
  stack.hasBlobs ||= isBlob;
  stack.transactions.push(raw);
  return true;
}

function sameRules(a: StateFixture, b: StateFixture): boolean {
  return JSON.stringify([a.env, a.config]) === JSON.stringify([b.env, b.config]);
}

/** Runs a stack in a mode and sequentially. Returns what differs, or undefined. */
export async function runStack(
  stack: Stack,
  executorFor: (mode: RunMode) => BlockExecutor,
  mode: RunMode,
): Promise<string | undefined> {
  const expected = await outcome(stack, executorFor(SEQUENTIAL), SEQUENTIAL);
  const found = await outcome(stack, executorFor(mode), mode);
  for (const [what, value] of Object.entries(expected))
    if (found[what] !== value) return `the ${what} is ${found[what]}, sequentially it is ${value}`;
  return undefined;
}

/** What of a run has to be equal; a block that is rejected has only its code. */
async function outcome(
  stack: Stack,
  executor: BlockExecutor,
  mode: RunMode,
): Promise<Record<string, string>> {
  const { fixture, fork, transactions } = stack;
  const chain = networkChain(fork, fixture.config, "transactions");
  // Room for all of them: each alone fits into the environment's block.
  const gasLimit = BigInt(fixture.env.currentGasLimit ?? 0) * BigInt(transactions.length);
  const header = environmentHeader(fixture.env, chain, gasLimit);
  const store = MemoryStateStore.fromAlloc(stack.pre);
  let result: BlockResult;
  try {
    result = await executeTransactions(executor, chain, header, store, transactions, mode);
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    return { "error code": error.code };
  }
  return {
    "gas used": String(result.gasUsed),
    "gas of each transaction": result.transactions.map(({ gasUsed }) => gasUsed).join(),
    "receipts root": result.receiptsRoot === undefined ? "none" : bytesToHex(result.receiptsRoot),
    "logs bloom": bytesToHex(result.logsBloom),
    "access list hash": bytesToHex(accessListHash(result.accessList)),
    "state root": bytesToHex(store.prepare(store.head.hash, result.stateChanges).root),
  };
}
