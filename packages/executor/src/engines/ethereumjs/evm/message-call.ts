// The seam between a transaction and the engine: one message call through the ethereumjs EVM.

import { Address, type PrefixedHexString } from "@ethereumjs/util";
import type { BlockContext } from "../../../block/block-context.ts";
import type { RawLog } from "../../../records/outcome.ts";
import type { BraidEvm } from "./braid-evm.ts";

/** The top-level message call of a transaction or system call; amounts in wei, gas in gas units. */
interface MessageCallInput {
  caller: Uint8Array;
  to: Uint8Array | undefined;
  value: bigint;
  data: Uint8Array;
  gasLimit: bigint;
  gasPrice: bigint;
  blobVersionedHashes: PrefixedHexString[];
}

interface MessageCallResult {
  gasUsed: bigint;
  gasRefund: bigint;
  /** The exceptional halt or "revert"; undefined on success. */
  error: string | undefined;
  output: Uint8Array;
  logs: RawLog[];
  /** Hex addresses. */
  selfdestructs: string[];
  createdAddresses: Set<string>;
  createdAddress: Uint8Array | undefined;
  /** Some frame ran out of gas. */
  frameOutOfGas: boolean;
}

export type MessageCall = (input: MessageCallInput) => Promise<MessageCallResult>;

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
    evm.frameOutOfGas = false;
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
      frameOutOfGas: evm.frameOutOfGas,
    };
  };
}
