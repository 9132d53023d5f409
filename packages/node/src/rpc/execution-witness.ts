// debug_executionWitness: all that somebody without a state needs to execute a block and to compute its state root.

import type { StoredBlock } from "@braid/chain";
import { bytesToHex, equalBytes, type Hex } from "@braid/primitives";
import { encodeHeader } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { EMPTY_CODE_HASH, type SourceAccount, type StateSource } from "@braid/state";
import { type BlockParam, blockParam, findBlock } from "./block-tags.ts";
import { beforeBlock, executeAgain } from "./execute-again.ts";
import { type MethodContext, type Methods, method } from "./method.ts";
import { hash } from "./params.ts";

/** As execution-apis, Geth and Reth have it. */
export interface ExecutionWitness {
  /** RLP of trie nodes. */
  state: Hex[];
  codes: Hex[];
  /** Addresses and slots, which tries only know by their hashes. */
  keys: Hex[];
  /** RLP, from the oldest that BLOCKHASH was asked for to the block's parent. */
  headers: Hex[];
}

export const witnessMethods: Methods = {
  debug_executionWitness: method([blockParam], (context, param) => witnessOf(context, param)),
  /** Reth's name for the same. */
  debug_executionWitnessByBlockHash: method([hash], (context, of) =>
    witnessOf(context, { hash: of, requireCanonical: false }),
  ),
};

async function witnessOf(context: MethodContext, param: BlockParam): Promise<ExecutionWitness> {
  const block = findBlock(context.node, param);
  if (block === undefined) throw new RpcError(SERVER_ERROR, "block not found");
  const { parent, state } = beforeBlock(context, block);
  if (!equalBytes(state.stateRoot, parent.header.stateRoot))
    throw new RpcError(
      SERVER_ERROR,
      `the state before block ${block.number} was changed by hand: no witness leads to it from its parent's state root`,
    );
  const witness = state.witness();
  const reads = new RecordedReads(state);
  const { byzantium } = context.node.chain.rules.rulesAt(block.header);
  const result = await executeAgain(context, block, reads, {
    // Only what the block itself reads: speculation may look for more.
    mode: "sequential",
    workers: 0,
    hints: false,
    // Receipts before Byzantium have the state root after each transaction.
    ...(byzantium ? {} : { intermediateRoots: (changes) => witness.rootAfter(changes) }),
  });
  for (const { address, slots } of reads.accounts()) witness.read(address, slots);
  if (!equalBytes(witness.rootAfter(result.stateChanges), block.header.stateRoot))
    throw new Error(`block ${block.number} has another state root when it is executed again`);
  return {
    state: witness.nodes.map(bytesToHex),
    codes: (await reads.codes()).map(bytesToHex),
    keys: reads.accounts().flatMap(({ address, slots }) => [address, ...slots].map(bytesToHex)),
    headers: headersFrom(context, parent, reads.oldest),
  };
}

/** The headers of a block and those before it, down to a number; the oldest first. */
function headersFrom({ node }: MethodContext, newest: StoredBlock, oldest: bigint | undefined): Hex[] {
  const headers: Hex[] = [];
  let block: StoredBlock | undefined = newest;
  const last = oldest ?? newest.number;
  while (block !== undefined && (headers.length === 0 || block.number >= last)) {
    headers.unshift(bytesToHex(encodeHeader(block.header)));
    block = node.chain.block(block.header.parentHash);
  }
  return headers;
}

type Answer<T> = T | Promise<T>;

interface ReadAccount {
  address: Uint8Array;
  account: Answer<SourceAccount | undefined>;
  slots: Map<Hex, Uint8Array>;
}

/** A state that remembers what was read of it. */
class RecordedReads implements StateSource {
  /** The lowest number that BLOCKHASH was asked for. */
  oldest: bigint | undefined;
  readonly #state: StateSource;
  readonly #accounts = new Map<Hex, ReadAccount>();

  constructor(state: StateSource) {
    this.#state = state;
  }

  getAccount(address: Uint8Array): Answer<SourceAccount | undefined> {
    return this.#open(address).account;
  }

  getStorage(address: Uint8Array, slot: Uint8Array): Answer<bigint> {
    this.#open(address).slots.set(bytesToHex(slot), slot.slice());
    return this.#state.getStorage(address, slot);
  }

  getCode(codeHash: Uint8Array): Answer<Uint8Array> {
    return this.#state.getCode(codeHash);
  }

  getBlockHash(number: bigint): Answer<Uint8Array> {
    if (this.oldest === undefined || number < this.oldest) this.oldest = number;
    return this.#state.getBlockHash(number);
  }

  accounts(): { address: Uint8Array; slots: Uint8Array[] }[] {
    return [...this.#accounts.values()].map(({ address, slots }) => ({
      address,
      slots: [...slots.values()],
    }));
  }

  /** Those of all accounts that were read, each once: an executor that has run a code before does not ask for it again. */
  async codes(): Promise<Uint8Array[]> {
    const codes = new Map<Hex, Uint8Array>();
    for (const { account } of this.#accounts.values()) {
      const { codeHash = EMPTY_CODE_HASH } = (await account) ?? {};
      if (equalBytes(codeHash, EMPTY_CODE_HASH) || codes.has(bytesToHex(codeHash))) continue;
      codes.set(bytesToHex(codeHash), await this.#state.getCode(codeHash));
    }
    return [...codes.values()];
  }

  #open(address: Uint8Array): ReadAccount {
    const key = bytesToHex(address);
    let read = this.#accounts.get(key);
    if (read === undefined) {
      read = { address: address.slice(), account: this.#state.getAccount(address), slots: new Map() };
      this.#accounts.set(key, read);
    }
    return read;
  }
}
