// What the units of a finished block left behind: outcomes, read and write sets, receipts. It lies in the block arena, which the next block
// reuses; a copy of it is taken with the result, and decoded when somebody looks.

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
  OUTCOME_ACCESSES,
  OUTCOME_LOGS_BLOOM,
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
  TX_TYPE,
  UNIT_EXECUTIONS,
  UNIT_OUTCOME,
  UNIT_SENDER,
  UNIT_SETS,
  UNIT_SIZE,
  UNIT_TRANSACTION,
  VALUE_KIND,
  VALUE_LIMBS,
  WORD_UNIT_TABLE,
  WRITE_SET_LOCATION,
  WRITE_SET_SIZE,
  WRITE_SET_VALUE,
} from "@braid/kernel";
import { bytesToHex, type Hex } from "@braid/primitives";
import { decodeLogs, EncodedReceipt, type Log, logsBloom } from "@braid/protocol";
import {
  decodeOutcome,
  type MemoryViews,
  receiptPartsOf,
  receiptStringAt,
  type StoredOutcome,
} from "../records/outcome.ts";
import { readU256, readWordBigEndian } from "../records/words.ts";
import type { AccessField, ReadAccess, WriteAccess } from "./block-result.ts";

/** PERF: a shared buffer is memory that the system gives, and zeroes, anew. */
const SMALL = 65_536;

const ADDRESS_BYTES = 20;

const FIELDS: Record<number, AccessField> = {
  [LOCATION_BALANCE]: "balance",
  [LOCATION_NONCE]: "nonce",
  [LOCATION_CODE_HASH]: "codeHash",
  [LOCATION_STORAGE]: "storage",
  [LOCATION_STORAGE_RESET]: "storageReset",
};

/** A unit's outcome, and what else is known of it. */
interface FinishedUnit extends StoredOutcome {
  /** 20 bytes. */
  sender: Uint8Array;
  executions: number;
}

/** A copy of a block's arena. Pointers of the kernel are valid in it. Units go by their places among those that are part of the block. */
export class FinishedUnits {
  /** Transactions, and the units before and after them. */
  readonly count: number;
  readonly #base: number;
  readonly #table: number;
  /** By place; undefined where that is the unit's number. */
  readonly #units: readonly number[] | undefined;
  readonly #views: MemoryViews;
  readonly #view: DataView;

  /** Call after a block, before the next one's resetBlock. `units`: those that are meant, when that is not all of them. */
  constructor(kernel: Kernel, units?: readonly number[]) {
    this.#units = units;
    this.count = units?.length ?? kernel.unitCount;
    this.#base = kernel.u32[CONFIG_BLOCK_BASE >>> 2] as number;
    this.#table = kernel.u32[WORD_UNIT_TABLE >>> 2] as number;
    const length = Math.ceil(kernel.blockArenaUsed() / 8) * 8;
    // PERF: shared, although nobody shares it, because V8 answers to each few large ordinary buffers with a full garbage collection.
    const u8 = new Uint8Array(length > SMALL ? new SharedArrayBuffer(length) : new ArrayBuffer(length));
    u8.set(kernel.u8.subarray(this.#base, this.#base + length));
    this.#views = { u8, u32: new Uint32Array(u8.buffer), u64: new BigUint64Array(u8.buffer) };
    this.#view = new DataView(u8.buffer);
  }

  /** ptr of a unit's row. */
  #row(place: number): number {
    const unit = this.#units === undefined ? place : (this.#units[place] as number);
    return this.#table + unit * UNIT_SIZE;
  }

  #field(place: number, field: number): number {
    return this.#word(this.#row(place) + field);
  }

