// A parent state in plain maps, for blocks that come with a flat pre-state.
import { bytesToHex, type Hex } from "@braid/primitives";
import { EMPTY_CODE_HASH_HEX } from "./constants.ts";
import { MissingBlockHashError, MissingCodeError } from "./errors.ts";
import type { FlatPreState, SourceAccount, StateSource } from "./state-source.ts";

interface Entry {
  account: SourceAccount | undefined;
  storage: Map<Hex, bigint>;
}

/**
 * A StateSource over a complete flat pre-state: what is not listed does not exist.
 * PERF: the maps are built at the first single read; an executor that takes `preload()` never pays for them.
 */
export class MemoryStateSource implements StateSource {
  readonly #flat: FlatPreState;
  readonly #blockHashes: ReadonlyMap<bigint, Uint8Array>;
  #entries: Map<Hex, Entry> | undefined;
  #codes: Map<Hex, Uint8Array> | undefined;

  constructor(flat: FlatPreState, blockHashes: ReadonlyMap<bigint, Uint8Array> = new Map()) {
    this.#flat = flat;
    this.#blockHashes = blockHashes;
  }

  /** The source over a flat pre-state; `blockHashes` (number -> 32 bytes) answer BLOCKHASH. The data is not copied. */
  static fromFlat(pre: FlatPreState & { blockHashes?: ReadonlyMap<bigint, Uint8Array> }): MemoryStateSource {
    return new MemoryStateSource(pre, pre.blockHashes);
  }

  getAccount(address: Uint8Array): SourceAccount | undefined {
    return this.#entry(address)?.account;
  }

  getStorage(address: Uint8Array, slot: Uint8Array): bigint {
    return this.#entry(address)?.storage.get(bytesToHex(slot)) ?? 0n;
  }

  /** Throws MissingCodeError for a hash that the pre-state does not list. */
  getCode(codeHash: Uint8Array): Uint8Array {
    this.#codes ??= new Map(this.#flat.codes.map(([hash, code]) => [bytesToHex(hash), code]));
    const key = bytesToHex(codeHash);
    const code = this.#codes.get(key);
    if (code !== undefined) return code;
    if (key === EMPTY_CODE_HASH_HEX) return new Uint8Array(0);
    throw new MissingCodeError({ codeHash: key });
  }

  /** Throws MissingBlockHashError for a number that was not supplied. */
  getBlockHash(number: bigint): Uint8Array {
    const hash = this.#blockHashes.get(number);
    if (hash === undefined) throw new MissingBlockHashError(number);
    return hash;
  }

  preload(): FlatPreState {
    return this.#flat;
  }

  #entry(address: Uint8Array): Entry | undefined {
    this.#entries ??= indexFlat(this.#flat);
    return this.#entries.get(bytesToHex(address));
  }
}

function indexFlat(flat: FlatPreState): Map<Hex, Entry> {
  const entries = new Map<Hex, Entry>();
  for (const { address, account, storage } of flat.accounts) {
    const slots = new Map<Hex, bigint>();
    for (const [slot, value] of storage) slots.set(bytesToHex(slot), value);
    entries.set(bytesToHex(address), { account, storage: slots });
  }
  return entries;
}
