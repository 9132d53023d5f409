// The last step of a block's way: what the header is compared with, out of what the units left in shared memory, and everything else for whoever looks.

import type { Kernel, ReceiptsSeal } from "@braid/kernel";
import { concatBytes, rlpOfBytes } from "@braid/primitives";
import {
  type BlockAccessList,
  decodeLogs,
  encodeReceipt,
  type ForkRules,
  InvalidBlockError,
  type Receipt,
  receiptsRoot,
  requestsHash,
} from "@braid/protocol";
import type { ExecuteBlockInput } from "../block/block-input.ts";
import type { PreparedBlock } from "../block/prepare-block.ts";
import type { ContendedLocation } from "../hints/hint-memory.ts";
import { collectRequests } from "../receipts/requests.ts";
import { includedUnits, readReason } from "../records/left-out.ts";
import { readOutcome } from "../records/outcome.ts";
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
import { FinishedUnits } from "./finished-units.ts";

export interface AssembledResult {
  result: Omit<BlockResult, "statistics">;
  contended: ContendedLocation[];
  /** The transactions that are part of the block. */
  included: () => number[];
  /** Those that are not, when it was built. */
  leftOut: LeftOut[];
}

/** Reads everything out of a kernel in which all units are committed. */
export function assembleResult(
  kernel: Kernel,
  prepared: PreparedBlock,
  { intermediateRoots }: Pick<ExecuteBlockInput, "intermediateRoots">,
): AssembledResult {
  const { rules } = prepared.context;
  const { changes, contended, accounts } = collectStateChanges(
    kernel,
    kernel.unitCount,
    rules.spuriousDragon,
  );
  const seal = kernel.sealReceipts(rules.byzantium);
  const blobGasUsed = blobGasOf(seal, rules);
  const included = seal.count + 2 === kernel.unitCount ? undefined : includedUnits(kernel);
  const units = new FinishedUnits(kernel, included);
  const bases = new AccountBases(kernel, accounts);
  const stateRoots = rules.byzantium
    ? undefined
    : Array.from({ length: seal.count }, (_, i) =>
        intermediateRoots?.(
          collectStateChanges(kernel, (included?.[i + 1] ?? i + 1) + 1, rules.spuriousDragon).changes,
        ),
      );
  let receipts: Receipt[] | undefined;
  const receiptsOf = (): Receipt[] => {
    receipts ??= units.receipts(stateRoots);
    return receipts;
  };
  const requests = rules.eip7685
    ? collectRequests(
        (contract) => units.logsNear(contract),
        rules.depositContract,
        decodeLogs(readOutcome(kernel, kernel.unitCount - 1).logs).map((log) => log.data),
      )
    : undefined;
  let transactions: TransactionResult[] | undefined;
  let accessList: BlockAccessList | undefined;
  return {
    contended,
    included: () => Array.from({ length: seal.count }, (_, i) => (included?.[i + 1] ?? i + 1) - 1),
    leftOut: included === undefined ? [] : readLeftOut(kernel),
    result: {
      get receipts() {
        return receiptsOf();
      },
      get receiptStrings() {
        return rules.byzantium ? units.receiptStrings() : concatBytes(...receiptsOf().map(stringOf));
      },
      get senders() {
        return units.senders();
      },
      receiptsRoot:
        intermediateRoots !== undefined && !rules.byzantium ? receiptsRoot(receiptsOf()) : seal.root,
      logsBloom: seal.bloom,
      gasUsed: seal.gasUsed,
      blobGasUsed,
      stateChanges: changes,
      ...(requests === undefined ? {} : { requests, requestsHash: requestsHash(requests) }),
      get transactions() {
        transactions ??= Array.from(
          { length: seal.count },
          (_, i) => new LazyTransactionResult(i + 1, units),
        );
        return transactions;
      },
      prologue: new LazySystemUnit(0, units),
      epilogue: new LazySystemUnit(seal.count + 1, units),
      get accessList() {
        accessList ??= buildAccessList(units, bases);
        return accessList;
      },
    },
  };
}

function stringOf(receipt: Receipt): Uint8Array {
  return rlpOfBytes(encodeReceipt(receipt));
}

/** Throws InvalidBlockError when the block has more blobs than it may. */
function blobGasOf({ blobs }: ReceiptsSeal, rules: ForkRules): bigint {
  const blobGasUsed = BigInt(blobs) * rules.blobGasPerBlob;
  if (rules.eip4844 && blobGasUsed > rules.maxBlobGasPerBlock) {
    throw new InvalidBlockError(
      "BRAID_BLOCK_BLOB_GAS_EXCEEDED",
      `The block's blobs take ${blobGasUsed} blob gas, ${rules.maxBlobGasPerBlock} are allowed (EIP-4844).`,
    );
  }
  return blobGasUsed;
}

/** The first `count` transactions of a block of which these have been executed. */
export function readTransactions(kernel: Kernel, count: number): TracedTransaction[] {
  const units = new FinishedUnits(
    kernel,
    Array.from({ length: count + 1 }, (_, unit) => unit),
  );
  return Array.from({ length: count }, (_, i) =>
    Object.assign(new LazyTransactionResult(i + 1, units), { logs: decodeLogs(units.unit(i + 1).logs) }),
  );
}

function readLeftOut(kernel: Kernel): LeftOut[] {
  const leftOut: LeftOut[] = [];
  for (let unit = 0; unit < kernel.unitCount; unit++)
    if (kernel.isLeftOut(unit)) leftOut.push({ index: unit - 1, error: readReason(kernel, unit) });
  return leftOut;
}

/** The read and write sets of a unit, decoded when they are looked at; by itself of the one before the transactions, or behind them. */
class LazySystemUnit implements SystemUnit {
  readonly #place: number;
  readonly #units: FinishedUnits;

  constructor(place: number, units: FinishedUnits) {
    this.#place = place;
    this.#units = units;
  }

  get reads(): ReadAccess[] {
    return this.#units.reads(this.#place);
  }

  get writes(): WriteAccess[] {
    return this.#units.writes(this.#place);
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

  constructor(place: number, units: FinishedUnits) {
    super(place, units);
    const { sender, status, gasUsed, error, output, createdAddress, executions } = units.unit(place);
    this.sender = sender;
    this.status = status;
    this.gasUsed = gasUsed;
    if (error !== undefined) this.error = error;
    this.output = output;
    if (createdAddress !== undefined) this.createdAddress = createdAddress;
    this.executions = executions;
  }
}
