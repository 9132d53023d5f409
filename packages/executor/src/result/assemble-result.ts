// The last step of a block's way: receipts, blooms, roots and the state changes out of what the units left in shared memory.

import { type Kernel, UNIT_EXECUTIONS } from "@braid/kernel";
import {
  type BlockAccessList,
  decodeLogs,
  EncodedReceipt,
  InvalidBlockError,
  type Receipt,
  receiptsRoot,
  requestsHash,
  unionBloom,
} from "@braid/protocol";
import type { ExecuteBlockInput } from "../block/block-input.ts";
import type { PreparedBlock } from "../block/prepare-block.ts";
import type { ContendedLocation } from "../hints/hint-memory.ts";
import { collectRequests } from "../receipts/requests.ts";
import { includedUnits, readReason } from "../records/left-out.ts";
import { readOutcome, type StoredOutcome } from "../records/outcome.ts";
import { recordedType } from "../records/transaction-record.ts";
import { AccessSets } from "./accesses.ts";
import { AccountBases } from "./account-bases.ts";
import type {
  BlockResult,
  LeftOut,
  ReadAccess,
  SystemUnit,
  TracedTransaction,
  TransactionResult,
  WriteAccess,
} from "./block-result.ts";
import { buildAccessList } from "./build-access-list.ts";
import { collectStateChanges } from "./collect-state-changes.ts";

export interface AssembledResult {
  result: Omit<BlockResult, "statistics">;
  contended: ContendedLocation[];
  /** The transactions that are part of the block, and those that are not, when it was built. */
  included: number[];
  leftOut: LeftOut[];
}

/** Reads everything out of a kernel in which all units are committed. */
export function assembleResult(
  kernel: Kernel,
  prepared: PreparedBlock,
  { intermediateRoots }: Pick<ExecuteBlockInput, "intermediateRoots">,
): AssembledResult {
  const { rules } = prepared.context;
  const included = includedUnits(kernel);
  const units = included.slice(1, -1);
  const outcomes = units.map((unit) => readOutcome(kernel, unit));
  const { changes, contended } = collectStateChanges(kernel, kernel.unitCount, rules.spuriousDragon);
  let cumulativeGasUsed = 0n;
  const receipts: EncodedReceipt[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    const unit = units[i] as number;
    cumulativeGasUsed += outcome.gasUsed;
    const fields: Omit<Receipt, "logs"> = {
      type: recordedType(kernel, kernel.transactionPtr(unit)),
      cumulativeGasUsed,
      logsBloom: outcome.logsBloom,
    };
    if (rules.byzantium) fields.status = outcome.status;
    else if (intermediateRoots !== undefined)
      fields.stateRoot = intermediateRoots(
        collectStateChanges(kernel, unit + 1, rules.spuriousDragon).changes,
      );
    receipts.push(new EncodedReceipt(fields, outcome.logs));
  }
  const blobs = outcomes.reduce((sum, outcome) => sum + outcome.blobCount, 0);
  const blobGasUsed = BigInt(blobs) * rules.blobGasPerBlob;
  if (rules.eip4844 && blobGasUsed > rules.maxBlobGasPerBlock) {
    throw new InvalidBlockError(
      "BRAID_BLOCK_BLOB_GAS_EXCEEDED",
      `The block's blobs take ${blobGasUsed} blob gas, ${rules.maxBlobGasPerBlock} are allowed (EIP-4844).`,
    );
  }
  const epilogue = readOutcome(kernel, kernel.unitCount - 1);
  const requests = rules.eip7685
    ? collectRequests(
        receipts,
        rules.depositContract,
        decodeLogs(epilogue.logs).map((log) => log.data),
      )
    : undefined;
  const sets = new AccessSets(kernel, included);
  const bases = new AccountBases(kernel);
  let accessList: BlockAccessList | undefined;
  return {
    contended,
    included: units.map((unit) => unit - 1),
    leftOut: readLeftOut(kernel),
    result: {
      receipts,
      receiptsRoot:
        rules.byzantium || intermediateRoots !== undefined
          ? receiptsRoot(
              receipts,
              outcomes.map(({ receiptLeaf }) => receiptLeaf),
            )
          : undefined,
      logsBloom: unionBloom(receipts),
      gasUsed: outcomes.reduce((sum, outcome) => sum + outcome.blockGasUsed, 0n),
      blobGasUsed,
      stateChanges: changes,
      ...(requests === undefined ? {} : { requests, requestsHash: requestsHash(requests) }),
      transactions: outcomes.map(
        (outcome, i) => new LazyTransactionResult(kernel, units[i] as number, i + 1, outcome, sets),
      ),
      prologue: new LazySystemUnit(0, sets),
      epilogue: new LazySystemUnit(units.length + 1, sets),
      get accessList() {
        accessList ??= buildAccessList(sets, bases);
        return accessList;
      },
    },
  };
}

/** The first `count` transactions of a block of which these have been executed. */
export function readTransactions(kernel: Kernel, count: number): TracedTransaction[] {
  const units = Array.from({ length: count + 1 }, (_, unit) => unit);
  const sets = new AccessSets(kernel, units);
  return units.slice(1).map((unit) => {
    const outcome = readOutcome(kernel, unit);
    const result = new LazyTransactionResult(kernel, unit, unit, outcome, sets);
    return Object.assign(result, { logs: decodeLogs(outcome.logs) });
  });
}

function readLeftOut(kernel: Kernel): LeftOut[] {
  const leftOut: LeftOut[] = [];
  for (let unit = 0; unit < kernel.unitCount; unit++)
    if (kernel.isLeftOut(unit)) leftOut.push({ index: unit - 1, error: readReason(kernel, unit) });
  return leftOut;
}

/** The read and write sets of a unit, decoded when they are looked at; by itself of the one before the transactions, or behind them. */
class LazySystemUnit implements SystemUnit {
  /** Its place among the block's units. */
  readonly #place: number;
  readonly #sets: AccessSets;

  constructor(place: number, sets: AccessSets) {
    this.#place = place;
    this.#sets = sets;
  }

  get reads(): ReadAccess[] {
    return this.#sets.reads(this.#place);
  }

  get writes(): WriteAccess[] {
    return this.#sets.writes(this.#place);
  }
}

/** A transaction's result whose read and write sets are decoded when they are looked at. */
class LazyTransactionResult extends LazySystemUnit implements TransactionResult {
  readonly sender: Uint8Array;
  readonly status: 0 | 1;
  readonly gasUsed: bigint;
  readonly error?: string;
  readonly output: Uint8Array;
  readonly createdAddress?: Uint8Array;
  readonly executions: number;

  constructor(kernel: Kernel, unit: number, place: number, outcome: StoredOutcome, sets: AccessSets) {
    super(place, sets);
    const sender = kernel.sender(unit);
    if (sender === undefined) throw new Error("a committed transaction without a sender");
    this.sender = sender;
    this.status = outcome.status;
    this.gasUsed = outcome.gasUsed;
    if (outcome.error !== undefined) this.error = outcome.error;
    this.output = outcome.output;
    if (outcome.createdAddress !== undefined) this.createdAddress = outcome.createdAddress;
    this.executions = kernel.unitField(unit, UNIT_EXECUTIONS);
  }
}
