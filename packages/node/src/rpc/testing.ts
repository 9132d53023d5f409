// testing_buildBlockV1 (execution-apis): a block out of given transactions on a given parent, shown as an execution payload and not kept.

import type { BuiltChild } from "@braid/chain";
import { bytesToHex } from "@braid/primitives";
import { decodeTransaction, type Header } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { effectiveTip } from "../pool/pooled-transaction.ts";
import { wordsOf } from "../pool/rejections.ts";
import { hexOf, type Json } from "./format.ts";
import { type Methods, method } from "./method.ts";
import { address, bytes, hash, list, object, optional, quantity64 } from "./params.ts";

const withdrawal = object({ index: quantity64, validatorIndex: quantity64, address, amount: quantity64 });

const attributes = object({
  timestamp: quantity64,
  prevRandao: hash,
  suggestedFeeRecipient: address,
  withdrawals: optional(list(withdrawal), []),
  parentBeaconBlockRoot: optional(hash),
});

/** EIP-1559: by so much the gas limit may change from block to block. */
const GAS_LIMIT_DIVISOR = 1_024n;
/** What builders want blocks to have. */
const WANTED_GAS_LIMIT = 60_000_000n;

export const testingMethods: Methods = {
  testing_buildBlockV1: method(
    [hash, attributes, optional(list(bytes)), optional(bytes)],
    async ({ node }, parentHash, chosen, transactions, extraData) => {
      const parent = node.chain.block(parentHash);
      if (parent === undefined) throw new RpcError(SERVER_ERROR, "unknown parent");
      const pooled =
        transactions === undefined
          ? node.pool.candidates(node.next.poolView(), {
              baseFee: node.next.baseFee ?? 0n,
              blobFee: node.next.blobFee ?? 0n,
              order: "priority",
            })
          : [];
      const built = await node.chain.build(
        {
          timestamp: chosen.timestamp,
          coinbase: chosen.suggestedFeeRecipient,
          prevRandao: chosen.prevRandao,
          withdrawals: chosen.withdrawals,
          gasLimit: nextGasLimit(parent.header),
          ...(chosen.parentBeaconBlockRoot === undefined
            ? {}
            : { parentBeaconBlockRoot: chosen.parentBeaconBlockRoot }),
          ...(extraData === undefined ? {} : { extraData }),
        },
        transactions ?? pooled.map(({ raw }) => raw),
        { parent: parentHash },
      );
      const [reason] = built.result.leftOut;
      // What is in the pool may stay there; what was asked for must be in the block.
      if (transactions !== undefined && reason !== undefined)
        throw new RpcError(SERVER_ERROR, wordsOf(reason.error));
      return envelope(built);
    },
  ),
};

/** As near to the wanted one as one block can come. */
function nextGasLimit({ gasLimit }: Header): bigint {
  const step = gasLimit / GAS_LIMIT_DIVISOR - 1n;
  if (gasLimit < WANTED_GAS_LIMIT)
    return gasLimit + step < WANTED_GAS_LIMIT ? gasLimit + step : WANTED_GAS_LIMIT;
  return gasLimit - step > WANTED_GAS_LIMIT ? gasLimit - step : WANTED_GAS_LIMIT;
}

function envelope({ block, hash: blockHash, result }: BuiltChild): Json {
  const { header, transactions, withdrawals = [] } = block;
  return {
    executionPayload: {
      parentHash: bytesToHex(header.parentHash),
      feeRecipient: bytesToHex(header.coinbase),
      stateRoot: bytesToHex(header.stateRoot),
      receiptsRoot: bytesToHex(header.receiptsRoot),
      logsBloom: bytesToHex(header.logsBloom),
      prevRandao: bytesToHex(header.mixHash),
      blockNumber: hexOf(header.number),
      gasLimit: hexOf(header.gasLimit),
      gasUsed: hexOf(header.gasUsed),
      timestamp: hexOf(header.timestamp),
      extraData: bytesToHex(header.extraData),
      baseFeePerGas: hexOf(header.baseFeePerGas ?? 0n),
      blockHash: bytesToHex(blockHash),
      transactions: transactions.map(bytesToHex),
      withdrawals: withdrawals.map((one) => ({
        index: hexOf(one.index),
        validatorIndex: hexOf(one.validatorIndex),
        address: bytesToHex(one.address),
        amount: hexOf(one.amount),
      })),
      blobGasUsed: hexOf(header.blobGasUsed ?? 0n),
      excessBlobGas: hexOf(header.excessBlobGas ?? 0n),
    },
    blockValue: hexOf(builderValue({ block, result })),
    blobsBundle: { commitments: [], proofs: [], blobs: [] },
    executionRequests: (result.requests ?? []).map(bytesToHex),
    shouldOverrideBuilder: false,
  };
}

/** What the builder gets for it, in wei. */
function builderValue({ block, result }: Pick<BuiltChild, "block" | "result">): bigint {
  const baseFee = block.header.baseFeePerGas ?? 0n;
  return block.transactions.reduce((sum, raw, i) => {
    const gas = result.transactions[i]?.gasUsed ?? 0n;
    return sum + gas * effectiveTip(decodeTransaction(raw), baseFee);
  }, 0n);
}
