// Answers of a network on Hardhat's own EDR and of one on Braid, without what has to differ.

import type { Outcome } from "./project.ts";

const INVALID_PARAMS = -32602;

/** The names of blocks, which have other hashes on both networks. */
type BlockNames = ReadonlyMap<unknown, string>;

/** Without what has to differ. */
export function comparable(outcome: Outcome, method: string, blocks: BlockNames): unknown {
  if ("result" in outcome) {
    // Braid's snapshots have numbers of their own.
    if (method === "evm_snapshot") return "a number";
    return { result: withoutExtras(outcome.result, blocks) };
  }
  const { code, data, message, ...error } = outcome.error;
  // EDR shows the parser's words, and the request itself.
  if (code === INVALID_PARAMS) return { code };
  // Why gas was not enough is told in more detail there.
  if (message === "Transaction ran out of gas") return { ...error, code, message };
  const isEcho = typeof data === "object" && data !== null && "jsonrpc" in data;
  // Where in the request the parser was.
  return {
    ...error,
    code,
    message: message.replace(/ at line \d+ column \d+$/, ""),
    data: isEcho ? null : data,
  };
}

/**
 * Fields that only one side has, ours newer names, EDR's what there has not been since the Merge. And the state's root, because EDR has a contract of its own
 * in the place of EIP-2935's, and with it the hashes of all blocks; the first block's list of transactions has another root there as well. EDR's
 * blocks are smaller by the lengths of their typed transactions, and its transactions of type 0 do not show their chain.
 */
const EXTRAS = new Set([
  "yParity",
  "blockTimestamp",
  "totalDifficulty",
  "stateRoot",
  "size",
  "baseFeePerBlobGas",
  "blobGasUsedRatio",
]);

export function withoutExtras(value: unknown, blocks: BlockNames): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutExtras(item, blocks));
  // EDR divides in another way than JavaScript.
  if (typeof value === "number") return Number(value.toPrecision(12));
  if (typeof value !== "object" || value === null) return blocks.get(value) ?? value;
  const isFirst = "number" in value && value.number === "0x0";
  const isLegacy = "type" in value && value.type === "0x0";
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([name]) =>
          !EXTRAS.has(name) && !(isFirst && name === "transactionsRoot") && !(isLegacy && name === "chainId"),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, withoutExtras(item, blocks)]),
  );
}
