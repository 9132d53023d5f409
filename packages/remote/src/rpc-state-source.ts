// The state after a block, read from a node over JSON-RPC.

import {
  BaseError,
  bytesToHex,
  equalBytes,
  type Hex,
  jsonBytes,
  jsonList,
  jsonObject,
  jsonQuantity,
} from "@braid/primitives";
import {
  EMPTY_CODE_HASH,
  MissingBlockHashError,
  MissingCodeError,
  type SourceAccount,
  type StateAnswer,
  type StateKey,
  type StateSource,
  WitnessStateSource,
} from "@braid/state";
import type { AnswerCache } from "./answer-cache.ts";
import { RpcError } from "./errors.ts";
import { keccak256 } from "./keccak.ts";
import { hexOf, type RemoteParent } from "./remote-node.ts";
import type { RpcClient } from "./rpc-client.ts";

/** A code, and an account that has it. */
interface RemoteCode {
  address: Uint8Array;
  /** undefined after it could not be had. */
  code: Promise<Uint8Array> | undefined;
}

/** By their hashes. */
export type RemoteCodes = Map<Hex, RemoteCode>;

/**
 * A StateSource over a node. What a proof shows is checked against the block's state root; what the node merely says is checked by whoever
 * executes a whole block on it. Reads that are made together share requests, and each is made once: a code that several accounts have too.
 */
export class RpcStateSource implements StateSource {
  /** When it is known. */
  readonly stateRoot?: Uint8Array;
  readonly #client: RpcClient;
  readonly #block: RemoteParent;
  readonly #cache: AnswerCache | undefined;
  readonly #codes: RemoteCodes;
  /** What names the block: its hash (EIP-1898), or its number where the node takes none. */
  #name: Promise<unknown> | undefined;
  /** Whether the node gives proofs of this state; unknown before the first account. */
  #proves: Promise<boolean> | undefined;

  /**
   * Of the state after `block`. Without its header nothing is proven. What `cache` has is not asked for. Sources that are given the same
   * `codes` know each other's.
   */
  constructor(client: RpcClient, block: RemoteParent, cache?: AnswerCache, codes: RemoteCodes = new Map()) {
    if (block.header !== undefined) this.stateRoot = block.header.stateRoot;
    else this.#proves = Promise.resolve(false);
    this.#client = client;
    this.#block = block;
    this.#cache = cache;
    this.#codes = codes;
  }

  async getAccount(address: Uint8Array): Promise<SourceAccount | undefined> {
    return (await this.#canProve(address)) ? this.#askWithProof(address) : this.#ask(address);
  }

  /** Whoever looks at a contract runs it nearly always: its code comes with the same request, not a round trip later. */
  async #askWithProof(address: Uint8Array): Promise<SourceAccount | undefined> {
    const code = this.#askCode(address);
    code.catch(() => {});
    const account = (await this.#prove(address, [])).state.getAccount(address);
    if (account !== undefined) this.#code(account.codeHash, address, code)?.catch(() => {});
    return account;
  }

  async getStorage(address: Uint8Array, slot: Uint8Array): Promise<bigint> {
    const params = [bytesToHex(address), bytesToHex(slot)];
    return this.#call("eth_getStorageAt", params, (answer) =>
      jsonQuantity(answer === "0x" ? "0x0" : answer, "the slot"),
    );
  }

