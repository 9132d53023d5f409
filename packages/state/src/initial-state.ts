// The first state of a store: a genesis file's alloc, or a flat pre-state, as the changes that make it out of nothing.
import { BaseError, bigIntToBytes32, bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "./constants.ts";
import { keccak256 } from "./keccak.ts";
import { type AccountChange, NO_ACCOUNT_CHANGE, type StateChanges } from "./state-changes.ts";
import { StateChangesWriter, stateChangesOf } from "./state-changes-writer.ts";
import type { FlatPreState } from "./state-source.ts";

/** The `alloc` of a geth genesis file: by address, with or without 0x. Numbers are 0x-hex or decimal. */
export type GenesisAlloc = Record<string, GenesisAccount>;

export interface GenesisAccount {
  /** In wei. */
  balance?: string;
  nonce?: string | number;
  code?: string;
  /** Slot -> value, both 0x-hex of up to 32 bytes. */
  storage?: Record<string, string>;
}

/**
 * The changes that make the accounts of a genesis file. Throws InvalidGenesisError, with the address, for what is not a number, address or code.
 * PERF: of millions of accounts nothing is kept but their addresses and what is written.
 */
export function changesOfAlloc(alloc: GenesisAlloc): StateChanges {
  const names = new Map<Hex, string>();
  for (const name in alloc)
    names.set(
      naming(name, () => addressOf(name)),
      name,
    );
  const writer = new StateChangesWriter();
  for (const address of [...names.keys()].sort()) {
    const name = names.get(address) ?? address;
    naming(name, () => {
      writer.account(hexToBytes(address), 0);
      writeGenesisAccount(writer, alloc[name] ?? {});
    });
  }
  return writer.finish();
}

function naming<T>(address: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new InvalidGenesisError(address, error);
  }
}

/** The changes that make the accounts that a flat pre-state lists as present, with their storage and all codes. */
export function changesOfFlat(pre: FlatPreState): StateChanges {
  const accounts = new Map<Hex, AccountChange>();
  for (const { address, account, storage } of pre.accounts) {
    if (account === undefined) continue;
    const { nonce, balance, codeHash } = account;
    const slots = new Map<Hex, bigint>();
    for (const [slot, value] of storage) if (value !== 0n) slots.set(bytesToHex(slot), value);
    accounts.set(bytesToHex(address), { ...NO_ACCOUNT_CHANGE, nonce, balance, codeHash, storage: slots });
  }
  return stateChangesOf({
    accounts,
    codes: new Map(pre.codes.map(([hash, code]) => [bytesToHex(hash), code])),
  });
}

function writeGenesisAccount(writer: StateChangesWriter, account: GenesisAccount): void {
  writer.nonce(unsigned(BigInt(account.nonce ?? 0), 64));
  writer.balance(unsigned(BigInt(account.balance ?? 0), 256));
  const code = hexToBytes(account.code ?? "0x");
  const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code);
  writer.codeHash(codeHash, 0);
  if (code.length > 0) writer.code(codeHash, code);
  if (account.storage === undefined) return;
  const slots = new Map<Hex, bigint>();
  for (const [slot, value] of Object.entries(account.storage)) {
    const number = unsigned(hexNumber(value), 256);
    if (number !== 0n) slots.set(bytesToHex(bigIntToBytes32(hexNumber(slot))), number);
  }
  for (const [slot, value] of [...slots].sort(([a], [b]) => (a < b ? -1 : 1)))
    writer.slot(hexToBytes(slot), 0, value);
}

function addressOf(text: string): Hex {
  const bytes = hexToBytes(text);
  if (bytes.length !== 20) throw new RangeError(`an address has 20 bytes, not ${bytes.length}`);
  return bytesToHex(bytes);
}

/** Slots and values come with and without 0x in the wild. */
function hexNumber(text: string): bigint {
  return BigInt(text.startsWith("0x") ? text : `0x${text}`);
}

function unsigned(value: bigint, bits: number): bigint {
  if (BigInt.asUintN(bits, value) !== value)
    throw new RangeError(`${value} is not an unsigned number of ${bits} bits`);
  return value;
}

/** An alloc that cannot be read. Code BRAID_INVALID_GENESIS; data.address names the entry. */
export class InvalidGenesisError extends BaseError {
  constructor(address: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super("BRAID_INVALID_GENESIS", `The genesis alloc of ${address} cannot be read: ${reason}.`, {
      data: { address },
      cause,
    });
  }
}
