// Contract code by hash: the shared bytes live in the kernel, and each worker keeps one Uint8Array per code so that
// what the engine derives from a code (its jump destinations) can be kept beside it by identity.

import { type Kernel, keccak256 } from "@braid/kernel";
import { bytesToHex, equalBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "@braid/state";
import { FaultSignal } from "./signals.ts";

const EMPTY_CODE = new Uint8Array(0);

/** 32 MiB of code, and as much again for its analysis, in each worker: all contracts of some hundred full blocks. */
const MAX_CACHED_BYTES = 32 * 1024 * 1024;

/** Is the code an EIP-7702 delegation: 0xef0100 and an address? */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00;
}

/** Asks the state source for a code; resolves when it is in the kernel. */
export type FetchCode = (codeHash: Uint8Array) => Promise<void>;

export class CodeStore {
  readonly #kernel: Kernel;
  readonly #fetch: FetchCode;
  /** In order of insertion; the oldest goes first. */
  readonly #codes = new Map<string, Uint8Array>();
  #cachedBytes = 0;

  constructor(kernel: Kernel, fetch: FetchCode) {
    this.#kernel = kernel;
    this.#fetch = fetch;
  }

  /** The code with this hash; a promise only when the state source has to be asked. */
  get(codeHash: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const key = bytesToHex(codeHash);
    const cached = this.#codes.get(key);
    if (cached !== undefined) return cached;
    if (equalBytes(codeHash, EMPTY_CODE_HASH)) return EMPTY_CODE;
    const code = this.#kernel.readCode(codeHash);
    if (code === undefined) return this.#fetchCode(codeHash.slice(), key);
    this.#keep(key, code);
    return code;
  }

  async #fetchCode(codeHash: Uint8Array, key: string): Promise<Uint8Array> {
    await this.#fetch(codeHash);
    const code = this.#kernel.readCode(codeHash);
    if (code === undefined) throw new Error("the state source answered, but the code is not in the cache");
    this.#keep(key, code);
    return code;
  }

  /** Stores a code that execution made; returns its hash. */
  put(code: Uint8Array): Uint8Array {
    if (code.length === 0) return EMPTY_CODE_HASH;
    const hash = keccak256(code);
    if (!this.#kernel.storeCode(hash, code)) throw new FaultSignal();
    return hash;
  }

  #keep(key: string, code: Uint8Array): void {
    this.#codes.set(key, code);
    this.#cachedBytes += code.length;
    for (const [oldest, old] of this.#codes) {
      if (this.#cachedBytes <= MAX_CACHED_BYTES) return;
      this.#codes.delete(oldest);
      this.#cachedBytes -= old.length;
    }
  }
}
