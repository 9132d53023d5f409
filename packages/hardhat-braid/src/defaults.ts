// What a request leaves out, filled in as Hardhat's own handlers do it, which a network that is answered here never reaches.

import { InternalOutOfGasError } from "@braid/node";
import type { Steps } from "@braid/primitives";
import type { EdrNetworkConfig } from "hardhat/types/config";

type Ask = (method: string, params: unknown[]) => Steps<unknown>;
type Fields = Record<string, unknown>;

const REWARD_PERCENTILE = 50;
/** After so many full blocks the fee is still enough. */
const FULL_BLOCKS = 3n;
/** Of the newest block's gas limit, for gas that is multiplied. */
const GAS_LIMIT_SHARE = 0.95;

const hexOf = (value: bigint | number): string => `0x${value.toString(16)}`;

export class Defaults {
  readonly #config: Readonly<EdrNetworkConfig>;
  readonly #ask: Ask;
  readonly #hasBaseFee: boolean;
  #first: string | undefined;

  /**
   * @param ask of the network itself.
   * @param hasBaseFee EIP-1559 is active.
   */
  constructor(config: Readonly<EdrNetworkConfig>, ask: Ask, hasBaseFee: boolean) {
    this.#config = config;
    this.#ask = ask;
    this.#hasBaseFee = hasBaseFee;
  }

  /** The parameters with what was left out; those that are given stay as they are. */
  *fill(method: string, params: unknown[]): Steps<unknown[]> {
    const isSent = method === "eth_sendTransaction";
    if (!isSent && method !== "eth_call" && method !== "eth_estimateGas") return params;
    const [given] = params;
    if (typeof given !== "object" || given === null) return params;
    if (!isSent && "from" in given && typeof given.from === "string") return params;
    return yield* this.#filled(isSent, { ...given }, params);
  }

  *#filled(isSent: boolean, fields: Fields, [, ...rest]: unknown[]): Steps<unknown[]> {
    if (isSent) {
      yield* this.#fillFees(fields);
      if (fields.gas === undefined) fields.gas = yield* this.#gas(fields);
    }
    fields.from ??= yield* this.#sender();
    return [fields, ...rest];
  }

  *#sender(): Steps<string | undefined> {
    if (this.#config.from !== undefined) return this.#config.from;
    if (this.#first === undefined) {
      const [first] = (yield* this.#ask("eth_accounts", [])) as string[];
      this.#first = first;
    }
    return this.#first;
  }

  *#fillFees(fields: Fields): Steps<void> {
    const { gasPrice } = this.#config;
    const { maxFeePerGas: most, maxPriorityFeePerGas: tip } = fields;
    if (fields.gasPrice !== undefined) return;
    if (gasPrice !== "auto") {
      if (most === undefined && tip === undefined) fields.gasPrice = hexOf(gasPrice);
      return;
    }
    if (most !== undefined && tip !== undefined) return;
    if (!this.#hasBaseFee && most === undefined && tip === undefined) {
      fields.gasPrice = yield* this.#ask("eth_gasPrice", []);
      return;
    }
    const suggested = yield* this.#suggestedFees();
    const maxPriorityFeePerGas = typeof tip === "string" ? BigInt(tip) : suggested.tip;
    let maxFeePerGas = typeof most === "string" ? BigInt(most) : suggested.most;
    if (maxFeePerGas < maxPriorityFeePerGas) maxFeePerGas += maxPriorityFeePerGas;
    fields.maxFeePerGas = hexOf(maxFeePerGas);
    fields.maxPriorityFeePerGas = hexOf(maxPriorityFeePerGas);
  }

  *#suggestedFees(): Steps<{ most: bigint; tip: bigint }> {
    if (!this.#hasBaseFee) {
      const price = BigInt((yield* this.#ask("eth_gasPrice", [])) as string);
      return { most: price, tip: price };
    }
    const history = (yield* this.#ask("eth_feeHistory", ["0x1", "latest", [REWARD_PERCENTILE]])) as {
      baseFeePerGas?: string[];
      reward?: string[][];
    };
    const next = BigInt(history.baseFeePerGas?.at(-1) ?? 0);
    let tip = BigInt(history.reward?.[0]?.[0] ?? 0);
    if (tip === 0n) tip = BigInt((yield* this.#ask("eth_maxPriorityFeePerGas", [])) as string);
    const blocks = FULL_BLOCKS - 1n;
    return { most: (next * 9n ** blocks) / 8n ** blocks, tip: tip === 0n ? 1n : tip };
  }

  *#gas(fields: Fields): Steps<string | undefined> {
    const { gas, gasMultiplier } = this.#config;
    if (gas !== "auto") return hexOf(gas);
    const from = fields.from ?? (yield* this.#sender());
    let estimate: string;
    try {
      estimate = (yield* this.#ask("eth_estimateGas", [{ ...fields, from }])) as string;
    } catch (error) {
      // Nobody has asked for the estimate: the network says how much such a transaction has.
      if (error instanceof InternalOutOfGasError) return undefined;
      throw error;
    }
    if (gasMultiplier === 1) return estimate;
    const { gasLimit } = (yield* this.#ask("eth_getBlockByNumber", ["latest", false])) as {
      gasLimit: string;
    };
    const most = Math.floor(Number(gasLimit) * GAS_LIMIT_SHARE);
    const multiplied = Math.floor(Number(estimate) * gasMultiplier);
    return hexOf(multiplied > most ? most - 1 : multiplied);
  }
}
