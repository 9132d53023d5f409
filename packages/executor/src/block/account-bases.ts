// What accounts were before a block that changed them. Kept with the result, because the shared cache moves on with the next block.

import {
  ACCOUNT_BALANCE,
  ACCOUNT_CODE_HASH,
  ACCOUNT_NONCE,
  FLAT_ACCOUNT_BALANCE,
  FLAT_ACCOUNT_CODE_HASH,
  FLAT_ACCOUNT_NONCE,
  type Kernel,
} from "@braid/kernel";
import { bytesToHex, type Hex } from "@braid/primitives";
import { accountRecords, recordAddress, writers } from "../state/locations.ts";
import { readU256 } from "../state/words.ts";

export interface AccountBase {
  balance: bigint;
  nonce: bigint;
  /** All zero for an account that did not exist. */
  codeHash: Hex;
}

/** Nonce, balance and code hash lie one after the other in the cache's record. */
const WORDS = (FLAT_ACCOUNT_CODE_HASH + 32 - FLAT_ACCOUNT_NONCE) / 8;
const BALANCE_WORD = (FLAT_ACCOUNT_BALANCE - FLAT_ACCOUNT_NONCE) / 8;
const CODE_HASH_BYTE = FLAT_ACCOUNT_CODE_HASH - FLAT_ACCOUNT_NONCE;

/** PERF: one walk over the block's accounts with two plain copies for each one that changed; decoding waits until somebody asks. */
export class AccountBases {
  readonly #addresses: Uint8Array[] = [];
  readonly #fields: BigUint64Array[] = [];
  /** Codes that the block set, by hash, also those that a later transaction replaced. */
  readonly codes = new Map<Hex, Uint8Array>();

  /** Call while no worker runs, before the next block. */
  constructor(kernel: Kernel) {
    const { u32, u64 } = kernel;
    for (const record of accountRecords(kernel)) {
      const codeWritten = u32[(record + ACCOUNT_CODE_HASH) >>> 2] !== 0;
      const written =
        codeWritten ||
        u32[(record + ACCOUNT_BALANCE) >>> 2] !== 0 ||
        u32[(record + ACCOUNT_NONCE) >>> 2] !== 0;
      const flat = kernel.accountFlat(record);
      if (!written || flat === 0) continue;
      const start = (flat + FLAT_ACCOUNT_NONCE) >>> 3;
      this.#addresses.push(recordAddress(kernel, record));
      this.#fields.push(u64.slice(start, start + WORDS));
      if (codeWritten) this.#keepCodes(kernel, kernel.codeHashLocation(record));
    }
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
    return new Map(
      this.#addresses.map((address, i): [Hex, AccountBase] => {
        const words = this.#fields[i] as BigUint64Array;
        const bytes = new Uint8Array(words.buffer, words.byteOffset);
        return [
          bytesToHex(address),
          {
            nonce: words[0] as bigint,
            balance: readU256(words, BALANCE_WORD),
            codeHash: bytesToHex(bytes.subarray(CODE_HASH_BYTE, CODE_HASH_BYTE + 32)),
          },
        ];
      }),
    );
  }
}
