// The errors of reading a state: each says what was asked for and what to try next.
import { BaseError, type Hex } from "@braid/primitives";

/**
 * A trie node that a read or a root computation needs is not in the witness. Code BRAID_MISSING_NODE.
 * data: the node's hash, the (hashed) key that led to it, and the address and slot once they are known.
 */
export class MissingTrieNodeError extends BaseError {
  readonly nodeHash: Hex;
  readonly key: Hex;

  constructor(data: { nodeHash: Hex; key: Hex; address?: Hex; slot?: Hex }) {
    const place = data.address === undefined ? `key ${data.key}` : `account ${data.address}`;
    const where = data.slot === undefined ? place : `slot ${data.slot} of ${place}`;
    super(
      "BRAID_MISSING_NODE",
      `The witness lacks trie node ${data.nodeHash}, needed for ${where}. It is incomplete for this block: capture it again.`,
      { data },
    );
    this.nodeHash = data.nodeHash;
    this.key = data.key;
  }

  /** The same failure, told by address and slot. */
  at(address: Hex, slot?: Hex): MissingTrieNodeError {
    const { nodeHash, key } = this;
    return new MissingTrieNodeError(
      slot === undefined ? { nodeHash, key, address } : { nodeHash, key, address, slot },
    );
  }
}

/** A code is referred to by its hash but was not supplied. Code BRAID_MISSING_CODE. */
export class MissingCodeError extends BaseError {
  constructor(data: { codeHash: Hex }) {
    super(
      "BRAID_MISSING_CODE",
      `The state has no code with hash ${data.codeHash}. Capture the block again with all codes.`,
      {
        data,
      },
    );
  }
}

/** BLOCKHASH asked for an ancestor that was not supplied. Code BRAID_MISSING_BLOCK_HASH; data.number is decimal. */
export class MissingBlockHashError extends BaseError {
  constructor(number: bigint) {
    super(
      "BRAID_MISSING_BLOCK_HASH",
      `The hash of block ${number} is unknown. Supply it with the block's ancestors.`,
      {
        data: { number: number.toString() },
      },
    );
  }
}

/** Bytes that are not a trie node, or a trie whose shape is impossible. Code BRAID_BAD_TRIE_NODE. */
export class BadTrieNodeError extends BaseError {
  constructor(reason: string, data: Record<string, unknown> = {}) {
    super("BRAID_BAD_TRIE_NODE", `A trie node is malformed: ${reason}.`, { data: { reason, ...data } });
  }
}
