// The prices that a block inherits from its parent: base fee (EIP-1559) and excess blob gas (EIP-4844, EIP-7691, EIP-7840, EIP-7918).

import type { ForkRules } from "../chain/rules.ts";
import { INITIAL_BASE_FEE } from "./create-header.ts";
import type { Header } from "./header.ts";

export const ELASTICITY = 2n;
const BASE_FEE_CHANGE_DENOMINATOR = 8n;
/** EIP-4844, wei per blob gas. */
const MIN_BLOB_BASE_FEE = 1n;
/** EIP-7918: gas, in which the reserve price of a blob is counted. */
const BLOB_BASE_COST = 8_192n;
const MAX_U256 = (1n << 256n) - 1n;
/** e^178 is above 2^256. */
const MAX_EXPONENT = 178n;

/** The base fee of the block after `parent`, in wei per gas; the first block that has one begins with 1 gwei (EIP-1559). */
export function nextBaseFee(parent: Pick<Header, "gasLimit" | "gasUsed" | "baseFeePerGas">): bigint {
  const { baseFeePerGas, gasUsed } = parent;
  if (baseFeePerGas === undefined) return INITIAL_BASE_FEE;
  const target = parent.gasLimit / ELASTICITY;
  // No block can follow one with so low a limit; the rule has no answer for it.
  if (gasUsed === target || target === 0n) return baseFeePerGas;
  if (gasUsed > target) {
    const delta = (baseFeePerGas * (gasUsed - target)) / target / BASE_FEE_CHANGE_DENOMINATOR;
    return baseFeePerGas + (delta > 1n ? delta : 1n);
  }
  return baseFeePerGas - (baseFeePerGas * (target - gasUsed)) / target / BASE_FEE_CHANGE_DENOMINATOR;
}

/**
 * The excess blob gas of the block after `parent` (EIP-4844, EIP-7918).
 *
 * @param rules of the block, not of its parent.
 */
export function nextExcessBlobGas(
  parent: Pick<Header, "excessBlobGas" | "blobGasUsed" | "baseFeePerGas">,
  rules: ForkRules,
): bigint {
  const { excessBlobGas: excess = 0n, blobGasUsed: used = 0n, baseFeePerGas = 0n } = parent;
  const { targetBlobGasPerBlock: target, maxBlobGasPerBlock: max } = rules;
  if (excess + used < target) return 0n;
  const belowReserve =
    rules.eip7918 && BLOB_BASE_COST * baseFeePerGas > rules.blobGasPerBlob * blobBaseFee(excess, rules);
  return belowReserve ? excess + (used * (max - target)) / max : excess + used - target;
}

/**
 * What a unit of blob gas costs in a block with so much excess blob gas, in wei (EIP-4844: an approximation of e^(excess / fraction)).
 * At most 2^256 - 1, which nobody can pay.
 */
export function blobBaseFee(
  excessBlobGas: bigint,
  rules: Pick<ForkRules, "blobBaseFeeUpdateFraction">,
): bigint {
  const denominator = rules.blobBaseFeeUpdateFraction;
  if (excessBlobGas / denominator >= MAX_EXPONENT) return MAX_U256;
  let sum = 0n;
  let term = MIN_BLOB_BASE_FEE * denominator;
  for (let i = 1n; term > 0n; i++) {
    sum += term;
    term = (term * excessBlobGas) / (denominator * i);
  }
  const fee = sum / denominator;
  return fee < MAX_U256 ? fee : MAX_U256;
}
