// eth_simulateV1: blocks of calls on top of a block, each on the state that the one before it leaves behind.

import { StoredBlock } from "@braid/chain";
import { InvalidTransactionError, type TransactionErrorCode } from "@braid/protocol";
import { INTERNAL_ERROR, invalidParams, RpcError, SERVER_ERROR } from "@braid/rpc";
import { wordsOf } from "../../pool/rejections.ts";
import { needBlock, stateBlock } from "../block-tags.ts";
import { formatBlock, type Json } from "../format.ts";
import { type MethodContext, type Methods, method } from "../method.ts";
import { boolean, list, object, optional } from "../params.ts";
import { planBlocks } from "./simulate-plan.ts";
import { SimulatedChain } from "./simulated-chain.ts";
import { blockOverrides, stateOverrides, transactionArgs } from "./transaction-args.ts";

const simulation = object({
  blockStateCalls: list(
    object({ blockOverrides, stateOverrides, calls: optional(list(transactionArgs), []) }),
  ),
  traceTransfers: optional(boolean, false),
  validation: optional(boolean, false),
  returnFullTransactions: optional(boolean, false),
});

/** execution-apis has numbers for what may be wrong with a call. */
const CODES: Partial<Record<TransactionErrorCode, number>> = {
  BRAID_TX_NONCE_TOO_LOW: -38010,
  BRAID_TX_NONCE_TOO_HIGH: -38011,
  BRAID_TX_FEE_BELOW_BASE_FEE: -38012,
  BRAID_TX_INTRINSIC_GAS_TOO_LOW: -38013,
  BRAID_TX_GAS_FLOOR_TOO_LOW: -38013,
  BRAID_TX_INSUFFICIENT_FUNDS: -38014,
  BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK: -38015,
  BRAID_TX_SENDER_NOT_EOA: -38024,
  BRAID_TX_INITCODE_TOO_LARGE: -38025,
  BRAID_TX_NONCE_IS_MAX: INTERNAL_ERROR,
};

export const simulateMethods: Methods = {
  eth_simulateV1: method([simulation, stateBlock], simulate),
};

async function simulate(
  { node, signal, payer, leave }: MethodContext,
  { blockStateCalls, ...options }: ReturnType<typeof simulation>,
  param: Parameters<typeof needBlock>[1],
): Promise<Json[]> {
  if (blockStateCalls.length === 0) throw invalidParams("empty input");
  const base = needBlock(node, param);
  const chain = new SimulatedChain(node, base, { ...options, signal, payer });
  leave?.();
  const answers: Json[] = [];
  for (const planned of planBlocks(base.header, blockStateCalls)) {
    try {
      const { block, hash, size, senders, calls } = await chain.extend(planned);
      const stored = new StoredBlock(hash, block, size);
      const shown = formatBlock(stored, options.returnFullTransactions ? senders : undefined);
      answers.push({ ...shown, calls: calls(stored) });
    } catch (error) {
      if (!(error instanceof InvalidTransactionError)) throw error;
      throw new RpcError(CODES[error.code] ?? SERVER_ERROR, `err: ${wordsOf(error)}`);
    }
  }
  return answers;
}
