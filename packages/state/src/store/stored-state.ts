// The state after one block of a store: read flat while that block is the head, and from its tries while it is not.
import { bytesToHex, equalBytes } from "@braid/primitives";
import { decodeSlotValue } from "../account-rlp.ts";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "../constants.ts";
import { MissingBlockHashError, MissingCodeError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import type { SourceAccount } from "../state-source.ts";
import { readTrieAccount, type TrieAccount } from "../state-trie.ts";
import { trieGet } from "../trie/lookup.ts";
import type { TrieNode } from "../trie/node.ts";
import { rootHash } from "../trie/node-codec.ts";
import { trieProof } from "../trie/proof.ts";
import type { StateReader, TreeBlock } from "./backend.ts";
import { siblingOf } from "./stand-ins.ts";
import type { AccountProof, StoredState } from "./state-store.ts";
import { StateWitness } from "./state-witness.ts";

const NO_BYTES = new Uint8Array(0);

export class StoredBlockState<Reader extends StateReader = StateReader> implements StoredState {
  protected readonly reader: Reader;
  protected readonly block: TreeBlock;
  /** What reads have loaded of it stays loaded. */
  #trie: { root: TrieNode | undefined } | undefined;

  constructor(reader: Reader, block: TreeBlock) {
    this.reader = reader;
    this.block = block;
  }

  get stateRoot(): Uint8Array {
    return this.block.stateRoot;
  }

  getAccount(address: Uint8Array): SourceAccount | undefined {
    if (this.isHead) return this.reader.flat.account(address);
    const account = this.#trieAccount(address);
    if (account === undefined) return undefined;
    const { nonce, balance, codeHash, storage } = account;
    return { nonce, balance, codeHash: codeHash.slice(), hasStorage: storage !== undefined };
  }

  getStorage(address: Uint8Array, slot: Uint8Array): bigint {
    if (this.isHead) return this.reader.flat.slot(address, slot);
    return this.#trieSlot(this.#trieAccount(address), slot);
  }

  /** Throws MissingCodeError. */
  getCode(codeHash: Uint8Array): Uint8Array {
    if (equalBytes(codeHash, EMPTY_CODE_HASH)) return NO_BYTES;
    const code = this.reader.code(codeHash);
    if (code === undefined) throw new MissingCodeError({ codeHash: bytesToHex(codeHash) });
    return code;
  }

  /** Throws MissingBlockHashError for a number that is above the block, or below what the store knows. */
  getBlockHash(number: bigint): Uint8Array {
    let block: TreeBlock | undefined = this.block;
    let child: TreeBlock | undefined;
    while (block !== undefined && block.number > number) {
      child = block;
      block = block.parent === undefined ? undefined : this.reader.block(block.parent);
    }
    const hash =
      block?.number === number
        ? block.hash
        : (this.reader.ancestorHash(number) ?? (child && siblingOf(child.hash, number)));
    if (hash === undefined || number > this.block.number) throw new MissingBlockHashError(number);
    return hash;
  }

  prove(address: Uint8Array, slots: readonly Uint8Array[]): AccountProof {
    const { nodes } = this.reader;
    const account = this.#trieAccount(address);
    return {
      nonce: account?.nonce ?? 0n,
      balance: account?.balance ?? 0n,
      codeHash: account?.codeHash.slice() ?? EMPTY_CODE_HASH,
      storageRoot: account === undefined ? EMPTY_TRIE_ROOT : rootHash(account.storage),
      accountProof: trieProof(this.#root(), keccak256(address), nodes),
      storageProof: slots.map((slot) => ({
        slot,
        value: this.#trieSlot(account, slot),
        proof: trieProof(account?.storage, keccak256(slot), nodes),
      })),
    };
  }

  witness(): StateWitness {
    return new StateWitness(this.#root(), this.reader.nodes);
  }

  protected get isHead(): boolean {
    const { head } = this.reader;
    return head !== undefined && equalBytes(head.hash, this.block.hash);
  }

  #root(): TrieNode | undefined {
    this.#trie ??= { root: this.reader.trie(this.block) };
    return this.#trie.root;
  }

  #trieAccount(address: Uint8Array): TrieAccount | undefined {
    return readTrieAccount(this.#root(), keccak256(address), this.reader.nodes);
  }

  #trieSlot(account: TrieAccount | undefined, slot: Uint8Array): bigint {
    const value = trieGet(account?.storage, keccak256(slot), this.reader.nodes);
    return value === undefined ? 0n : decodeSlotValue(value);
  }
}
