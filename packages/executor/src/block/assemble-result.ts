// The last step of a block's way: receipts, blooms, roots and the state diff out of what the units left in shared memory.

import { type Kernel, UNIT_EXECUTIONS, UNIT_HINT_COUNT, UNIT_HINT_HITS } from "@braid/kernel";
import type { Hex } from "@braid/primitives";
import type { StateDiff } from "@braid/state";
import { InvalidBlockError } from "../errors.ts";
import { readOutcome, type StoredOutcome } from "../pool/outcome.ts";
import { AccessSets } from "./accesses.ts";
import type {
  BlockResult,
  Fallback,
  HintStatistics,
  Receipt,
  Statistics,
  TransactionResult,
} from "./block-result.ts";
import { type CollectedState, type ContendedSlot, collectStateDiff } from "./collect-state-diff.ts";
import type { PreparedBlock } from "./prepare-block.ts";
import { decodeLogs, EncodedReceipt, receiptsRoot, unionBloom } from "./receipts.ts";
import { collectRequests, requestsHash } from "./requests.ts";

/** Type byte of an encoded transaction; a legacy one begins with an RLP list. */
function typeOf(prepared: PreparedBlock, index: number): number {
  const first = new Uint8Array(prepared.transactions)[prepared.offsets[index] as number] as number;
  return first >= 0xc0 ? 0 : first;
}

export interface AssembledResult {
  result: Omit<BlockResult, "statistics">;
  contended: ContendedSlot[];
}

/** Reads everything out of a kernel in which all units are committed. */
export async function assembleResult(
  kernel: Kernel,
  prepared: PreparedBlock,
  depositContract: Hex,
  intermediateRoots: ((diff: StateDiff) => Promise<Uint8Array>) | undefined,
): Promise<AssembledResult> {
  const { rules } = prepared.context;
  const count = prepared.offsets.length - 1;
  const outcomes = Array.from({ length: count }, (_, i) => readOutcome(kernel, i + 1));
  const { diff, contended }: CollectedState = collectStateDiff(
    kernel,
    kernel.unitCount,
    rules.spuriousDragon,
  );
  let cumulativeGasUsed = 0n;
  const receipts: Receipt[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    cumulativeGasUsed += outcome.gasUsed;
    const fields: Omit<Receipt, "logs"> = {
      type: typeOf(prepared, i),
      cumulativeGasUsed,
      logsBloom: outcome.logsBloom,
    };
    if (rules.byzantium) fields.status = outcome.status;
    else if (intermediateRoots !== undefined)
      fields.stateRoot = await intermediateRoots(collectStateDiff(kernel, i + 2, rules.spuriousDragon).diff);
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
        depositContract,
        decodeLogs(epilogue.logs).map((log) => log.data),
      )
    : undefined;
  return {
    contended,
    result: {
      receipts,
      receiptsRoot: rules.byzantium || intermediateRoots !== undefined ? receiptsRoot(receipts) : undefined,
      logsBloom: unionBloom(receipts),
      gasUsed: cumulativeGasUsed,
      blobGasUsed,
      stateDiff: diff,
      ...(requests === undefined ? {} : { requests, requestsHash: requestsHash(requests) }),
      transactions: transactionResults(kernel, outcomes),
    },
  };
}

function transactionResults(kernel: Kernel, outcomes: StoredOutcome[]): TransactionResult[] {
  const sets = new AccessSets(kernel);
  return outcomes.map((outcome, i) => {
    const unit = i + 1;
    const sender = kernel.sender(unit);
    if (sender === undefined) throw new Error("a committed transaction without a sender");
    return {
      sender,
      status: outcome.status,
      gasUsed: outcome.gasUsed,
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
      output: outcome.output,
      ...(outcome.createdAddress === undefined ? {} : { createdAddress: outcome.createdAddress }),
      executions: kernel.unitField(unit, UNIT_EXECUTIONS),
      get reads() {
        return sets.reads(unit);
      },
      get writes() {
        return sets.writes(unit);
      },
    };
  });
}

/** How well the hints foresaw the slots that more than one transaction wrote. */
export function hintStatistics(kernel: Kernel, contended: ContendedSlot[]): HintStatistics {
  let predicted = 0;
  let hits = 0;
  for (let unit = 0; unit < kernel.unitCount; unit++) {
    predicted += kernel.unitField(unit, UNIT_HINT_COUNT);
    hits += kernel.unitField(unit, UNIT_HINT_HITS);
  }
  const writes = contended.reduce((sum, slot) => sum + slot.units.length, 0);
  return {
    predicted,
    hits,
    contended: writes,
    precision: predicted === 0 ? 1 : hits / predicted,
    recall: writes === 0 ? 1 : Math.min(1, hits / writes),
  };
}

/** What the kernel counted during the run. */
export function runStatistics(
  kernel: Kernel,
  fallback: Fallback | undefined,
): Pick<
  Statistics,
  | "executions"
  | "aborts"
  | "abortCauses"
  | "suspensions"
  | "reexecutions"
  | "validations"
  | "fallback"
  | "blockArenaBytes"
  | "stateArenaBytes"
> {
  const { executions, aborts, suspensions, validations } = kernel.progress();
  const lowYield: Fallback | undefined = kernel.isSolo
    ? {
        reason: "low-yield",
        at: kernel.commitIndex(),
        message: "Most speculation was in vain; one worker went on alone.",
      }
    : undefined;
  const reason = fallback ?? lowYield;
  return {
    executions,
    aborts,
    abortCauses: kernel.abortCauses(),
    suspensions,
    reexecutions: executions - kernel.unitCount,
    validations,
    ...(reason === undefined ? {} : { fallback: reason }),
    blockArenaBytes: kernel.blockArenaUsed(),
    stateArenaBytes: kernel.stateArenaUsed(),
  };
}
