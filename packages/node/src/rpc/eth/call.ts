// Calls that leave nothing behind: eth_call, eth_estimateGas, eth_createAccessList.

import type { CallResult } from "@braid/executor";
import { bytesToHex, promised } from "@braid/primitives";
import type { AccessListEntry } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { blockParam, stateBlock, stateOf } from "../block-tags.ts";
import { failureOf, haltMessage, revertMessage } from "../errors.ts";
import { formatAccess, hexOf } from "../format.ts";
import { type MethodContext, type Methods, method } from "../method.ts";
import { optional } from "../params.ts";
import { AccessListTracer } from "./access-list-tracer.ts";
import { estimateGas } from "./estimate-gas.ts";
import { runCall, runCalls } from "./run-call.ts";
import { blockOverrides, messageOf, stateOverrides, transactionArgs } from "./transaction-args.ts";

/** So often a list may lead to another one before somebody stops asking. */
const MOST_ROUNDS = 16;

export const callMethods: Methods = {
  eth_call: method(
    [transactionArgs, stateBlock, stateOverrides, blockOverrides],
    async (context, args, block, state, header) => {
      const place = {
        ...(await stateOf(context.node, block)),
        stateOverrides: state,
        blockOverrides: header,
      };
      const result = await promised(runCall(context, place, messageOf(args, gasOf(context, args.gas))));
      const failure = failureOf(result);
      if (failure !== undefined) throw failure;
      return bytesToHex(result.output);
    },
  ),

  // As Hardhat, in the block that would be next: contracts that look at the time may need more gas there than in the newest one.
  eth_estimateGas: method(
    [transactionArgs, optional(blockParam, "pending"), stateOverrides, blockOverrides],
    async (context, args, block, state, header) => {
      const place = {
        ...(await stateOf(context.node, block)),
        stateOverrides: state,
        blockOverrides: header,
      };
      return hexOf(await estimateGas(context, place, args));
    },
  ),

  eth_createAccessList: method(
    [transactionArgs, stateBlock, stateOverrides],
    async (context, args, block, state) => {
      const place = { ...(await stateOf(context.node, block)), stateOverrides: state };
      const message = messageOf(args, gasOf(context, args.gas));
      let accessList: readonly AccessListEntry[] = args.accessList ?? [];
      for (let round = 0; round < MOST_ROUNDS; round++) {
        const tracer = new AccessListTracer(message, accessList);
        const [result] = await promised(
          runCalls(context, place, [{ ...message, accessList }], { tracer: () => tracer }),
        );
        const found = tracer.list();
        if (isAsLong(found, accessList)) return formatResult(found, result as CallResult);
        accessList = found;
      }
      throw new RpcError(SERVER_ERROR, "the access list leads to another one each time");
    },
  ),
};

function gasOf({ node }: MethodContext, wanted: bigint | undefined): bigint {
  const cap = node.callGasLimit;
  return wanted === undefined || wanted > cap ? cap : wanted;
}

/** Each list has all that the one before it has. */
function isAsLong(a: readonly AccessListEntry[], b: readonly AccessListEntry[]): boolean {
  const size = (list: readonly AccessListEntry[]): number =>
    list.reduce((sum, { slots }) => sum + 1 + slots.length, 0);
  return size(a) === size(b);
}

function formatResult(list: readonly AccessListEntry[], result: CallResult): object {
  const { status, error, output, gasUsed } = result;
  const message = error === "revert" ? revertMessage(output) : haltMessage(error);
  return {
    accessList: list.map(formatAccess),
    ...(status === 1 ? {} : { error: message }),
    gasUsed: hexOf(gasUsed),
  };
}
