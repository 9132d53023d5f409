// Compares a result with what stock @ethereumjs/vm makes of the same block: the receipts, which are all that it tells.
import type { BlockResult } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import type { StockResult } from "@braid/stock";
import type { Difference } from "./difference.ts";

/** The first difference, by transaction; undefined when there is none. */
export function compareWithStock(actual: BlockResult, stock: StockResult): Difference | undefined {
  const count = Math.max(actual.receipts.length, stock.receipts.length);
  for (let transactionIndex = 0; transactionIndex < count; transactionIndex += 1) {
    const ours = actual.receipts[transactionIndex];
    const theirs = stock.receipts[transactionIndex];
    const pairs: [field: string, actual: string, expected: string][] = [
      ["status", String(ours?.status ?? "none"), String(theirs?.status ?? "none")],
      ["number of logs", String(ours?.logs.length ?? 0), String(theirs?.logs.length ?? 0)],
    ];
    for (const [index, [address, topics, data]] of (theirs?.logs ?? []).entries()) {
      const log = ours?.logs[index];
      pairs.push([
        `logs[${index}].address`,
        log === undefined ? "none" : bytesToHex(log.address),
        bytesToHex(address),
      ]);
      pairs.push([
        `logs[${index}].topics`,
        log?.topics.map(bytesToHex).join() ?? "none",
        topics.map(bytesToHex).join(),
      ]);
      pairs.push([
        `logs[${index}].data`,
        log === undefined ? "none" : bytesToHex(log.data),
        bytesToHex(data),
      ]);
    }
    pairs.push([
      "cumulativeGasUsed",
      String(ours?.cumulativeGasUsed ?? "none"),
      String(theirs?.cumulativeGasUsed ?? "none"),
    ]);
    for (const [field, found, expected] of pairs) {
      if (found !== expected) return { against: "stock", field, expected, actual: found, transactionIndex };
    }
  }
  return undefined;
}
