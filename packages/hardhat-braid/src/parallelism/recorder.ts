// What a project's tests send: each transaction with the state before it. States share what they have in common, so keeping one costs little.

import type { Node } from "@braid/node";
import { bytesToHex, type Hex } from "@braid/primitives";
import { type Chain, decodeTransaction, type Header, type Transaction } from "@braid/protocol";
import type { StateSource } from "@braid/state";

/** A transaction that called something, and succeeded. */
export interface RecordedCall {
  /** The number of the connection: each has a chain of its own. */
  connection: number;
  chain: Chain;
  /** Of the block that it was mined in. */
  header: Header;
  /** Before that block. */
  state: StateSource;
  /** 20 bytes. */
  sender: Uint8Array;
  transaction: Transaction & { to: Uint8Array };
}

/** Of one function: more users than that are not asked for. */
const MOST_OF_ONE = 5_000;

export class Recorder {
  /** By receiver and selector. */
  readonly calls = new Map<string, RecordedCall[]>();
  /** Accounts that somebody has keys of, or has sent from. */
  readonly people = new Set<Hex>();
  readonly counts = { transactions: 0, deployments: 0, failed: 0 };
  readonly #codes = new Map<Hex, Uint8Array>();
  #connections = 0;

  /** From now on until the node is closed. */
  watch(node: Node): void {
    const connection = this.#connections++;
    for (const address of node.accounts.keys()) this.people.add(address);
    node.onExecuted((_block, { stateChanges }) => {
      for (let i = 0; i < stateChanges.codeCount; i++) {
        const hash = bytesToHex(stateChanges.codeHashOf(i));
        if (!this.#codes.has(hash)) this.#codes.set(hash, stateChanges.codeAt(i).slice());
      }
    });
    node.miner.onMined(({ block: { header, block } }, results) => {
      let state: StateSource | undefined;
      for (const [i, { sender, status }] of results().entries()) {
        const transaction = decodeTransaction(block.transactions[i] as Uint8Array);
        this.#count(sender, status, transaction);
        const { to } = transaction;
        if (status === 0 || to === undefined) continue;
        state ??= this.#keep(node, header.parentHash);
        const chain = node.chain.rules;
        this.#add({ connection, chain, header, state, sender, transaction: { ...transaction, to } });
      }
    });
  }

  #count(sender: Uint8Array, status: 0 | 1, { to }: Transaction): void {
    this.people.add(bytesToHex(sender));
    this.counts.transactions++;
    if (status === 0) this.counts.failed++;
    else if (to === undefined) this.counts.deployments++;
  }

  #add(call: RecordedCall): void {
    const key = keyOf(call.transaction);
    const others = this.calls.get(key);
    if (others === undefined) this.calls.set(key, [call]);
    else if (others.length < MOST_OF_ONE) others.push(call);
  }

  /** The store forgets states and codes that a test reverts; what is held here stays. */
  #keep(node: Node, block: Uint8Array): StateSource {
    const state = node.chain.stateAfter(block);
    // Loads the trie's root, which holds all the rest. On a forked chain there is none, and nothing is forgotten.
    if (node.fork === undefined) state.witness();
    const codes = this.#codes;
    return {
      stateRoot: state.stateRoot,
      getAccount: (address) => state.getAccount(address),
      getStorage: (address, slot) => state.getStorage(address, slot),
      getCode: (hash) => codes.get(bytesToHex(hash)) ?? state.getCode(hash),
      getBlockHash: (number) => state.getBlockHash(number),
    };
  }
}

function keyOf({ to, data }: RecordedCall["transaction"]): string {
  return `${bytesToHex(to)}:${bytesToHex(data.subarray(0, 4))}`;
}

let active: Recorder | undefined;

/** Of the task that is running its tests in this process; undefined at all other times. */
export function activeRecorder(): Recorder | undefined {
  return active;
}

/** Records what is sent while `action` runs. */
export async function recording(action: () => Promise<void>): Promise<Recorder> {
  const recorder = new Recorder();
  active = recorder;
  try {
    await action();
    return recorder;
  } finally {
    active = undefined;
  }
}
