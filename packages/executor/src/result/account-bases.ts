// What accounts were before a block that changed them. Kept with the result, because the shared cache moves on with the next block.

import {
  ACCOUNT_ADDRESS,
  ACCOUNT_BALANCE,
  ACCOUNT_CODE_HASH,
  ACCOUNT_NONCE,
  FLAT_ACCOUNT_BALANCE,
  FLAT_ACCOUNT_CODE_HASH,
  FLAT_ACCOUNT_NONCE,
  type Kernel,
} from "@braid/kernel";
import { bytesToHex, type Hex } from "@braid/primitives";
import { accountRecords, writers } from "../records/locations.ts";
import { readU256 } from "../records/words.ts";

export interface AccountBase {
  balance: bigint;
  nonce: bigint;
  /** All zero for an account that did not exist. */
  codeHash: Hex;
}

/** Nonce, balance and code hash lie one after the other in the cache's record. */
const FIELD_WORDS = (FLAT_ACCOUNT_CODE_HASH + 32 - FLAT_ACCOUNT_NONCE) / 4;
/** Twenty bytes, and four that keep what follows 8-aligned. */
const ADDRESS_WORDS = 6;
const ENTRY_WORDS = ADDRESS_WORDS + FIELD_WORDS;
const BALANCE_WORD = (FLAT_ACCOUNT_BALANCE - FLAT_ACCOUNT_NONCE) / 8;
const CODE_HASH_BYTE = FLAT_ACCOUNT_CODE_HASH - FLAT_ACCOUNT_NONCE;

/** PERF: one walk over the block's accounts with one plain copy for each one that changed; decoding waits until somebody asks. */
export class AccountBases {
  /** Address, then nonce, balance and code hash, one account after the other. */
  readonly #words: Uint32Array;
  #length = 0;
  /** Codes that the block set, by hash, also those that a later transaction replaced. */
  readonly codes = new Map<Hex, Uint8Array>();

  /** Call while no worker runs, before the next block. `first`: of the account records, which have been collected. */
  constructor(kernel: Kernel, first: number) {
    const { u32 } = kernel;
    this.#words = new Uint32Array(kernel.accountCount() * ENTRY_WORDS);
    for (const record of accountRecords(kernel, first)) {
      const codeWritten = u32[(record + ACCOUNT_CODE_HASH) >>> 2] !== 0;
      const written =
        codeWritten ||
        u32[(record + ACCOUNT_BALANCE) >>> 2] !== 0 ||
        u32[(record + ACCOUNT_NONCE) >>> 2] !== 0;
      const flat = kernel.accountFlat(record);
      if (!written || flat === 0) continue;
      this.#keep(u32, record, flat);
      if (codeWritten) this.#keepCodes(kernel, kernel.codeHashLocation(record));
    }
  }

  #keep(u32: Uint32Array, record: number, flat: number): void {
    const address = (record + ACCOUNT_ADDRESS) >>> 2;
    for (let i = 0; i < 5; i++) this.#words[this.#length + i] = u32[address + i] as number;
    const fields = (flat + FLAT_ACCOUNT_NONCE) >>> 2;
    for (let i = 0; i < FIELD_WORDS; i++)
      this.#words[this.#length + ADDRESS_WORDS + i] = u32[fields + i] as number;
    this.#length += ENTRY_WORDS;
  }

  #keepCodes(kernel: Kernel, location: number): void {
    for (const unit of writers(kernel, location, kernel.unitCount)) {
      kernel.peek(location, unit + 1);
      const hash = kernel.u8.slice(kernel.scratch, kernel.scratch + 32);
      const code = kernel.readCode(hash);
      if (code !== undefined) this.codes.set(bytesToHex(hash), code);
    }
  }

  decode(): Map<Hex, AccountBase> {
    const bases = new Map<Hex, AccountBase>();
    for (let at = 0; at < this.#length; at += ENTRY_WORDS) {
      const entry = new Uint8Array(this.#words.slice(at, at + ENTRY_WORDS).buffer);
      const words = new BigUint64Array(entry.buffer, 4 * ADDRESS_WORDS);
      const codeHash = 4 * ADDRESS_WORDS + CODE_HASH_BYTE;
      bases.set(bytesToHex(entry.subarray(0, 20)), {
        nonce: words[0] as bigint,
        balance: readU256(words, BALANCE_WORD),
        codeHash: bytesToHex(entry.subarray(codeHash, codeHash + 32)),
      });
    }
    return bases;
  }
}
