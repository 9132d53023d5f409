// Executes a block on a witness and has the node prove what it is found to lack, until its state root can be computed.

import type { BlockResult, ExecuteBlockInput } from "@braid/executor";
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { SYSTEM_ADDRESS } from "@braid/protocol";
import type { RpcStateSource } from "@braid/remote";
import {
  EMPTY_TRIE_ROOT,
  MissingBlockHashError,
  MissingCodeError,
  MissingTrieNodeError,
  WitnessStateSource,
} from "@braid/state";
import { RLP } from "@ethereumjs/rlp";
import type { LoadedBlock } from "../block-file.ts";
import type { BlockExecutor } from "../block-runner.ts";
import { keccak256 } from "../keccak.ts";
import { addByHash, type GrowingWitness } from "./execution-witness.ts";
import { keyOnWay, shortened, valueAt, wayTo } from "./hidden-nodes.ts";

/** The caller of system calls has no account, and witnesses often leave out what shows that. */
export const TREATED_AS_ABSENT: Hex[] = [bytesToHex(SYSTEM_ADDRESS)];

/** More rounds than any block needs: each brings a node that was missing. */
const MAX_ROUNDS = 10_000;

/** Who shows parts of a state. */
export type Prover = Pick<RpcStateSource, "prove" | "getCode" | "getBlockHash">;

/** A block, the state before it and the one after it. */
export interface WitnessTask {
  executor: BlockExecutor;
  block: LoadedBlock;
  stateRoot: Uint8Array;
  before: Prover;
  after: Pick<Prover, "prove">;
  signal?: AbortSignal;
}

/**
 * Makes the witness sufficient for its block. Throws MissingTrieNodeError when nobody can show a node; RpcError; what the executor throws.
 */
export async function completeWitness(task: WitnessTask, witness: GrowingWitness): Promise<void> {
  let result: BlockResult | undefined;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const source = new WitnessStateSource({
      parentStateRoot: task.stateRoot,
      nodes: witness.nodes.values(),
      codes: witness.codes.values(),
      blockHashes: witness.blockHashes,
      treatMissingAsAbsent: new Set(TREATED_AS_ABSENT),
    });
    try {
      result ??= await task.executor.executeBlock(inputOf(task, source));
      source.rootAfter(result.stateChanges);
      return;
    } catch (error) {
      task.signal?.throwIfAborted();
      await supply(task, witness, error);
    }
  }
}

function inputOf({ block, signal }: WitnessTask, source: WitnessStateSource): ExecuteBlockInput {
  return {
    block: block.input,
    chain: block.chain,
    source,
    // Only what the block really reads: speculation may look for more.
    mode: "sequential",
    // Receipts before Byzantium hold the state root after each transaction.
    ...(block.chain.rulesOfFork(block.fork).byzantium
      ? {}
      : { intermediateRoots: (changes) => source.rootAfter(changes) }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Adds what an error says is missing, or throws it. */
async function supply(task: WitnessTask, witness: GrowingWitness, error: unknown): Promise<void> {
  if (error instanceof MissingBlockHashError) {
    const number = BigInt(String(error.data?.number));
    witness.blockHashes.set(number, await task.before.getBlockHash(number));
    return;
  }
  if (error instanceof MissingCodeError) {
    addByHash(witness.codes, [await task.before.getCode(hexToBytes(String(error.data?.codeHash)))]);
    return;
  }
  if (!(error instanceof MissingTrieNodeError)) throw error;
  const { nodes } = witness;
  const { address, slot } = error.data as { address?: Hex; slot?: Hex };
  if (address === undefined) throw error;
  const account = hexToBytes(address);
  const slots = slot === undefined ? [] : [hexToBytes(slot)];
  addByHash(nodes, await task.before.prove(account, slots));
  if (nodes.has(error.nodeHash)) return;
  for (const node of shortened(await task.after.prove(account, slots)))
    if (bytesToHex(keccak256(node)) === error.nodeHash) nodes.set(error.nodeHash, node);
  if (nodes.has(error.nodeHash)) return;
  const accountKey = bytesToHex(keccak256(account)).slice(2);
  const leaf = slot === undefined ? undefined : valueAt(task.stateRoot, accountKey, nodes);
  // nonce, balance, storage root, code hash
  const root =
    leaf === undefined ? task.stateRoot : ((RLP.decode(leaf) as Uint8Array[])[2] ?? EMPTY_TRIE_ROOT);
  const way = wayTo(error.nodeHash, root, error.key.slice(2), nodes);
  const key = way === undefined ? undefined : await keyOnWay(way, slot === undefined ? 20 : 32, task.signal);
  if (key === undefined) throw error;
  addByHash(
    nodes,
    slot === undefined ? await task.before.prove(key, []) : await task.before.prove(account, [key]),
  );
  if (!nodes.has(error.nodeHash)) throw error;
}
