// The states of a chain in tries of @ethereumjs/mpt, which keep every node: what the stores are held against.
import { type Hex, hexToBytes, minimalBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT, type StateChanges } from "@braid/state";
import { createMerkleProof, MerklePatriciaTrie } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { MapDB, ValueEncoding } from "@ethereumjs/util";

type Leaf = [nonce: Uint8Array, balance: Uint8Array, storageRoot: Uint8Array, codeHash: Uint8Array];

export interface OracleAccount {
  nonce: bigint;
  balance: bigint;
  storageRoot: Uint8Array;
  codeHash: Uint8Array;
}

export class TrieOracle {
  readonly #db = new MapDB<string, Uint8Array>();
  #root = EMPTY_TRIE_ROOT;

  get root(): Uint8Array {
    return this.#root;
  }

  /** Moves on to the state after some changes. */
  async apply(changes: StateChanges): Promise<void> {
    const accounts = this.#open(this.#root);
    for (const [address, change] of changes.accounts) {
      const key = hexToBytes(address);
      const before = await this.account(this.#root, key);
      if (change.deleted) {
        if (before !== undefined) await accounts.del(key);
        continue;
      }
      const base = change.storageReset ? EMPTY_TRIE_ROOT : (before?.storageRoot ?? EMPTY_TRIE_ROOT);
      const storage = this.#open(base);
      for (const [slot, value] of change.storage) await write(storage, slot, value);
      const nonce = change.nonce ?? before?.nonce;
      const balance = change.balance ?? before?.balance;
      const codeHash = change.codeHash ?? before?.codeHash;
      if (nonce === undefined && balance === undefined && codeHash === undefined) continue;
      const leaf = [nonce ?? 0n, balance ?? 0n, storage.root(), codeHash ?? EMPTY_CODE_HASH];
      await accounts.put(key, RLP.encode(leaf));
    }
    this.#root = accounts.root();
  }

  async account(root: Uint8Array, address: Uint8Array): Promise<OracleAccount | undefined> {
    const value = await this.#open(root).get(address);
    if (value === null) return undefined;
    const [nonce, balance, storageRoot, codeHash] = RLP.decode(value) as Leaf;
    return { nonce: toBigInt(nonce), balance: toBigInt(balance), storageRoot, codeHash };
  }

  async slot(storageRoot: Uint8Array, slot: Uint8Array): Promise<bigint> {
    const value = await this.#open(storageRoot).get(slot);
    return value === null ? 0n : toBigInt(RLP.decode(value) as Uint8Array);
  }

  /** The nodes with a hash of their own on the way to a key. */
  async proof(root: Uint8Array, key: Uint8Array): Promise<Uint8Array[]> {
    const proof = await createMerkleProof(this.#open(root), key);
    return proof.filter((node, i) => i === 0 || node.length >= 32);
  }

  #open(root: Uint8Array): MerklePatriciaTrie {
    return new MerklePatriciaTrie({
      db: this.#db,
      root,
      valueEncoding: ValueEncoding.Bytes,
      useKeyHashing: true,
    });
  }
}

async function write(trie: MerklePatriciaTrie, slot: Hex, value: bigint): Promise<void> {
  if (value === 0n) await trie.del(hexToBytes(slot));
  else await trie.put(hexToBytes(slot), RLP.encode(minimalBytes(value)));
}

function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}
