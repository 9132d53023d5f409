// Random states and random changes, removals above all: the proofs of what changes, and what is found to be missing, give the state root.

import type { BlockResult } from "@braid/executor";
import { bigIntToBytes32, bytesToHex, Random } from "@braid/primitives";
import { chainOf } from "@braid/protocol";
import {
  type AccountChange,
  EMPTY_CODE_HASH,
  MemoryStateStore,
  MissingTrieNodeError,
  NO_ACCOUNT_CHANGE,
  type StateChanges,
  type StoredState,
  stateChangesOf,
  WitnessStateSource,
} from "@braid/state";
import { makeTransferChain } from "@braid/testing/transfer-chain";
import { expect, test } from "vitest";
import { type LoadedBlock, loadBlock } from "../block-file.ts";
import { completeWitness, type Prover } from "./complete-witness.ts";
import { addByHash, emptyWitness } from "./execution-witness.ts";

const ROUNDS = 60;
const BEFORE = new Uint8Array(32).fill(1);
const AFTER = new Uint8Array(32).fill(2);

/** Shows parts of a state, and counts how often it is asked. */
class StateProver implements Prover {
  asked = 0;
  readonly #state: StoredState;

  constructor(state: StoredState) {
    this.#state = state;
  }

  async prove(address: Uint8Array, slots: readonly Uint8Array[]): Promise<Uint8Array[]> {
    this.asked++;
    const { accountProof, storageProof } = this.#state.prove(address, slots);
    return [...accountProof, ...storageProof.flatMap(({ proof }) => proof)];
  }

  async getCode(): Promise<Uint8Array> {
    throw new Error("no account has a code");
  }

  async getBlockHash(): Promise<Uint8Array> {
    throw new Error("no ancestor is asked for");
  }
}

function addressOf(index: number): Uint8Array {
  return bigIntToBytes32(BigInt(index + 1)).slice(12);
}

/** Some of the accounts go, some lose slots, some get others. */
function randomChanges(random: Random, accounts: Map<number, Set<number>>): StateChanges {
  const changes = new Map<`0x${string}`, AccountChange>();
  for (const [index, slots] of accounts) {
    if (random.below(3) !== 0) continue;
    const address = bytesToHex(addressOf(index));
    if (random.below(4) === 0) {
      changes.set(address, { ...NO_ACCOUNT_CHANGE, deleted: true });
      continue;
    }
    const storage = new Map<`0x${string}`, bigint>();
    for (const slot of slots)
      if (random.below(3) === 0) storage.set(bytesToHex(bigIntToBytes32(BigInt(slot))), 0n);
    if (random.below(2) === 0) storage.set(bytesToHex(bigIntToBytes32(BigInt(random.below(200)))), 5n);
    changes.set(address, { ...NO_ACCOUNT_CHANGE, balance: BigInt(random.below(100) + 1), storage });
  }
  return stateChangesOf({ accounts: changes, codes: new Map() });
}

function slotsOf(changes: StateChanges, index: number): Uint8Array[] {
  const slots: Uint8Array[] = [];
  for (let slot = changes.slotsBegin(index); slot < changes.slotsEnd(index); slot++)
    slots.push(changes.slotKeyAt(slot));
  return slots;
}

test("what moves up in the tries is found, be it a leaf, an extension or a branch", async () => {
  const { bundle } = await makeTransferChain(1);
  const block: LoadedBlock = loadBlock(bundle.blocks[0] ?? new Uint8Array(0), chainOf(bundle.chain));
  let askedAfter = 0;
  let askedAgain = 0;
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = new Random(seed);
    const accounts = new Map<number, Set<number>>();
    for (let i = 0; i < 2 + random.below(40); i++)
      accounts.set(i, new Set(Array.from({ length: random.below(30) }, () => random.below(200))));
    const store = MemoryStateStore.fromFlat(
      {
        accounts: [...accounts].map(([index, slots]) => ({
          address: addressOf(index),
          account: { nonce: 1n, balance: 1n, codeHash: EMPTY_CODE_HASH, hasStorage: slots.size > 0 },
          storage: [...slots].map((slot): [Uint8Array, bigint] => [bigIntToBytes32(BigInt(slot)), 7n]),
        })),
        codes: [],
      },
      { hash: BEFORE, number: 0n, ancestors: new Map() },
    );
    const stateChanges = randomChanges(random, accounts);
    const prepared = store.prepare(BEFORE, stateChanges);
    await prepared.commit({ hash: AFTER, number: 1n });
    const before = new StateProver(store.stateAt(BEFORE));
    const after = new StateProver(store.stateAt(AFTER));
    const witness = emptyWitness();
    for (let i = 0; i < stateChanges.accountCount; i++)
      addByHash(witness.nodes, await before.prove(stateChanges.addressAt(i), slotsOf(stateChanges, i)));
    const proven = before.asked;
    const { stateRoot } = store.stateAt(BEFORE);
    const executor = { executeBlock: async () => ({ stateChanges }) as BlockResult };
    await completeWitness({ executor, block, stateRoot, before, after }, witness);
    const source = new WitnessStateSource({
      parentStateRoot: stateRoot,
      nodes: witness.nodes.values(),
      codes: [],
    });
    expect(bytesToHex(source.rootAfter(stateChanges))).toBe(bytesToHex(prepared.root));
    askedAfter += after.asked;
    // Once more for each node that is missing, and once more again for a branch.
    askedAgain += before.asked - proven - after.asked;
  }
  // The states are such that all three occurred.
  expect(askedAfter).toBeGreaterThan(20);
  expect(askedAgain).toBeGreaterThan(3);
});

test("a node that nobody can show stays missing", async () => {
  const { bundle } = await makeTransferChain(1);
  const block = loadBlock(bundle.blocks[0] ?? new Uint8Array(0), chainOf(bundle.chain));
  const silent: Prover = {
    prove: async () => [],
    getCode: async () => new Uint8Array(0),
    getBlockHash: async () => new Uint8Array(32),
  };
  const changes = new Map([[bytesToHex(addressOf(1)), { ...NO_ACCOUNT_CHANGE, balance: 1n }]]);
  const stateChanges = stateChangesOf({ accounts: changes, codes: new Map() });
  const executor = { executeBlock: async () => ({ stateChanges }) as BlockResult };
  const task = { executor, block, stateRoot: new Uint8Array(32).fill(9), before: silent, after: silent };
  await expect(completeWitness(task, emptyWitness())).rejects.toBeInstanceOf(MissingTrieNodeError);
});
