// Why a candidate is not part of the block that is being built: what stands in shared memory instead of its outcome.

import { deserialize, serialize } from "node:v8";
import { type Kernel, REFUSED_BLOBS } from "@braid/kernel";
import { InvalidTransactionError, type TransactionErrorCode } from "@braid/protocol";

/** What `Kernel.admission` refused, as the error that it would be in a given block. */
export function refusal(unit: number, admission: number): InvalidTransactionError {
  const transactionIndex = unit - 1;
  return admission === REFUSED_BLOBS
    ? new InvalidTransactionError(
        "BRAID_TX_BLOB_GAS_EXCEEDS_BLOCK",
        `Transaction ${transactionIndex}: it has more blobs than the block has left.`,
        { transactionIndex },
      )
    : new InvalidTransactionError(
        "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
        `Transaction ${transactionIndex}: its gas limit exceeds what the block has left.`,
        { transactionIndex },
      );
}

/**
 * Leaves the unit out: publish after it, as the head. Whatever the incarnation has logged is forgotten.
 * Returns false when the arena is full.
 */
export function leaveOut(kernel: Kernel, unit: number, reason: InvalidTransactionError): boolean {
  const { code, message, data } = reason;
  const bytes = serialize({ code, message, data });
  const at = kernel.alloc(bytes.length);
  if (at === 0) return false;
  kernel.beginIncarnation();
  kernel.u8.set(bytes, at);
  kernel.leaveOut(unit);
  kernel.setOutcome(unit, at, bytes.length, 0n);
  return true;
}

/** Why a committed unit was left out. */
export function readReason(kernel: Kernel, unit: number): InvalidTransactionError {
  const at = kernel.outcomePtr(unit);
  const bytes = kernel.u8.slice(at, at + kernel.outcomeLength(unit));
  const { code, message, data } = deserialize(bytes) as StoredReason;
  return new InvalidTransactionError(code, message, data);
}

interface StoredReason {
  code: TransactionErrorCode;
  message: string;
  data: Record<string, unknown>;
}

/** The units that are part of the block, in order: all but those that were left out. */
export function includedUnits(kernel: Kernel): number[] {
  return Array.from({ length: kernel.unitCount }, (_, unit) => unit).filter(
    (unit) => !kernel.isLeftOut(unit),
  );
}
