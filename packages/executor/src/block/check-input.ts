// What executeBlock was given besides the block, before anything is made of it: what is wrong here would end as memory written in the wrong place.

import { isUint8Array } from "node:util/types";
import { InvalidInputError } from "../errors.ts";
import type { ExecuteBlockInput } from "./block-input.ts";

/** Throws InvalidInputError. */
export function checkInput(
  { senders, workers, readTimeoutMs }: ExecuteBlockInput,
  transactions: number,
): void {
  if (senders !== undefined) checkSenders(senders, transactions);
  checkWorkers(workers);
  if (readTimeoutMs !== undefined && !(readTimeoutMs > 0))
    throw new InvalidInputError(
      "readTimeoutMs",
      `readTimeoutMs is ${readTimeoutMs}: give milliseconds above 0, or Infinity for no limit.`,
    );
}

/** Throws InvalidInputError. */
export function checkWorkers(workers: number | undefined): void {
  if (workers !== undefined && !Number.isInteger(workers))
    throw new InvalidInputError("workers", `workers is ${workers}: give a whole number, or leave it out.`);
}

function checkSenders(senders: (Uint8Array | undefined)[], transactions: number): void {
  if (senders.length > transactions)
    throw new InvalidInputError(
      "senders",
      `There are ${senders.length} senders for ${transactions} transactions: give one for each, undefined where it is not known.`,
      { senders: senders.length, transactions },
    );
  const index = senders.findIndex(
    (sender) => sender !== undefined && !(isUint8Array(sender) && sender.length === 20),
  );
  if (index >= 0)
    throw new InvalidInputError("senders", `Sender ${index} is not an address of 20 bytes.`, {
      transactionIndex: index,
    });
}