  /** Throws MissingCodeError for a hash that no account has which was read here. */
  async getCode(codeHash: Uint8Array): Promise<Uint8Array> {
    if (equalBytes(codeHash, EMPTY_CODE_HASH)) return new Uint8Array(0);
    const known = this.#codes.get(bytesToHex(codeHash));
    if (known === undefined) throw new MissingCodeError({ codeHash: bytesToHex(codeHash) });
    // The first attempt may have failed.
    return known.code ?? (this.#code(codeHash, known.address) as Promise<Uint8Array>); // not the empty one
  }

  async getBlockHash(number: bigint): Promise<Uint8Array> {
    const { header, hash } = this.#block;
    if (number === this.#block.number) return hash;
    if (header !== undefined && number === header.number - 1n) return header.parentHash;
    const read = (answer: unknown): Uint8Array => jsonBytes(answer, "block.hash", 32);
    const question = `the hash of block ${number}`;
    const known = this.#cache?.get(this.#block.hash, question);
    if (known !== undefined) return read(known);
    return this.#client.call("eth_getBlockByNumber", [hexOf(number), false], (answer) => {
      if (answer === null) throw new MissingBlockHashError(number);
      const found = jsonObject(answer, "block").hash;
      const bytes = read(found);
      this.#cache?.put(this.#block.hash, question, found);
      return bytes;
    });
  }

  getMany(keys: StateKey[]): Promise<StateAnswer[]> {
    return Promise.allSettled<SourceAccount | bigint | undefined>(
      keys.map(({ address, slot }) =>
        slot === undefined ? this.getAccount(address) : this.getStorage(address, slot),
      ),
    );
  }

