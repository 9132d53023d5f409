// The shared cache of the parent state (the kernel's FlatState), filled by the main thread from a state source.

import {
  FLAT_ACCOUNT_BALANCE,
  FLAT_ACCOUNT_CODE_HASH,
  FLAT_ACCOUNT_NONCE,
  type Kernel,
  keccak256,
} from "@braid/kernel";
import { bytesToHex, equalBytes, hexToBytes } from "@braid/primitives";
import type { FlatAccount, SourceAccount, StateDiff, StateSource } from "@braid/state";
import { ExecutionError } from "../errors.ts";
import { readU256, writeU256 } from "../records/words.ts";

/** Argument layout in scratch: address or slot key, balance or value, code hash. */
const KEY = 0;
const WORD = 32;
const HASH = 64;
const ABSENT_HASH = new Uint8Array(32);

export class FlatCache {
  readonly #kernel: Kernel;
  #source: StateSource | undefined;
  /** The source's version that the cache mirrors. */
  #version: number | undefined;

  /** All that the source has is here: what is missing does not exist. */
  complete = false;
  /** Grows whenever the cache comes to mirror another state: an answer that was asked for before that comes too late. */
  #epoch = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * Makes the cache mirror `source`: keeps what it holds when the source is the same and has not changed since, else begins anew.
   * Follow it by the kernel's resetBlock. `preload`: load all that the source offers at once, instead of what is asked for.
   * Throws ArenaExhaustedError when that does not fit.
   */
  attach(source: StateSource, preload: boolean): void {
    if (this.#source === source && this.#version === source.version) return;
    this.#epoch++;
    this.#kernel.resetState();
    this.#source = source;
    this.#version = source.version;
    this.complete = false;
    const flat = preload ? source.preload?.() : undefined;
    if (flat === undefined) return;
    for (const account of flat.accounts) this.#putFlatAccount(account);
    for (const [hash, code] of flat.codes) this.putCode(hash, code);
    // What did not fit must not count as absent.
    const fault = this.#kernel.faultError();
    if (fault !== undefined) {
      this.clear();
      throw fault;
    }
    this.complete = true;
  }

  /** Forgets everything: after an arena was full, or a block failed in the middle. */
  clear(): void {
    this.#source = undefined;
  }

  /**
   * Carries a block's diff into the cache, when it is just what the source has committed since version `from`: the next block then
   * finds a warm cache. Does nothing otherwise; `attach` then begins anew.
   */
  advance(source: StateSource, from: number | undefined, diff: StateDiff): void {
    if (this.#source !== source || this.#version !== from || from === undefined) return;
    // Another block may have been executed, and thrown away, after the one that was committed.
    if (source.version !== from + 1 || source.lastCommit !== diff) return;
    this.#epoch++;
    const kernel = this.#kernel;
    for (const [addressHex, change] of diff.accounts) {
      const record = this.#find(hexToBytes(addressHex));
      // An account that the block changed was read, so it is here; if not, the next reader asks the source.
      if (record === 0) continue;
      if (change.deleted || change.storageReset) kernel.flatWipeStorage(record);
      const nonce = change.deleted
        ? 0n
        : (change.nonce ?? (kernel.u64[(record + FLAT_ACCOUNT_NONCE) >>> 3] as bigint));
      const balance = change.deleted
        ? 0n
        : (change.balance ?? readU256(kernel.u64, (record + FLAT_ACCOUNT_BALANCE) >>> 3));
      const codeHash = change.deleted
        ? ABSENT_HASH
        : (change.codeHash ??
          kernel.u8.slice(record + FLAT_ACCOUNT_CODE_HASH, record + FLAT_ACCOUNT_CODE_HASH + 32));
      const writes = change.storage.size > 0;
      writeU256(kernel.u64, (kernel.scratch + WORD) >>> 3, balance);
      kernel.u8.set(codeHash, kernel.scratch + HASH);
      kernel.flatSetAccount(
        record,
        !change.deleted,
        !change.deleted && (writes || kernel.flatHasStorage(record)),
        nonce,
        kernel.scratch + WORD,
        kernel.scratch + HASH,
      );
      for (const [slotHex, value] of change.storage) {
        kernel.u8.set(hexToBytes(slotHex), kernel.scratch + KEY);
        writeU256(kernel.u64, (kernel.scratch + WORD) >>> 3, value);
        kernel.flatSetSlot(record, kernel.scratch + KEY, kernel.scratch + WORD);
      }
    }
    this.#version = source.version;
  }

  #putFlatAccount({ address, account, storage }: FlatAccount): void {
    const record = this.putAccount(address, account);
    if (record === 0) return;
    for (const [slot, value] of storage) this.putSlot(record, slot, value);
  }

  #find(address: Uint8Array): number {
    this.#kernel.u8.set(address, this.#kernel.scratch + KEY);
    return this.#kernel.flatFindAccount(this.#kernel.scratch + KEY);
  }

