// The state before a block as geth's prestateTracer tells it, transaction by transaction, and a source that falls back on another one for
// what it does not tell.

import {
  bytesToHex,
  FileError,
  type Hex,
  jsonBytes,
  jsonList,
  jsonObject,
  jsonQuantity,
} from "@braid/primitives";
import {
  BEACON_ROOTS_ADDRESS,
  BLOCK_HASHES_ADDRESS,
  CONSOLIDATION_REQUESTS_ADDRESS,
  WITHDRAWAL_REQUESTS_ADDRESS,
} from "@braid/protocol";
import type { RpcClient } from "@braid/remote";
import type { SourceAccount, StateAnswer, StateKey, StateSource } from "@braid/state";
import type { LoadedBlock } from "../block-file.ts";
import { keccak256 } from "../keccak.ts";

/** For one transaction; geth's default is five seconds. */
const TRACE_TIMEOUT = "60s";

/** System calls change these before the first transaction, so what a transaction finds in them is not the state before the block. */
const SYSTEM_CONTRACTS = new Set(
  [
    BEACON_ROOTS_ADDRESS,
    BLOCK_HASHES_ADDRESS,
    CONSOLIDATION_REQUESTS_ADDRESS,
    WITHDRAWAL_REQUESTS_ADDRESS,
  ].map(bytesToHex),
);

interface Traced {
  account: SourceAccount | undefined;
  storage: Map<Hex, bigint>;
}

/**
 * A source that knows what the transactions of a block touch: a value as the first transaction found it that touched it at all. Everything
 * else it asks another source for: ancestors' hashes, system contracts, beneficiaries, and what a node's tracer forgets.
 */
export class PrestateSource implements StateSource {
  readonly #traced = new Map<Hex, Traced>();
  readonly #codes = new Map<Hex, Uint8Array>();
  readonly #rest: StateSource;

  private constructor(rest: StateSource) {
    this.#rest = rest;
  }

  /**
   * Traces the block.
   *
   * @throws RpcError; BRAID_RPC_UNSUPPORTED where the node has no such tracer.
   */
  static async trace(client: RpcClient, block: LoadedBlock, rest: StateSource): Promise<PrestateSource> {
    const source = new PrestateSource(rest);
    const options = { tracer: "prestateTracer", timeout: TRACE_TIMEOUT };
    await client.call("debug_traceBlockByHash", [bytesToHex(block.hash), options], (answer) => {
      const traces = jsonList(answer, "traces");
      if (traces.length !== block.input.transactions.length)
        throw new FileError(
          "BRAID_FILE_MALFORMED",
          `There are ${traces.length} traces of ${block.input.transactions.length} transactions.`,
        );
      // Before EIP-161 an account without anything may exist, and the trace does not tell.
      const { spuriousDragon } = block.chain.rulesOfFork(block.fork);
      for (const trace of traces) source.#add(jsonObject(trace, "trace").result, spuriousDragon);
    });
    return source;
  }

  getAccount(address: Uint8Array): ReturnType<StateSource["getAccount"]> {
    const traced = this.#traced.get(bytesToHex(address));
    return traced === undefined ? this.#rest.getAccount(address) : traced.account;
  }

  getStorage(address: Uint8Array, slot: Uint8Array): bigint | Promise<bigint> {
    const traced = this.#traced.get(bytesToHex(address))?.storage.get(bytesToHex(slot));
    return traced ?? this.#rest.getStorage(address, slot);
  }

  getCode(codeHash: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.#codes.get(bytesToHex(codeHash)) ?? this.#rest.getCode(codeHash);
  }

  getBlockHash(number: bigint): Uint8Array | Promise<Uint8Array> {
    return this.#rest.getBlockHash(number);
  }

  getMany(keys: StateKey[]): Promise<StateAnswer[]> {
    return Promise.allSettled<SourceAccount | bigint | undefined>(
      keys.map(async ({ address, slot }) =>
        slot === undefined ? this.getAccount(address) : this.getStorage(address, slot),
      ),
    );
  }

  /** One transaction's trace: address -> { balance, nonce, code, storage: slot -> value }. */
  #add(result: unknown, emptyIsAbsent: boolean): void {
    for (const [address, fields] of Object.entries(jsonObject(result, "trace.result"))) {
      const key = bytesToHex(jsonBytes(address, "an address of the trace", 20));
      if (SYSTEM_CONTRACTS.has(key)) continue;
      const { balance = "0x0", nonce = 0, code = "0x", storage = {} } = jsonObject(fields, key);
      let traced = this.#traced.get(key);
      if (traced === undefined) {
        const account = this.#account(jsonQuantity(balance, key), jsonQuantity(nonce, key, 64n), code, key);
        if (account === undefined && !emptyIsAbsent) continue;
        traced = { account, storage: new Map() };
        this.#traced.set(key, traced);
      }
      for (const [slot, value] of Object.entries(jsonObject(storage, key))) {
        const slotKey = bytesToHex(jsonBytes(slot, `a slot of ${key}`, 32));
        if (!traced.storage.has(slotKey)) traced.storage.set(slotKey, jsonQuantity(value, key));
      }
    }
  }

  /** Nobody says whether an account has storage: what has a code counts as having some. */
  #account(balance: bigint, nonce: bigint, codeHex: unknown, key: Hex): SourceAccount | undefined {
    const code = jsonBytes(codeHex, key);
    if (balance === 0n && nonce === 0n && code.length === 0) return undefined;
    const codeHash = keccak256(code);
    this.#codes.set(bytesToHex(codeHash), code);
    return { balance, nonce, codeHash, hasStorage: code.length > 0 };
  }
}
