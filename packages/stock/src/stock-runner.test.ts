// The baseline's clock: with senders known beforehand, no recovery of a sender is in the time.
import { chainOf } from "@braid/protocol";
import { loadBlock } from "@braid/replay";
import { makeTransferChain } from "@braid/testing/transfer-chain";
import { FeeMarket1559Tx } from "@ethereumjs/tx";
import { afterEach, expect, test, vi } from "vitest";
import { StockRunner } from "./stock-runner.ts";

afterEach(() => vi.restoreAllMocks());

test("senders known beforehand are recovered before the clock starts, and only once", async () => {
  const { bundle } = await makeTransferChain(1);
  const [rlp] = bundle.blocks;
  if (rlp === undefined || bundle.state.kind !== "complete")
    throw new Error("the chain has one block over a complete state");
  const chain = chainOf(bundle.chain);
  const runner = await StockRunner.create(chain, bundle.state.pre, bundle.blockHashes);
  const { run } = await runner.prepare(loadBlock(rlp, chain));
  // Only a recovery asks for the message that was signed.
  const recoveries = vi.spyOn(FeeMarket1559Tx.prototype, "getMessageToVerifySignature");
  const clock = vi.spyOn(performance, "now");

  await run();
  const [started] = clock.mock.invocationCallOrder;
  expect(recoveries).toHaveBeenCalledTimes(3);
  expect(recoveries.mock.invocationCallOrder.every((order) => order > Number(started))).toBe(true);

  recoveries.mockClear();
  clock.mockClear();
  await run({ sendersKnown: true });
  const [startedAfter] = clock.mock.invocationCallOrder;
  expect(recoveries).toHaveBeenCalledTimes(3);
  expect(recoveries.mock.invocationCallOrder.every((order) => order < Number(startedAfter))).toBe(true);
});
