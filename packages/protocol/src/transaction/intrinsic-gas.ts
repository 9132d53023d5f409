// What a transaction costs before its first opcode runs.

import type { ForkRules } from "../chain/rules.ts";
import type { Transaction } from "./transaction.ts";

const TX_BASE = 21_000n;
const TX_CREATE = 32_000n;
const CALLDATA_ZERO = 4n;
const INITCODE_WORD = 2n;
const ACCESS_LIST_ADDRESS = 2_400n;
const ACCESS_LIST_SLOT = 1_900n;
/** EIP-7702: charged per authorization, partly refunded when the authority exists. */
export const AUTHORIZATION_BASE = 12_500n;
export const AUTHORIZATION_EMPTY_ACCOUNT = 25_000n;
const FLOOR_PER_TOKEN = 10n;
const TOKENS_PER_NON_ZERO_BYTE = 4n;

/** `intrinsic`: gas that is charged up front (Yellow Paper equation 64 and the EIPs below). `floor`: the least that is paid in the end (EIP-7623), 0 before. */
export interface IntrinsicGas {
  intrinsic: bigint;
  floor: bigint;
}

/** What the gas is charged for. */
type GasTerms = Pick<Transaction, "data" | "to" | "accessList" | "authorizations">;

/** EIP-2 (creation), EIP-2028 (calldata), EIP-2930 (access list), EIP-3860 (init code), EIP-7702 (authorizations), EIP-7623 (floor). Gas units. */
export function intrinsicGas(tx: GasTerms, rules: ForkRules): IntrinsicGas {
  const data = tx.data;
  let zeros = 0;
  for (let i = 0; i < data.length; i++) if (data[i] === 0) zeros++;
  const zeroBytes = BigInt(zeros);
  const nonZeroBytes = BigInt(data.length - zeros);
  let gas = TX_BASE + zeroBytes * CALLDATA_ZERO + nonZeroBytes * rules.calldataNonZeroGas;
  if (tx.to === undefined) {
    if (rules.homestead) gas += TX_CREATE;
    if (rules.eip3860) gas += BigInt((data.length + 31) >> 5) * INITCODE_WORD;
  }
  for (const entry of tx.accessList)
    gas += ACCESS_LIST_ADDRESS + BigInt(entry.slots.length) * ACCESS_LIST_SLOT;
  gas += BigInt(tx.authorizations.length) * AUTHORIZATION_EMPTY_ACCOUNT;
  const floor = rules.eip7623
    ? TX_BASE + FLOOR_PER_TOKEN * (zeroBytes + nonZeroBytes * TOKENS_PER_NON_ZERO_BYTE)
    : 0n;
  return { intrinsic: gas, floor };
}
