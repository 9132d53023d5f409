// The block access list (EIP-7928) of a finished block, out of what its final incarnations accessed and wrote.

import { bigIntToBytes32, bytesToHex, type Hex } from "@braid/primitives";
import { type AccountAccess, type BlockAccessList, SYSTEM_ADDRESS, type ValueChange } from "@braid/protocol";
import { ABSENT_CODE_HASH, EMPTY_CODE_HASH } from "@braid/state";
import type { AccountBases } from "./account-bases.ts";
import type { WriteAccess } from "./block-result.ts";
import type { FinishedUnits } from "./finished-units.ts";

/** The caller of system calls: being that is no access (EIP-7928). */
const SYSTEM = bytesToHex(SYSTEM_ADDRESS);
const NO_CODE = bytesToHex(EMPTY_CODE_HASH);
const ABSENT = bytesToHex(ABSENT_CODE_HASH);
const NO_BYTES = new Uint8Array(0);

/** An account while the block's steps are gone through: its values so far, and what changed. */
interface Progress {
  balance: bigint;
  nonce: bigint;
  codeHash: Hex;
  access: AccountAccess;
  /** By slot; empty for one that was only read. */
  slots: Map<Hex, ValueChange<bigint>[]>;
}

/** Goes through the units in order: unit i is the list's index i. */
export function buildAccessList(units: FinishedUnits, bases: AccountBases): BlockAccessList {
  const before = bases.decode();
  const accounts = new Map<Hex, Progress>();
  const open = (address: Hex): Progress => {
    let account = accounts.get(address);
    if (account === undefined) {
      const { balance = 0n, nonce = 0n, codeHash = NO_CODE } = before.get(address) ?? {};
      const access = {
        address,
        storageChanges: [],
        storageReads: [],
        balanceChanges: [],
        nonceChanges: [],
        codeChanges: [],
      };
      account = { balance, nonce, codeHash: present(codeHash), access, slots: new Map() };
      accounts.set(address, account);
    }
    return account;
  };
  for (let unit = 0; unit < units.count; unit++) {
    const isSystem = unit === 0 || unit === units.count - 1;
    for (const address of units.accounts(unit)) if (!(isSystem && address === SYSTEM)) open(address);
    for (const { address, slot } of units.slots(unit)) {
      const { slots } = open(address);
      if (!slots.has(slot)) slots.set(slot, []);
    }
    for (const write of units.writes(unit)) record(open(write.address), write, unit, bases.codes);
  }
  return [...accounts.values()].map(finish).sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** An account that does not exist has no code, and that is all that a list says of either. */
function present(codeHash: Hex): Hex {
  return codeHash === ABSENT ? NO_CODE : codeHash;
}

/** Adds one write, unless it leaves the value that was there: a write set holds what could not be known to be the same. */
function record(
  account: Progress,
  write: WriteAccess,
  index: number,
  codes: ReadonlyMap<Hex, Uint8Array>,
): void {
  const { access } = account;
  if (write.field === "balance") {
    const balance = write.value ?? account.balance + (write.delta ?? 0n);
    if (balance !== account.balance) access.balanceChanges.push({ index, value: balance });
    account.balance = balance;
  } else if (write.field === "nonce") {
    const nonce = write.value as bigint;
    if (nonce !== account.nonce) access.nonceChanges.push({ index, value: nonce });
    account.nonce = nonce;
  } else if (write.field === "codeHash") {
    const codeHash = present(bytesToHex(bigIntToBytes32(write.value as bigint)));
    if (codeHash !== account.codeHash)
      access.codeChanges.push({ index, value: codes.get(codeHash) ?? NO_BYTES });
    account.codeHash = codeHash;
  } else if (write.field === "storage") {
    account.slots.get(write.slot as Hex)?.push({ index, value: write.value as bigint });
  }
}

function finish({ access, slots }: Progress): AccountAccess {
  for (const slot of [...slots.keys()].sort()) {
    const changes = slots.get(slot) as ValueChange<bigint>[];
    if (changes.length === 0) access.storageReads.push(slot);
    else access.storageChanges.push({ slot, changes });
  }
  return access;
}