  /** The ptr of the account's record; 0 when the arena is full. */
  putAccount(address: Uint8Array, account: SourceAccount | undefined): number {
    const { scratch, u8, u64 } = this.#kernel;
    u8.set(address, scratch + KEY);
    writeU256(u64, (scratch + WORD) >>> 3, account?.balance ?? 0n);
    u8.set(account?.codeHash ?? ABSENT_HASH, scratch + HASH);
    return this.#kernel.flatPutAccount(
      scratch + KEY,
      account !== undefined,
      account?.hasStorage ?? false,
      account?.nonce ?? 0n,
      scratch + WORD,
      scratch + HASH,
    );
  }

  putSlot(record: number, slot: Uint8Array, value: bigint): void {
    const { scratch, u8, u64 } = this.#kernel;
    u8.set(slot, scratch + KEY);
    writeU256(u64, (scratch + WORD) >>> 3, value);
    this.#kernel.flatPutSlot(record, scratch + KEY, scratch + WORD);
  }

  putCode(codeHash: Uint8Array, code: Uint8Array): void {
    this.#kernel.storeCode(codeHash, code);
  }

  /** Asks the source for an account and keeps the answer. A failed read throws: it is never "absent". */
  async fetchAccount(source: StateSource, address: Uint8Array): Promise<number> {
    const epoch = this.#epochOf(source);
    const known = this.#find(address);
    if (known !== 0) return known;
    const answer = source.getAccount(address);
    const account = answer instanceof Promise ? await answer : answer;
    this.#checkEpoch(epoch);
    return this.putAccount(address, account);
  }

  async fetchSlot(source: StateSource, address: Uint8Array, slot: Uint8Array): Promise<void> {
    const epoch = this.#epochOf(source);
    const record = await this.fetchAccount(source, address);
    const answer = source.getStorage(address, slot);
    const value = answer instanceof Promise ? await answer : answer;
    this.#checkEpoch(epoch);
    if (record !== 0) this.putSlot(record, slot, value);
  }

  async fetchCode(source: StateSource, codeHash: Uint8Array): Promise<void> {
    const epoch = this.#epochOf(source);
    if (this.#kernel.readCode(codeHash) !== undefined) return;
    const answer = source.getCode(codeHash);
    const code = answer instanceof Promise ? await answer : answer;
    // Workers keep codes by their hash from block to block: a wrong one would never go away again.
    if (!equalBytes(keccak256(code), codeHash))
      throw new ExecutionError(
        "BRAID_SOURCE_FAILED",
        `The state source gave another code than that with the hash ${bytesToHex(codeHash)}.`,
        { data: { codeHash: bytesToHex(codeHash) } },
      );
    this.#checkEpoch(epoch);
    this.putCode(codeHash, code);
  }

  /** The epoch that a read belongs to. Throws when the cache mirrors another source by now: a block was cancelled, or its worker died. */
  #epochOf(source: StateSource): number {
    if (source !== this.#source) throw tooLate();
    return this.#epoch;
  }

  /** Throws when the cache has come to mirror another state since: the answer must not get in. */
  #checkEpoch(epoch: number): void {
    if (epoch !== this.#epoch) throw tooLate();
  }
}

function tooLate(): ExecutionError {
  return new ExecutionError("BRAID_SOURCE_FAILED", "The state source answered after the block had ended.");
}
