// Read and write sets of final incarnations. They lie in the block arena, which the next block reuses; a copy of it is
// taken with the result, and decoded when somebody looks.

import {
  ACCESSES_ACCOUNT_COUNT,
  ACCESSES_LISTS,
  ACCESSES_SLOT_COUNT,
  ACCOUNT_ADDRESS,
  CONFIG_BLOCK_BASE,
  type Kernel,
  KIND_DELTA,
  LOCATION_BALANCE,
  LOCATION_CODE_HASH,
  LOCATION_KIND_MASK,
  LOCATION_NONCE,
  LOCATION_STORAGE,
  LOCATION_STORAGE_RESET,
  READ_HI,
  READ_LO,
  READ_LOCATION,
  READ_SIZE,
  SETS_READ_COUNT,
  SETS_READS,
  SETS_WRITE_COUNT,
  SETS_WRITES,
  SLOT_ACCOUNT,
  SLOT_KEY,
  UNIT_SETS,
  VALUE_KIND,
  VALUE_LIMBS,
  WRITE_SET_LOCATION,
  WRITE_SET_SIZE,
  WRITE_SET_VALUE,
} from "@braid/kernel";
import { bytesToHex, type Hex } from "@braid/primitives";
import { accessesPtr } from "../records/outcome.ts";
import { readU256, readWordBigEndian } from "../records/words.ts";
import type { AccessField, ReadAccess, WriteAccess } from "./block-result.ts";

/** PERF: a shared buffer is memory that the system gives, and zeroes, anew. */
const SMALL = 65_536;

const FIELDS: Record<number, AccessField> = {
  [LOCATION_BALANCE]: "balance",
  [LOCATION_NONCE]: "nonce",
  [LOCATION_CODE_HASH]: "codeHash",
  [LOCATION_STORAGE]: "storage",
  [LOCATION_STORAGE_RESET]: "storageReset",
};

/** A copy of a block's arena. Pointers of the kernel are valid in it. */
export class AccessSets {
  readonly #base: number;
  readonly #u8: Uint8Array;
  readonly #u32: Uint32Array;
  readonly #u64: BigUint64Array;
  readonly #view: DataView;
  readonly #sets: number[];
  readonly #accesses: number[];

  /** Call after a block, before the next one's resetBlock. `units` are those of the block, by which the sets are asked for: unit i here is units[i]. */
  constructor(kernel: Kernel, units: number[]) {
    this.#base = kernel.u32[CONFIG_BLOCK_BASE >>> 2] as number;
    const length = Math.ceil(kernel.blockArenaUsed() / 8) * 8;
    // PERF: shared, although nobody shares it, because V8 answers to each few large ordinary buffers with a full garbage collection.
    this.#u8 = new Uint8Array(length > SMALL ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
    this.#u8.set(kernel.u8.subarray(this.#base, this.#base + length));
    this.#u32 = new Uint32Array(this.#u8.buffer);
    this.#u64 = new BigUint64Array(this.#u8.buffer);
    this.#view = new DataView(this.#u8.buffer);
    this.#sets = units.map((unit) => kernel.unitField(unit, UNIT_SETS));
    this.#accesses = units.map((unit) => accessesPtr(kernel, unit));
  }

  #word(ptr: number): number {
    return this.#u32[(ptr - this.#base) >>> 2] as number;
  }

  #location(location: number): { address: Hex; field: AccessField; slot?: Hex } {
    const kind = location & LOCATION_KIND_MASK;
    const record = location - kind;
    const field = FIELDS[kind] as AccessField;
    const account = kind === LOCATION_STORAGE ? this.#word(record + SLOT_ACCOUNT) : record;
    const address = this.#address(account);
    if (kind !== LOCATION_STORAGE) return { address, field };
    const key = record + SLOT_KEY - this.#base;
    return { address, field, slot: bytesToHex(this.#u8.subarray(key, key + 32)) };
  }

  /** Code hashes are bytes in memory, all other values are limbs. */
  #value(field: AccessField, ptr: number): bigint {
    return field === "codeHash"
      ? readWordBigEndian(this.#view, ptr - this.#base)
      : readU256(this.#u64, (ptr - this.#base) >>> 3);
  }

  /** Transactions, and the units before and after them. */
  get unitCount(): number {
    return this.#sets.length;
  }

  #address(record: number): Hex {
    const start = record + ACCOUNT_ADDRESS - this.#base;
    return bytesToHex(this.#u8.subarray(start, start + 20));
  }

  /** The accounts that a unit's final incarnation accessed. */
  accounts(unit: number): Hex[] {
    const list = this.#accesses[unit] as number;
    return Array.from({ length: this.#word(list + ACCESSES_ACCOUNT_COUNT) }, (_, i) =>
      this.#address(this.#word(list + ACCESSES_LISTS + 4 * i)),
    );
  }

  /** The storage slots that a unit's final incarnation accessed. */
  slots(unit: number): { address: Hex; slot: Hex }[] {
    const list = this.#accesses[unit] as number;
    const start = list + ACCESSES_LISTS + 4 * this.#word(list + ACCESSES_ACCOUNT_COUNT);
    return Array.from({ length: this.#word(list + ACCESSES_SLOT_COUNT) }, (_, i) => {
      const { address, slot } = this.#location(this.#word(start + 4 * i));
      return { address, slot: slot as Hex };
    });
  }

  reads(unit: number): ReadAccess[] {
    const sets = this.#sets[unit] as number;
    const start = this.#word(sets + SETS_READS);
    return Array.from({ length: this.#word(sets + SETS_READ_COUNT) }, (_, i) => {
      const item = start + i * READ_SIZE;
      const where = this.#location(this.#word(item + READ_LOCATION));
      return {
        ...where,
        min: this.#value(where.field, item + READ_LO),
        max: this.#value(where.field, item + READ_HI),
      };
    });
  }

  writes(unit: number): WriteAccess[] {
    const sets = this.#sets[unit] as number;
    const start = this.#word(sets + SETS_WRITES);
    return Array.from({ length: this.#word(sets + SETS_WRITE_COUNT) }, (_, i) => {
      const item = start + i * WRITE_SET_SIZE;
      const where = this.#location(this.#word(item + WRITE_SET_LOCATION));
      const record = this.#word(item + WRITE_SET_VALUE);
      const value = this.#value(where.field, record + VALUE_LIMBS);
      return this.#word(record + VALUE_KIND) === KIND_DELTA
        ? { ...where, delta: BigInt.asIntN(256, value) }
        : { ...where, value };
    });
  }
}