  unit(place: number): FinishedUnit {
    const sender = this.#row(place) + UNIT_SENDER - this.#base;
    return {
      ...decodeOutcome(this.#views, this.#field(place, UNIT_OUTCOME) - this.#base),
      sender: this.#views.u8.slice(sender, sender + 20),
      executions: this.#field(place, UNIT_EXECUTIONS),
    };
  }

  /**
   * The receipts of a block that was sealed, over one copy of what they need.
   *
   * @param stateRoots what they have before Byzantium in place of a status: by receipt, or none.
   */
  receipts(stateRoots?: readonly (Uint8Array | undefined)[]): EncodedReceipt[] {
    const parts = Array.from({ length: this.count - 2 }, (_, i) =>
      receiptPartsOf(this.#views, this.#field(i + 1, UNIT_OUTCOME) - this.#base),
    );
    const bytes = new Uint8Array(
      parts.reduce((sum, { logsBloom, logs }) => sum + logsBloom.length + logs.length, 0),
    );
    let end = 0;
    const keep = (part: Uint8Array): Uint8Array => {
      bytes.set(part, end);
      end += part.length;
      return bytes.subarray(end - part.length, end);
    };
    return parts.map(({ status, cumulativeGasUsed, logsBloom, logs }, i) => {
      const type = this.#word(this.#field(i + 1, UNIT_TRANSACTION) + TX_TYPE);
      const stateRoot = stateRoots?.[i];
      const outcome = stateRoots === undefined ? { status } : stateRoot === undefined ? {} : { stateRoot };
      return new EncodedReceipt(
        { type, cumulativeGasUsed, logsBloom: keep(logsBloom), ...outcome },
        keep(logs),
      );
    });
  }

  /** Of the transactions, one behind the other. */
  senders(): Uint8Array {
    const { u8 } = this.#views;
    const senders = new Uint8Array(ADDRESS_BYTES * (this.count - 2));
    for (let i = 0; i < this.count - 2; i++) {
      const at = this.#row(i + 1) + UNIT_SENDER - this.#base;
      for (let j = 0; j < ADDRESS_BYTES; j++) senders[ADDRESS_BYTES * i + j] = u8[at + j] as number; // in range
    }
    return senders;
  }

  /**
   * The receipts of a block from Byzantium on that was sealed, as RLP strings, one behind the other.
   * PERF: they were encoded to be hashed, and lie where they were.
   */
  receiptStrings(): Uint8Array {
    const ends: number[] = [];
    const lengths: number[] = [];
    let length = 0;
    for (let place = 1; place < this.count - 1; place++) {
      const outcome = this.#field(place, UNIT_OUTCOME) - this.#base;
      const type = this.#word(this.#field(place, UNIT_TRANSACTION) + TX_TYPE);
      const { end, length: bytes } = receiptStringAt(this.#views, outcome, type);
      ends.push(end);
      lengths.push(bytes);
      length += bytes;
    }
    const strings = new Uint8Array(length);
    let at = 0;
    for (let i = 0; i < ends.length; i++) {
      const [end, bytes] = [ends[i] as number, lengths[i] as number]; // as many
      strings.set(this.#views.u8.subarray(end - bytes, end), at);
      at += bytes;
    }
    return strings;
  }

  /** The logs of all transactions whose bloom leaves it open that one is from the contract. PERF: three bytes of each bloom are looked at. */
  logsNear(contract: Uint8Array): Log[] {
    const wanted = [...logsBloom([{ address: contract, topics: [], data: contract }]).entries()].filter(
      ([, bits]) => bits !== 0,
    );
    const logs: Log[] = [];
    for (let place = 1; place < this.count - 1; place++) {
      const outcome = this.#field(place, UNIT_OUTCOME) - this.#base;
      const bloom = outcome + OUTCOME_LOGS_BLOOM;
      if (wanted.every(([at, bits]) => ((this.#views.u8[bloom + at] as number) & bits) === bits))
        logs.push(...decodeLogs(receiptPartsOf(this.#views, outcome).logs));
    }
    return logs;
  }

  #word(ptr: number): number {
    return this.#views.u32[(ptr - this.#base) >>> 2] as number;
  }

  #location(location: number): { address: Hex; field: AccessField; slot?: Hex } {
    const kind = location & LOCATION_KIND_MASK;
    const record = location - kind;
    const field = FIELDS[kind] as AccessField;
    const account = kind === LOCATION_STORAGE ? this.#word(record + SLOT_ACCOUNT) : record;
    const address = this.#address(account);
    if (kind !== LOCATION_STORAGE) return { address, field };
    const key = record + SLOT_KEY - this.#base;
    return { address, field, slot: bytesToHex(this.#views.u8.subarray(key, key + 32)) };
  }

  /** Code hashes are bytes in memory, all other values are limbs. */
  #value(field: AccessField, ptr: number): bigint {
    return field === "codeHash"
      ? readWordBigEndian(this.#view, ptr - this.#base)
      : readU256(this.#views.u64, (ptr - this.#base) >>> 3);
  }

  #address(record: number): Hex {
    const start = record + ACCOUNT_ADDRESS - this.#base;
    return bytesToHex(this.#views.u8.subarray(start, start + 20));
  }

  /** ptr of the list of what a unit accessed (ACCESSES_*). */
  #accesses(place: number): number {
    return this.#word(this.#field(place, UNIT_OUTCOME) + OUTCOME_ACCESSES);
  }

  /** The accounts that a unit's final incarnation accessed. */
  accounts(place: number): Hex[] {
    const list = this.#accesses(place);
    return Array.from({ length: this.#word(list + ACCESSES_ACCOUNT_COUNT) }, (_, i) =>
      this.#address(this.#word(list + ACCESSES_LISTS + 4 * i)),
    );
  }

  /** The storage slots that a unit's final incarnation accessed. */
  slots(place: number): { address: Hex; slot: Hex }[] {
    const list = this.#accesses(place);
    const start = list + ACCESSES_LISTS + 4 * this.#word(list + ACCESSES_ACCOUNT_COUNT);
    return Array.from({ length: this.#word(list + ACCESSES_SLOT_COUNT) }, (_, i) => {
      const { address, slot } = this.#location(this.#word(start + 4 * i));
      return { address, slot: slot as Hex };
    });
  }

  reads(place: number): ReadAccess[] {
    const sets = this.#field(place, UNIT_SETS);
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

  writes(place: number): WriteAccess[] {
    const sets = this.#field(place, UNIT_SETS);
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
