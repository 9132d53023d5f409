// Contract code by hash: the shared bytes live in the kernel, and each worker keeps one Uint8Array per code so that
// what the engine derives from a code (its jump destinations) can be kept beside it by identity. Bounded by bytes, analyses included.

import { type Kernel, keccak256 } from "@braid/kernel";
import { bytesToHex, equalBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "@braid/state";
import { analyse, analysisBytes, type CodeAnalysis, type Tally } from "./code-analysis.ts";
import { FaultSignal } from "./signals.ts";

const EMPTY_CODE = new Uint8Array(0);

/** Of codes and their analyses in each worker: some thousand contracts, more than a hundred full blocks call. */
const MAX_CACHED_BYTES = 96 * 1024 * 1024;
/** What a code takes besides its bytes, about: two objects, its buffer, its key. */
const ENTRY_BYTES = 512;

/** Is the code an EIP-7702 delegation: 0xef0100 and an address? */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00;
}

/** Asks the state source for a code; true when it is in the kernel, false when nobody waits for it. */
export type FetchCode = (codeHash: Uint8Array) => boolean | Promise<boolean>;

interface CachedCode {
  readonly code: Uint8Array;
  analysis: CodeAnalysis | undefined;
  /** Since it came to its place in the line. */
  wasUsed: boolean;
}

/** One for each worker, whatever forks its blocks are of. */
export class CodeStore {
  readonly #kernel: Kernel;
  readonly #fetch: FetchCode;
  /** In a line: the first one goes, or goes to its end when it was used. */
  readonly #codes = new Map<string, CachedCode>();
  readonly #byCode = new WeakMap<Uint8Array, CachedCode>();
  /** What all of them take; it grows with the constants that are met while codes run. */
  readonly #tally: Tally = { bytes: 0 };
  readonly #maxBytes: number;

  constructor(kernel: Kernel, fetch: FetchCode, maxBytes = MAX_CACHED_BYTES) {
    this.#kernel = kernel;
    this.#fetch = fetch;
    this.#maxBytes = maxBytes;
  }

  /** What the cache takes, about. */
  get cachedBytes(): number {
    return this.#tally.bytes;
  }

  /** The code with this hash; a promise only when the state source has to be asked. */
  get(codeHash: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const key = bytesToHex(codeHash);
    const cached = this.#codes.get(key);
    if (cached !== undefined) {
      cached.wasUsed = true;
      return cached.code;
    }
    if (equalBytes(codeHash, EMPTY_CODE_HASH)) return EMPTY_CODE;
    const code = this.#kernel.readCode(codeHash);
    if (code === undefined) return this.#fetchCode(codeHash.slice(), key);
    this.#keep(key, code);
    return code;
  }

  #fetchCode(codeHash: Uint8Array, key: string): Uint8Array | Promise<Uint8Array> {
    const isThere = this.#fetch(codeHash);
    return isThere instanceof Promise
      ? isThere.then((fetched) => this.#fetched(fetched, codeHash, key))
      : this.#fetched(isThere, codeHash, key);
  }

  #fetched(isThere: boolean, codeHash: Uint8Array, key: string): Uint8Array {
    // A scout takes it for none: see MissHandler.
    if (!isThere) return EMPTY_CODE;
    const code = this.#kernel.readCode(codeHash);
    if (code === undefined) throw new Error("the state source answered, but the code is not in the cache");
    this.#keep(key, code);
    return code;
  }

  /** The analysis of a code that is about to run; kept as long as the code is. */
  analysis(code: Uint8Array): CodeAnalysis {
    if (this.#tally.bytes > this.#maxBytes) this.#makeRoom();
    const cached = this.#byCode.get(code);
    if (cached?.analysis !== undefined) return cached.analysis;
    const analysis = analyse(code);
    if (cached !== undefined) {
      cached.analysis = analysis;
      analysis.tally = this.#tally;
      this.#tally.bytes += analysisBytes(analysis);
    }
    return analysis;
  }

  /** Stores a code that execution made; returns its hash. */
  put(code: Uint8Array): Uint8Array {
    if (code.length === 0) return EMPTY_CODE_HASH;
    const hash = keccak256(code);
    if (!this.#kernel.storeBlockCode(hash, code)) throw new FaultSignal();
    return hash;
  }

  #keep(key: string, code: Uint8Array): void {
    const entry: CachedCode = { code, analysis: undefined, wasUsed: false };
    this.#codes.set(key, entry);
    this.#byCode.set(code, entry);
    this.#tally.bytes += ENTRY_BYTES + code.length;
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const [first, cached] of this.#codes) {
      if (this.#tally.bytes <= this.#maxBytes) return;
      this.#codes.delete(first);
      if (cached.wasUsed) {
        cached.wasUsed = false;
        this.#codes.set(first, cached);
      } else this.#forget(cached);
    }
  }

  #forget(cached: CachedCode): void {
    const { code, analysis } = cached;
    this.#byCode.delete(code);
    this.#tally.bytes -= ENTRY_BYTES + code.length;
    if (analysis === undefined) return;
    this.#tally.bytes -= analysisBytes(analysis);
    // It may be running.
    analysis.tally = undefined;
  }
}
