// What a state source answered, held against what it promises: a wrong type or length must not get into the cache, where it would be
// taken for state.

import { isUint8Array } from "node:util/types";
import { keccak256 } from "@braid/kernel";
import { bytesToHex, equalBytes } from "@braid/primitives";
import type { FlatAccount, SourceAccount } from "@braid/state";
import { ExecutionError } from "../errors.ts";

/** One read of a state source. */
export type SourceRead =
  | { kind: "account"; address: Uint8Array }
  | { kind: "slot"; address: Uint8Array; slot: Uint8Array }
  | { kind: "code"; codeHash: Uint8Array }
  | { kind: "blockHash"; number: bigint };

const MAX_U64 = (1n << 64n) - 1n;
const MAX_U256 = (1n << 256n) - 1n;

/** What no other read has. */
export function idOf(read: SourceRead): string {
  switch (read.kind) {
    case "account":
      return bytesToHex(read.address);
    case "slot":
      return bytesToHex(read.address) + bytesToHex(read.slot);
    case "code":
      return `code ${bytesToHex(read.codeHash)}`;
    case "blockHash":
      return `block ${read.number}`;
  }
}

/** The read in words. */
export function readText(read: SourceRead): string {
  switch (read.kind) {
    case "account":
      return `account ${bytesToHex(read.address)}`;
    case "slot":
      return `slot ${bytesToHex(read.slot)} of ${bytesToHex(read.address)}`;
    case "code":
      return `the code with hash ${bytesToHex(read.codeHash)}`;
    case "blockHash":
      return `the hash of block ${read.number}`;
  }
}

/** The read as an error's data: bytes in hex, numbers in decimal. */
export function readData(read: SourceRead): Record<string, string> {
  const { kind, ...what } = read;
  const entries = Object.entries(what).map(([name, value]) => [
    name,
    typeof value === "bigint" ? String(value) : bytesToHex(value),
  ]);
  return { kind, ...Object.fromEntries(entries) };
}

function wrong(read: SourceRead, found: string): ExecutionError {
  return new ExecutionError(
    "BRAID_SOURCE_FAILED",
    `The state source's answer for ${readText(read)} is wrong: ${found}. Correct the source.`,
    { data: { ...readData(read), found } },
  );
}

function wrongWord(read: SourceRead): ExecutionError {
  return wrong(read, "no bigint of 256 bits");
}

function isWord(value: unknown, max: bigint): value is bigint {
  return typeof value === "bigint" && value >= 0n && value <= max;
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return isUint8Array(value) && value.length === length;
}

/** What an account's fields must be; `undefined` when they are. */
function faultOfAccount(answer: unknown): string | undefined {
  if (typeof answer !== "object" || answer === null) return "neither an account nor undefined";
  const { nonce, balance, codeHash, hasStorage } = answer as Partial<Record<keyof SourceAccount, unknown>>;
  if (!isWord(nonce, MAX_U64)) return "its nonce is no bigint of 64 bits";
  if (!isWord(balance, MAX_U256)) return "its balance is no bigint of 256 bits";
  if (!isBytes(codeHash, 32)) return "its code hash is not 32 bytes";
  if (typeof hasStorage !== "boolean") return "its hasStorage is no boolean";
  return undefined;
}

/** All checks throw ExecutionError BRAID_SOURCE_FAILED. */
export function checkAccount(read: SourceRead, answer: unknown): SourceAccount | undefined {
  if (answer === undefined) return undefined;
  const fault = faultOfAccount(answer);
  if (fault !== undefined) throw wrong(read, fault);
  return answer as SourceAccount;
}

export function checkSlot(read: SourceRead, answer: unknown): bigint {
  if (!isWord(answer, MAX_U256)) throw wrongWord(read);
  return answer;
}

/** Workers keep codes by their hash from block to block: a wrong one would never go away again. */
export function checkCode(read: SourceRead & { kind: "code" }, answer: unknown): Uint8Array {
  if (!isUint8Array(answer)) throw wrong(read, "no bytes");
  if (!equalBytes(keccak256(answer), read.codeHash)) throw wrong(read, "another code");
  return answer;
}

export function checkBlockHash(read: SourceRead, answer: unknown): Uint8Array {
  if (!isBytes(answer, 32)) throw wrong(read, "not 32 bytes");
  return answer;
}

/** An account of a preload, with its slots. PERF: there are many, and all are right: nothing is made before one is wrong. */
export function checkFlatAccount({ address, account, storage }: FlatAccount): void {
  if (!isBytes(address, 20))
    throw new ExecutionError(
      "BRAID_SOURCE_FAILED",
      "An address in the state source's preload is not 20 bytes. Correct the source.",
      { data: { kind: "account" } },
    );
  const fault = account === undefined ? undefined : faultOfAccount(account);
  if (fault !== undefined) throw wrong({ kind: "account", address }, fault);
  for (const [slot, value] of storage) {
    if (!isBytes(slot, 32)) throw wrong({ kind: "account", address }, "the key of a slot is not 32 bytes");
    if (!isWord(value, MAX_U256)) throw wrongWord({ kind: "slot", address, slot });
  }
}
