// For tests: a process that uses an executor in every way, closes it, and has nothing left to wait for. Started by robustness.test.ts.

import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import { Executor } from "../executor.ts";
import { readByRead } from "./sources.ts";

const builder = new BlockBuilder("osaka");
builder.fund(...[0, 1, 2, 3].map(keyed));
for (let i = 0; i < 20; i++) builder.send({ from: keyed(i % 4), to: plainAddress(i), value: 1 });
const block = await builder.build();
const executor = new Executor({ workers: 2 });
const input = { block: block.input, chain: block.chain, force: true };

await executor.executeBlock({ ...input, source: block.source() });
await executor.executeBlock({ ...input, source: readByRead(block.source()), mode: "sequential" });
const controller = new AbortController();
const cancelled = executor.executeBlock({
  ...input,
  source: readByRead(block.source()),
  signal: controller.signal,
});
controller.abort();
const outcome = await cancelled.then(
  () => "completed",
  (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
);
const last = executor.executeBlock({ ...input, source: block.source() });
await executor.close();
console.log(JSON.stringify({ outcome, gasUsed: String((await last).gasUsed) }));
