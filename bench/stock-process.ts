// Runs stock @ethereumjs/vm in a process of its own: its heap full of tries and its garbage collections are then no burden to Braid's side,
// and the other way round. Started by stock-client.ts.
import { StockRunner, type StockRunOptions } from "@braid/stock";
import { openBlock } from "./blocks.ts";
import type { StockReply, StockRequest } from "./stock-protocol.ts";

const prepared: ((options: StockRunOptions) => Promise<number>)[] = [];

async function answer(request: StockRequest): Promise<StockReply> {
  if (request.kind === "run") {
    const run = prepared[request.index];
    if (run === undefined) throw new RangeError(`block ${request.index} was not prepared`);
    return { kind: "ran", ms: await run({ sendersKnown: request.sendersKnown }) };
  }
  const { chain, block, pre, blockHashes } = await openBlock(request.origin);
  const runner = await StockRunner.create(chain, pre, blockHashes);
  const { result, run } = await runner.prepare(block);
  prepared.push(run);
  const { gasUsed, receiptsRoot, logsBloom, stateRoot } = result;
  return { kind: "prepared", gasUsed, receiptsRoot, logsBloom, stateRoot };
}

process.on("message", (request: StockRequest) => {
  answer(request)
    .catch(
      (error: unknown): StockReply => ({
        kind: "failed",
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    )
    .then((reply) => process.send?.(reply));
});