  /** RLP of the trie nodes that prove an account and slots of it. Throws RpcError; BRAID_RPC_WRONG_ANSWER when they do not. */
  async prove(address: Uint8Array, slots: readonly Uint8Array[]): Promise<Uint8Array[]> {
    return (await this.#prove(address, slots)).nodes;
  }

  /** The first account decides, once for all: the others wait for it. */
  async #canProve(address: Uint8Array): Promise<boolean> {
    this.#proves ??= this.#prove(address, []).then(
      () => true,
      (error) => {
        if (isRefusal(error)) return false;
        // Who comes next asks again.
        this.#proves = undefined;
        throw error;
      },
    );
    return this.#proves;
  }

  /** The part of the state that a proof shows. Throws RpcError BRAID_RPC_WRONG_ANSWER when it does not show what it should. */
  async #prove(
    address: Uint8Array,
    slots: readonly Uint8Array[],
  ): Promise<{ state: WitnessStateSource; nodes: Uint8Array[] }> {
    const keys = slots.map(bytesToHex);
    const nodes = await this.#call("eth_getProof", [bytesToHex(address), keys], (answer) => {
      const proof = jsonObject(answer, "proof");
      const nodesOf = (list: unknown, path: string): Uint8Array[] =>
        jsonList(list, path).map((node) => jsonBytes(node, path));
      const storage = jsonList(proof.storageProof ?? [], "proof.storageProof");
      return [
        ...nodesOf(proof.accountProof, "proof.accountProof"),
        ...storage.flatMap((slot) =>
          nodesOf(jsonObject(slot, "proof.storageProof").proof, "proof.storageProof"),
        ),
      ];
    });
    if (this.stateRoot === undefined)
      throw new RpcError(
        "BRAID_RPC_UNKNOWN_BLOCK",
        `${this.#client.host} does not have the header of block ${this.#block.number}, without which nothing can be proven. Use another node.`,
        { host: this.#client.host },
      );
    const state = new WitnessStateSource({ parentStateRoot: this.stateRoot, nodes, codes: [] });
    try {
      state.getAccount(address);
      for (const slot of slots) state.getStorage(address, slot);
    } catch (error) {
      if (!(error instanceof BaseError)) throw error;
      throw new RpcError(
        "BRAID_RPC_WRONG_ANSWER",
        `${this.#client.host} answers eth_getProof of ${bytesToHex(address)} with a proof that does not fit the state root of block ${this.#block.number}.`,
        { host: this.#client.host, address: bytesToHex(address) },
      );
    }
    return { state, nodes };
  }

  /** An account without a proof: nobody says whether it has storage, and what has a code counts as having some. */
  async #ask(address: Uint8Array): Promise<SourceAccount | undefined> {
    const params = [bytesToHex(address)];
    const [balance, nonce, code] = await Promise.all([
      this.#call("eth_getBalance", params, (answer) => jsonQuantity(answer, "balance")),
      this.#call("eth_getTransactionCount", params, (answer) => jsonQuantity(answer, "nonce", 64n)),
      this.#askCode(address),
    ]);
    if (balance === 0n && nonce === 0n && code.length === 0) return undefined;
    const codeHash = keccak256(code);
    this.#codes.set(bytesToHex(codeHash), { address, code: Promise.resolve(code) });
    return { balance, nonce, codeHash, hasStorage: code.length > 0 };
  }

  #askCode(address: Uint8Array): Promise<Uint8Array> {
    return this.#call("eth_getCode", [bytesToHex(address)], (answer) => jsonBytes(answer, "code"));
  }

  /** The code with a hash, which this account has; undefined for none. `answer`: what the node says that the account's code is. */
  #code(
    codeHash: Uint8Array,
    address: Uint8Array,
    answer?: Promise<Uint8Array>,
  ): Promise<Uint8Array> | undefined {
    if (equalBytes(codeHash, EMPTY_CODE_HASH)) return undefined;
    const key = bytesToHex(codeHash);
    const known = this.#codes.get(key)?.code;
    if (known !== undefined) return known;
    const code = (answer ?? this.#askCode(address)).then((bytes) => {
      if (equalBytes(keccak256(bytes), codeHash)) return bytes;
      throw new RpcError(
        "BRAID_RPC_WRONG_ANSWER",
        `${this.#client.host} answers eth_getCode of ${bytesToHex(address)} with a code of another hash.`,
        { host: this.#client.host, address: bytesToHex(address) },
      );
    });
    const entry: RemoteCode = { address, code };
    this.#codes.set(key, entry);
    code.catch(() => {
      entry.code = undefined;
    });
    return code;
  }

  async #call<T>(method: string, params: unknown[], read: (answer: unknown) => T): Promise<T> {
    const question = `${method} ${JSON.stringify(params)}`;
    const known = this.#cache?.get(this.#block.hash, question);
    if (known !== undefined) return read(known);
    this.#name ??= this.#nameBlock().catch((error: unknown) => {
      this.#name = undefined;
      throw error;
    });
    return this.#client.call(method, [...params, await this.#name], (answer) => {
      const value = read(answer);
      this.#cache?.put(this.#block.hash, question, answer);
      return value;
    });
  }

  /** By its hash where the node takes one; else by its number, if that is the block's own. */
  async #nameBlock(): Promise<unknown> {
    const { number, hash } = this.#block;
    const byHash = { blockHash: bytesToHex(hash) };
    try {
      await this.#client.call("eth_getBalance", [ANY_ADDRESS, byHash], () => {});
      return byHash;
    } catch (error) {
      const refused =
        error instanceof RpcError &&
        (error.code === "BRAID_RPC_INVALID_PARAMS" || error.code === "BRAID_RPC_FAILED");
      if (!refused) throw error;
    }
    const byNumber = hexOf(number);
    const canonical = await this.#client.call("eth_getBlockByNumber", [byNumber, false], (answer) =>
      jsonBytes(jsonObject(answer, "block").hash, "block.hash", 32),
    );
    if (equalBytes(canonical, hash)) return byNumber;
    throw new RpcError(
      "BRAID_RPC_UNKNOWN_BLOCK",
      `${this.#client.host} takes no block hashes (EIP-1898), and its block ${number} is another one than ${bytesToHex(hash)}. Use another node.`,
      { host: this.#client.host, hash: bytesToHex(hash) },
    );
  }
}

const ANY_ADDRESS = `0x${"0".repeat(40)}`;

/** True when the node does not have the method, or not for this state: another method may do. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof RpcError &&
    [
      "BRAID_RPC_UNSUPPORTED",
      "BRAID_RPC_ARCHIVE_NEEDED",
      "BRAID_RPC_INVALID_PARAMS",
      "BRAID_RPC_FAILED",
    ].includes(error.code)
  );
}
