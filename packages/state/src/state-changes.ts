// What a block (or its first transactions) changed, as flat sorted bytes: one format from the arena in which it was executed to the
// cache, the tries and the disk. It is the only thing that a store commits and that a root is computed from.
//
//   header     16 bytes: magic, number of accounts, of slots, of codes (u32 each)
//   accounts   104 bytes each, ascending by address
//                0  address, 20 bytes
//               20  flags (u32, CHANGED_*)
//               24  index of its first slot (u32)
//               28  number of its slots (u32)
//               32  nonce (u64)
//               40  balance in wei (4 limbs)
//               72  code hash, 32 bytes
//   slots      64 bytes each, account by account, ascending by key: key (32 bytes), value (4 limbs; zero removes the slot)
//   codes      40 bytes each, ascending by hash: keccak256 (32 bytes), first byte behind the table (u32), length (u32)
//   code bytes
//
// Integers are little-endian; 256-bit numbers are four u64 limbs, lowest first, as in the kernel's memory; keys and hashes are bytes
// in their usual order. What is not changed is zero, and a deleted account has no slots: equal changes are equal bytes.
import { BaseError, bytesToHex, type Hex } from "@braid/primitives";
import { limbsAt } from "./limbs.ts";

/** "BSC1", read as a little-endian u32. The digit is the format's version. */
export const CHANGES_MAGIC = 0x31435342;
export const CHANGES_HEADER = 16;
export const CHANGED_ACCOUNT_SIZE = 104;
export const CHANGED_FLAGS = 20;
export const CHANGED_FIRST_SLOT = 24;
export const CHANGED_SLOT_COUNT = 28;
export const CHANGED_NONCE = 32;
export const CHANGED_BALANCE = 40;
export const CHANGED_CODE_HASH = 72;
export const CHANGED_SLOT_SIZE = 64;
export const CHANGED_SLOT_VALUE = 32;
export const CHANGED_CODE_SIZE = 40;

/** The account no longer exists. */
export const CHANGED_DELETED = 1;
/** All earlier storage is gone; the slots are on top of nothing. */
export const CHANGED_STORAGE_RESET = 2;
export const CHANGED_HAS_NONCE = 4;
export const CHANGED_HAS_BALANCE = 8;
export const CHANGED_HAS_CODE_HASH = 16;
const ALL_FLAGS = 31;

/** The change of one account as an object. nonce, balance and codeHash are undefined when unchanged. */
export interface AccountChange {
  /** The account no longer exists. A deleted account's other fields mean nothing. */
  readonly deleted: boolean;
  readonly nonce?: bigint;
  /** In wei. */
  readonly balance?: bigint;
  /** 32 bytes. */
  readonly codeHash?: Uint8Array;
  /** All earlier storage is gone; `storage` is on top of nothing. */
  readonly storageReset: boolean;
  /** Final values; 0n removes the slot. */
  readonly storage: ReadonlyMap<Hex, bigint>;
}

/** An account's change that changes nothing yet. */
export const NO_ACCOUNT_CHANGE: AccountChange = { deleted: false, storageReset: false, storage: new Map() };

/** Changes as objects, for whoever makes them by hand. Address and slot keys are lower-case 0x-hex of 20 and 32 bytes. */
export interface StateChangesParts {
  accounts: ReadonlyMap<Hex, AccountChange>;
  /** New code by its lower-case 0x-hex keccak256. */
  codes: ReadonlyMap<Hex, Uint8Array>;
}

/**
 * A block's changes. Accounts, slots and codes are told by their index; `...At` answers byte offsets and views into `bytes`, which
 * cost nothing, and `accounts` and `codes` are the same as objects, made when somebody looks.
 */
export class StateChanges implements StateChangesParts {
  /** The whole format; 8-aligned in its buffer. Never changed. */
  readonly bytes: Uint8Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  readonly accountCount: number;
  readonly slotCount: number;
  readonly codeCount: number;
  #accounts: ReadonlyMap<Hex, AccountChange> | undefined;
  #codes: ReadonlyMap<Hex, Uint8Array> | undefined;

