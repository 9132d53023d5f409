// For tests: a program whose worker threads cannot start, or whose transactions call a precompile that cannot be loaded (break-workers.mjs).
// It goes on, is told why by each call, and ends. Started by worker-start.test.ts.

import { hexToBytes } from "@braid/primitives";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import { Executor } from "../executor.ts";

const builder = new BlockBuilder("osaka");
builder.fund(...[0, 1, 2, 3].map(keyed));
const PAIRING = hexToBytes(`0x${"00".repeat(19)}08`);
const receiver = (i: number): Uint8Array => (process.argv[2] === "pairing" ? PAIRING : plainAddress(i));
for (let i = 0; i < 20; i++) builder.send({ from: keyed(i % 4), to: receiver(i), gasLimit: 100_000 });
const block = await builder.build();
const executor = new Executor({ workers: 2 });
const input = { block: block.input, chain: block.chain, force: true };
const outcomes: unknown[] = [];
function told(error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && "data" in error)) return String(error);
  const { name, code, message, data } = error;
  return { name, code, message, data };
}
const call = async (mode: "parallel" | "sequential", on = executor): Promise<void> => {
  const end = await on
    .executeBlock({ ...input, source: block.source(), mode })
    .then(({ gasUsed }) => String(gasUsed), told);
  outcomes.push(end);
};
// Nobody waits for it.
if (process.argv[2] === "warm-up") executor.warmUp().catch((error: unknown) => outcomes.push(told(error)));
// Nobody has asked for anything when the first threads fail.
if (process.argv[2] === "idle") await new Promise((resolve) => setTimeout(resolve, 3_000));
await call("parallel");
await call("sequential");
await Promise.all([call("parallel"), call("parallel")]);
const other = new Executor({ workers: 2 });
await call("parallel", other);
await executor.close();
await call("parallel", other);
await other.close();
await new Executor({ workers: 1 }).close();
console.log(JSON.stringify(outcomes));
