// The seam between a transaction and the engine: one message call through the ethereumjs EVM.

import { Address, type PrefixedHexString } from "@ethereumjs/util";
import type { BlockContext } from "../block/block-context.ts";
import type { MessageCall } from "../transaction/execute-transaction.ts";
import type { BraidEvm } from "./braid-evm.ts";

type EngineBlock = NonNullable<Parameters<BraidEvm["runCall"]>[0]["block"]>;

/** The block as the EVM's opcodes see it (COINBASE, TIMESTAMP, …). */
function engineBlock(context: BlockContext): EngineBlock {
  return {
    header: {
      number: context.number,
      coinbase: new Address(context.coinbase),
      timestamp: context.timestamp,
      difficulty: context.difficulty,
      prevRandao: context.mixHash,
      gasLimit: context.gasLimit,
      baseFeePerGas: context.baseFeePerGas,
      slotNumber: context.slotNumber,
      getBlobGasPrice: () => context.blobGasPrice,
    },
  } as EngineBlock;
}

/** Message calls of one block on `evm`. The sender's nonce is the transaction's business, not the call's. */
export function messageCall(evm: BraidEvm, context: BlockContext): MessageCall {
  const block = engineBlock(context);
  return async (input) => {
    const { execResult, createdAddress } = await evm.runCall({
      block,
      gasPrice: input.gasPrice,
      caller: new Address(input.caller),
      to: input.to === undefined ? undefined : new Address(input.to),
      value: input.value,
      data: input.data,
      gasLimit: input.gasLimit,
      blobVersionedHashes: input.blobVersionedHashes,
      skipNonceIncrement: true,
    });
    return {
      gasUsed: execResult.executionGasUsed,
      gasRefund: execResult.gasRefund ?? 0n,
      error: execResult.exceptionError?.error,
      output: execResult.returnValue,
      logs: execResult.logs ?? [],
      selfdestructs: [...(execResult.selfdestruct?.keys() ?? [])],
      createdAddresses: execResult.createdAddresses ?? new Set<PrefixedHexString>(),
      createdAddress: createdAddress?.bytes,
    };
  };
}