  /** Takes bytes that are known to be of this format; `decode` is for those that are not. */
  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, length } = bytes;
    this.bytes = bytes;
    this.u32 = new Uint32Array(buffer, byteOffset, length >>> 2);
    this.u64 = new BigUint64Array(buffer, byteOffset, length >>> 3);
    this.accountCount = this.u32[1] as number;
    this.slotCount = this.u32[2] as number;
    this.codeCount = this.u32[3] as number;
  }

  /** Checks bytes that come from elsewhere, and copies them. Throws BadStateChangesError. */
  static decode(bytes: Uint8Array): StateChanges {
    if (bytes.length < CHANGES_HEADER) throw new BadStateChangesError("they end within the header");
    const changes = new StateChanges(bytes.slice());
    checkFormat(changes);
    return changes;
  }

  /** The offset of an account's record; fields are CHANGED_*. */
  accountAt(index: number): number {
    return CHANGES_HEADER + index * CHANGED_ACCOUNT_SIZE;
  }

  /** A view of the 20 bytes. */
  addressAt(index: number): Uint8Array {
    const at = this.accountAt(index);
    return this.bytes.subarray(at, at + 20);
  }

  /** CHANGED_* bits. */
  flagsAt(index: number): number {
    return this.u32[(this.accountAt(index) + CHANGED_FLAGS) >>> 2] as number;
  }

  nonceAt(index: number): bigint {
    return this.u64[(this.accountAt(index) + CHANGED_NONCE) >>> 3] as bigint;
  }

  balanceAt(index: number): bigint {
    return limbsAt(this.u64, this.accountAt(index) + CHANGED_BALANCE);
  }

  /** A view of the 32 bytes. */
  codeHashAt(index: number): Uint8Array {
    const at = this.accountAt(index) + CHANGED_CODE_HASH;
    return this.bytes.subarray(at, at + 32);
  }

  /** The index of the account's first slot; those of one account stand together, from here to `slotsEnd`. */
  slotsBegin(account: number): number {
    return this.u32[(this.accountAt(account) + CHANGED_FIRST_SLOT) >>> 2] as number;
  }

  slotsEnd(account: number): number {
    return (
      this.slotsBegin(account) + (this.u32[(this.accountAt(account) + CHANGED_SLOT_COUNT) >>> 2] as number)
    );
  }

  /** The offset of a slot's record. */
  slotAt(slot: number): number {
    return CHANGES_HEADER + this.accountCount * CHANGED_ACCOUNT_SIZE + slot * CHANGED_SLOT_SIZE;
  }

  /** A view of the 32 bytes of a slot's key. */
  slotKeyAt(slot: number): Uint8Array {
    const at = this.slotAt(slot);
    return this.bytes.subarray(at, at + 32);
  }

  slotValueAt(slot: number): bigint {
    return limbsAt(this.u64, this.slotAt(slot) + CHANGED_SLOT_VALUE);
  }

  /** A view of a code's hash. */
  codeHashOf(code: number): Uint8Array {
    const at = this.#codeEntry(code);
    return this.bytes.subarray(at, at + 32);
  }

  /** A view of a code. */
  codeAt(code: number): Uint8Array {
    const entry = (this.#codeEntry(code) + 32) >>> 2;
    const start = this.#codeEntry(this.codeCount) + (this.u32[entry] as number);
    return this.bytes.subarray(start, start + (this.u32[entry + 1] as number));
  }

  /** Is the code with this hash new? */
  hasCode(hash: Uint8Array): boolean {
    for (let i = 0; i < this.codeCount; i++) if (compareBytes(this.codeHashOf(i), hash) === 0) return true;
    return false;
  }

  /** The index of an account's record, or -1 when the account did not change. */
  indexOf(address: Uint8Array): number {
    let low = 0;
    let high = this.accountCount - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const order = compareBytes(this.addressAt(middle), address);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /** Ascending by address; decoded when first looked at. */
  get accounts(): ReadonlyMap<Hex, AccountChange> {
    this.#accounts ??= new Map(
      Array.from({ length: this.accountCount }, (_, i) => [bytesToHex(this.addressAt(i)), this.#account(i)]),
    );
    return this.#accounts;
  }

  /** Ascending by hash; decoded when first looked at. */
  get codes(): ReadonlyMap<Hex, Uint8Array> {
    this.#codes ??= new Map(
      Array.from({ length: this.codeCount }, (_, i) => [bytesToHex(this.codeHashOf(i)), this.codeAt(i)]),
    );
    return this.#codes;
  }

  #account(index: number): AccountChange {
    const flags = this.flagsAt(index);
    const storage = new Map<Hex, bigint>();
    const end = this.slotsEnd(index);
    for (let slot = this.slotsBegin(index); slot < end; slot++)
      storage.set(bytesToHex(this.slotKeyAt(slot)), this.slotValueAt(slot));
    return {
      deleted: (flags & CHANGED_DELETED) !== 0,
      ...(flags & CHANGED_HAS_NONCE ? { nonce: this.nonceAt(index) } : {}),
      ...(flags & CHANGED_HAS_BALANCE ? { balance: this.balanceAt(index) } : {}),
      ...(flags & CHANGED_HAS_CODE_HASH ? { codeHash: this.codeHashAt(index) } : {}),
      storageReset: (flags & CHANGED_STORAGE_RESET) !== 0,
      storage,
    };
  }

  #codeEntry(code: number): number {
    return this.slotAt(this.slotCount) + code * CHANGED_CODE_SIZE;
  }
}

