// The last step of a block's way: receipts, blooms, roots and the state diff out of what the units left in shared memory.

import { type Kernel, UNIT_EXECUTIONS } from "@braid/kernel";
import { InvalidBlockError } from "../errors.ts";
import { readOutcome, type StoredOutcome } from "../pool/outcome.ts";
import type { BlockAccessList } from "./access-list.ts";
import { AccessSets } from "./accesses.ts";
import { AccountBases } from "./account-bases.ts";
import type { ExecuteBlockInput } from "./block-input.ts";
import type { BlockResult, Receipt, TransactionResult } from "./block-result.ts";
import { buildAccessList } from "./build-access-list.ts";
import { type CollectedState, type ContendedSlot, collectStateDiff } from "./collect-state-diff.ts";
import type { PreparedBlock } from "./prepare-block.ts";
import { decodeLogs, EncodedReceipt, receiptsRoot, unionBloom } from "./receipts.ts";
import { collectRequests, depositContractOf, requestsHash } from "./requests.ts";

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
  { common, intermediateRoots }: Pick<ExecuteBlockInput, "common" | "intermediateRoots">,
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
        depositContractOf(common),
        decodeLogs(epilogue.logs).map((log) => log.data),
      )
    : undefined;
  const sets = new AccessSets(kernel);
  const bases = new AccountBases(kernel);
  let accessList: BlockAccessList | undefined;
  return {
    contended,
    result: {
      receipts,
      receiptsRoot: rules.byzantium || intermediateRoots !== undefined ? receiptsRoot(receipts) : undefined,
      logsBloom: unionBloom(receipts),
      gasUsed: outcomes.reduce((sum, outcome) => sum + outcome.blockGasUsed, 0n),
      blobGasUsed,
      stateDiff: diff,
      ...(requests === undefined ? {} : { requests, requestsHash: requestsHash(requests) }),
      transactions: transactionResults(kernel, outcomes, sets),
      get accessList() {
        accessList ??= buildAccessList(sets, bases);
        return accessList;
      },
    },
  };
}

function transactionResults(
  kernel: Kernel,
  outcomes: StoredOutcome[],
  sets: AccessSets,
): TransactionResult[] {
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
