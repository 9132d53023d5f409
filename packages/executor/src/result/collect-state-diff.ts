// The state diff of a finished block, read out of the multi-version memory.

import { type Kernel, PeekStatus } from "@braid/kernel";
import { bytesToHex, equalBytes, type Hex } from "@braid/primitives";
import {
  type AccountDiff,
  EMPTY_CODE_HASH,
  emptyAccountDiff,
  emptyStateDiff,
  type StateDiff,
} from "@braid/state";
import type { ContendedLocation } from "../hints/hint-memory.ts";
import { accountRecords, isWritten, recordAddress, slotLocations, writers } from "../records/locations.ts";
import { readU256 } from "../records/words.ts";

export interface CollectedState {
  diff: StateDiff;
  contended: ContendedLocation[];
}

const ABSENT_HASH = "0x0000000000000000000000000000000000000000000000000000000000000000";

/** Final values as of `unit`: what all units below it wrote. Call while no worker runs. */
export function collectStateDiff(kernel: Kernel, unit: number, stateClearing: boolean): CollectedState {
  const diff = emptyStateDiff();
  const contended: ContendedLocation[] = [];
  for (const record of accountRecords(kernel)) {
    const account = collectAccount(kernel, record, unit, stateClearing, diff, contended);
    if (account !== undefined) diff.accounts.set(bytesToHex(recordAddress(kernel, record)), account);
  }
  return { diff, contended };
}

function finalWord(kernel: Kernel, location: number, unit: number): bigint {
  const status = kernel.peek(location, unit);
  if (status !== PeekStatus.Ok)
    throw new Error(`a location of a finished block has no value (status ${status})`);
  return readU256(kernel.u64, kernel.scratch >>> 3);
}

function finalHash(kernel: Kernel, location: number, unit: number): Uint8Array {
  finalWord(kernel, location, unit);
  return kernel.u8.slice(kernel.scratch, kernel.scratch + 32);
}

function collectAccount(
  kernel: Kernel,
  record: number,
  unit: number,
  stateClearing: boolean,
  diff: StateDiff,
  contended: ContendedLocation[],
): AccountDiff | undefined {
  const account = emptyAccountDiff();
  let changed = false;
  const wrote = (location: number): boolean => isWritten(kernel, location, unit);
  const nonceLocation = kernel.nonceLocation(record);
  const balanceLocation = kernel.balanceLocation(record);
  const codeLocation = kernel.codeHashLocation(record);
  if (wrote(nonceLocation)) {
    account.nonce = finalWord(kernel, nonceLocation, unit);
    const creators = creatingUnits(kernel, record, unit);
    if (creators.length > 1)
      contended.push({ address: recordAddress(kernel, record), slot: undefined, units: creators });
  }
  if (wrote(balanceLocation)) account.balance = finalWord(kernel, balanceLocation, unit);
  const codeChanged = wrote(codeLocation);
  if (codeChanged) account.codeHash = finalHash(kernel, codeLocation, unit);
  changed = codeChanged || account.nonce !== undefined || account.balance !== undefined;
  if (wrote(kernel.storageResetLocation(record))) {
    account.storageReset = true;
    changed = true;
  }
  for (const location of slotLocations(kernel, record)) {
    const units = writers(kernel, location, unit);
    if (units.length === 0) continue;
    changed = true;
    account.storage.set(bytesToHex(kernel.slotKey(location)), finalWord(kernel, location, unit));
    if (units.length > 1)
      contended.push({ address: recordAddress(kernel, record), slot: kernel.slotKey(location), units });
  }
  if (!changed) return undefined;
  return settleExistence(kernel, record, unit, stateClearing, account, diff);
}

/** The units in which the account created contracts. That the transactions of a sender count up its nonce is no contention: nobody has to read it. */
function creatingUnits(kernel: Kernel, record: number, end: number): number[] {
  const address = recordAddress(kernel, record);
  return writers(kernel, kernel.nonceLocation(record), end).filter((unit) => {
    const sender = kernel.sender(unit);
    return sender === undefined || !equalBytes(sender, address);
  });
}

/** Decides whether the account exists in the end, and completes what a new one needs. */
function settleExistence(
  kernel: Kernel,
  record: number,
  unit: number,
  stateClearing: boolean,
  account: AccountDiff,
  diff: StateDiff,
): AccountDiff | undefined {
  const hash = account.codeHash ?? finalHash(kernel, kernel.codeHashLocation(record), unit);
  const hashHex: Hex = bytesToHex(hash);
  const existed = kernel.flatExists(kernel.accountFlat(record));
  if (hashHex === ABSENT_HASH) {
    const nonce = account.nonce ?? finalWord(kernel, kernel.nonceLocation(record), unit);
    const balance = account.balance ?? finalWord(kernel, kernel.balanceLocation(record), unit);
    // From EIP-161 on an account exists by having a nonce or a balance; before, existence is written down as a code hash.
    if (!stateClearing || (nonce === 0n && balance === 0n))
      return existed ? { ...emptyAccountDiff(), deleted: true } : undefined;
    return { ...account, nonce, balance, codeHash: EMPTY_CODE_HASH };
  }
  if (account.codeHash !== undefined) {
    const code = kernel.readCode(account.codeHash);
    if (code !== undefined) diff.codes.set(hashHex, code);
  }
  return account;
}