/** Lexicographic. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number); // in range
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function checkFormat(changes: StateChanges): void {
  const { bytes, u32, accountCount, slotCount, codeCount } = changes;
  if (u32[0] !== CHANGES_MAGIC)
    throw new BadStateChangesError("they do not begin with the format's magic number");
  const tables =
    CHANGES_HEADER +
    accountCount * CHANGED_ACCOUNT_SIZE +
    slotCount * CHANGED_SLOT_SIZE +
    codeCount * CHANGED_CODE_SIZE;
  if (tables > bytes.length) throw new BadStateChangesError("they are shorter than their tables");
  let slots = 0;
  for (let i = 0; i < accountCount; i++) {
    if (changes.slotsBegin(i) !== slots)
      throw new BadStateChangesError(`the slots of account ${i} are misplaced`);
    slots = changes.slotsEnd(i);
    if (i > 0 && compareBytes(changes.addressAt(i - 1), changes.addressAt(i)) >= 0)
      throw new BadStateChangesError(`account ${i} is out of order`);
    checkAccount(changes, i);
  }
  if (slots !== slotCount) throw new BadStateChangesError("some slots belong to no account");
  let end = tables;
  for (let i = 0; i < codeCount; i++) {
    const entry = (tables - (codeCount - i) * CHANGED_CODE_SIZE + 32) >>> 2;
    // Within the tables.
    if (tables + (u32[entry] as number) !== end) throw new BadStateChangesError(`code ${i} is misplaced`);
    end += u32[entry + 1] as number;
    if (i > 0 && compareBytes(changes.codeHashOf(i - 1), changes.codeHashOf(i)) >= 0)
      throw new BadStateChangesError(`code ${i} is out of order`);
  }
  if (end !== bytes.length) throw new BadStateChangesError("they do not end behind their last code");
}

function checkAccount(changes: StateChanges, index: number): void {
  const flags = changes.flagsAt(index);
  const begin = changes.slotsBegin(index);
  const end = changes.slotsEnd(index);
  if (flags > ALL_FLAGS) throw new BadStateChangesError(`account ${index} has unknown flags`);
  if (end > changes.slotCount)
    throw new BadStateChangesError(`account ${index} has slots beyond the last one`);
  if (flags & CHANGED_DELETED && (flags !== CHANGED_DELETED || end > begin))
    throw new BadStateChangesError(`account ${index} is deleted and yet changed`);
  const isZero = (from: number, to: number): boolean => {
    const at = changes.accountAt(index);
    return changes.bytes.subarray(at + from, at + to).every((byte) => byte === 0);
  };
  if (
    (!(flags & CHANGED_HAS_NONCE) && !isZero(CHANGED_NONCE, CHANGED_BALANCE)) ||
    (!(flags & CHANGED_HAS_BALANCE) && !isZero(CHANGED_BALANCE, CHANGED_CODE_HASH)) ||
    (!(flags & CHANGED_HAS_CODE_HASH) && !isZero(CHANGED_CODE_HASH, CHANGED_ACCOUNT_SIZE))
  )
    throw new BadStateChangesError(`account ${index} has a value that is not marked as changed`);
  for (let slot = begin + 1; slot < end; slot++)
    if (compareBytes(changes.slotKeyAt(slot - 1), changes.slotKeyAt(slot)) >= 0)
      throw new BadStateChangesError(`slot ${slot} is out of order`);
}

/** Bytes that are not state changes. Code BRAID_BAD_STATE_CHANGES. */
export class BadStateChangesError extends BaseError {
  constructor(reason: string) {
    super("BRAID_BAD_STATE_CHANGES", `The bytes are not state changes: ${reason}.`, { data: { reason } });
  }
}
