// The first state of a store: a genesis file's alloc, or a flat pre-state, as the diff that makes it out of nothing.
import { BaseError, bigIntToBytes32, bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "./constants.ts";
import { keccak256 } from "./keccak.ts";
import { type AccountDiff, emptyAccountDiff, emptyStateDiff, type StateDiff } from "./state-diff.ts";
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

/** Throws InvalidGenesisError, with the address, for what is not a number, address or code. */
export function diffOfAlloc(alloc: GenesisAlloc): StateDiff {
  const diff = emptyStateDiff();
  for (const [address, account] of Object.entries(alloc)) {
    try {
      diff.accounts.set(addressOf(address), diffOfGenesisAccount(account, diff));
    } catch (error) {
      throw new InvalidGenesisError(address, error);
    }
  }
  return diff;
}

/** The accounts that a flat pre-state lists as present, with their storage and all codes. */
export function diffOfFlat(pre: FlatPreState): StateDiff {
  const diff = emptyStateDiff();
  for (const { address, account, storage } of pre.accounts) {
    if (account === undefined) continue;
    const { nonce, balance, codeHash } = account;
    const slots = new Map<Hex, bigint>();
    for (const [slot, value] of storage) if (value !== 0n) slots.set(bytesToHex(slot), value);
    diff.accounts.set(bytesToHex(address), {
      ...emptyAccountDiff(),
      nonce,
      balance,
      codeHash,
      storage: slots,
    });
  }
  for (const [hash, code] of pre.codes) diff.codes.set(bytesToHex(hash), code);
  return diff;
}

function diffOfGenesisAccount(account: GenesisAccount, diff: StateDiff): AccountDiff {
  const code = hexToBytes(account.code ?? "0x");
  const codeHash = code.length === 0 ? EMPTY_CODE_HASH : keccak256(code);
  if (code.length > 0) diff.codes.set(bytesToHex(codeHash), code);
  const storage = new Map<Hex, bigint>();
  for (const [slot, value] of Object.entries(account.storage ?? {})) {
    const number = hexNumber(value);
    if (number !== 0n) storage.set(bytesToHex(bigIntToBytes32(hexNumber(slot))), number);
  }
  const nonce = BigInt(account.nonce ?? 0);
  const balance = BigInt(account.balance ?? 0);
  return { ...emptyAccountDiff(), nonce, balance, codeHash, storage };
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
