// The state changes of a finished block, read out of the multi-version memory straight into their flat form.

import {
  ACCOUNT_ADDRESS,
  ACCOUNT_SLOTS,
  type Kernel,
  PeekStatus,
  SLOT_HEAD,
  SLOT_KEY,
  SLOT_LIST_NEXT,
} from "@braid/kernel";
import { equalBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH, type StateChanges, StateChangesWriter } from "@braid/state";
import type { ContendedLocation } from "../hints/hint-memory.ts";
import { accountRecords, isWritten, recordAddress, writers } from "../records/locations.ts";

export interface CollectedState {
  changes: StateChanges;
  contended: ContendedLocation[];
  /** The first of the block's account records, which are linked ascending by address; 0 for none. */
  accounts: number;
}

/** One for all blocks: they are collected one after the other, and what it writes to is used again. */
const writer = new StateChangesWriter();

/** Final values as of `unit`: what all units below it wrote. Call while no worker runs. */
export function collectStateChanges(kernel: Kernel, unit: number, stateClearing: boolean): CollectedState {
  writer.clear();
  const contended: ContendedLocation[] = [];
  // The kernel gives accounts and slots in the order that the format wants.
  const accounts = kernel.collectAccounts();
  for (const record of accountRecords(kernel, accounts)) {
    writer.account(kernel.u8, record + ACCOUNT_ADDRESS);
    const hasFields = collectFields(kernel, record, unit, contended);
    const hasSlots = collectSlots(kernel, record, unit, contended);
    if (hasFields || hasSlots) settleExistence(kernel, record, unit, stateClearing);
    else writer.dropAccount();
  }
  return { changes: writer.finish(), contended, accounts };
}

/** Puts a location's final value, 32 bytes, into the kernel's scratch. */
function peek(kernel: Kernel, location: number, unit: number): void {
  const status = kernel.peek(location, unit);
  if (status !== PeekStatus.Ok)
    throw new Error(`a location of a finished block has no value (status ${status})`);
}

/** Writes what the block changed of an account but its slots. Answers whether it changed anything. */
function collectFields(
  kernel: Kernel,
  record: number,
  unit: number,
  contended: ContendedLocation[],
): boolean {
  let changed = false;
  const nonce = kernel.nonceLocation(record);
  if (isWritten(kernel, nonce, unit)) {
    writeNonce(kernel, nonce, unit);
    const creators = creatingUnits(kernel, record, unit);
    if (creators.length > 1)
      contended.push({ address: recordAddress(kernel, record), slot: undefined, units: creators });
    changed = true;
  }
  const balance = kernel.balanceLocation(record);
  if (isWritten(kernel, balance, unit)) {
    writeBalance(kernel, balance, unit);
    changed = true;
  }
  const codeHash = kernel.codeHashLocation(record);
  if (isWritten(kernel, codeHash, unit)) {
    peek(kernel, codeHash, unit);
    writer.codeHash(kernel.u8, kernel.scratch);
    changed = true;
  }
  if (isWritten(kernel, kernel.storageResetLocation(record), unit)) {
    writer.storageReset();
    changed = true;
  }
  return changed;
}

function collectSlots(kernel: Kernel, record: number, unit: number, contended: ContendedLocation[]): boolean {
  const { u8, u32, scratch } = kernel;
  let changed = false;
  for (
    let slot = u32[(record + ACCOUNT_SLOTS) >>> 2] as number;
    slot !== 0;
    slot = u32[(slot + SLOT_LIST_NEXT) >>> 2] as number
  ) {
    const location = slot + SLOT_HEAD;
    const units = writers(kernel, location, unit);
    if (units.length === 0) continue;
    changed = true;
    peek(kernel, location, unit);
    writer.slotWords(u8, slot + SLOT_KEY, u32, scratch >>> 2);
    if (units.length > 1)
      contended.push({ address: recordAddress(kernel, record), slot: kernel.slotKey(location), units });
  }
  return changed;
}

/** The units in which the account created contracts. That the transactions of a sender count up its nonce is no contention: nobody has to read it. */
function creatingUnits(kernel: Kernel, record: number, end: number): number[] {
  const address = recordAddress(kernel, record);
  return writers(kernel, kernel.nonceLocation(record), end).filter((unit) => {
    const sender = kernel.sender(unit);
    return sender === undefined || !equalBytes(sender, address);
  });
}

function writeNonce(kernel: Kernel, location: number, unit: number): void {
  peek(kernel, location, unit);
  writer.nonceWords(kernel.u32, kernel.scratch >>> 2);
}

function writeBalance(kernel: Kernel, location: number, unit: number): void {
  peek(kernel, location, unit);
  writer.balanceWords(kernel.u32, kernel.scratch >>> 2);
}

/** Decides whether a changed account exists in the end, and completes what a new one needs. */
function settleExistence(kernel: Kernel, record: number, unit: number, stateClearing: boolean): void {
  const location = kernel.codeHashLocation(record);
  peek(kernel, location, unit);
  if (!isZero(kernel, kernel.scratch, 32)) {
    if (!isWritten(kernel, location, unit)) return;
    const hash = kernel.u8.slice(kernel.scratch, kernel.scratch + 32);
    const code = kernel.readCode(hash);
    if (code !== undefined) writer.code(hash, code);
    return;
  }
  // From EIP-161 on an account exists by having a nonce or a balance; before, existence is written down as a code hash.
  if (stateClearing && !hasNothing(kernel, record, unit)) {
    writeNonce(kernel, kernel.nonceLocation(record), unit);
    writeBalance(kernel, kernel.balanceLocation(record), unit);
    writer.codeHash(EMPTY_CODE_HASH, 0);
    return;
  }
  if (kernel.flatExists(kernel.accountFlat(record))) writer.deleted();
  else writer.dropAccount();
}

/** No nonce, no balance. */
function hasNothing(kernel: Kernel, record: number, unit: number): boolean {
  peek(kernel, kernel.nonceLocation(record), unit);
  if (!isZero(kernel, kernel.scratch, 8)) return false;
  peek(kernel, kernel.balanceLocation(record), unit);
  return isZero(kernel, kernel.scratch, 32);
}

function isZero(kernel: Kernel, at: number, length: number): boolean {
  for (let i = 0; i < length; i += 4) if (kernel.u32[(at + i) >>> 2] !== 0) return false;
  return true;
}
