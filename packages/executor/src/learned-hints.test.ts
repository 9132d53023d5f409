// What a block teaches about the next one: chains of dependents that were found out by aborts are foreseen the second time.

import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { expect, onTestFinished, test } from "vitest";
import { Executor } from "./executor.ts";
import { assertAllAgree, fingerprint } from "./testing/agree.ts";

const TRANSACTIONS = 24;
const CONTRACT = plainAddress(1);
/** Creates an empty contract. */
const INIT_CODE = new Uint8Array(0);

const CHAINS: [what: string, data: Uint8Array][] = [
  ["a slot that all of them count up", tool.increment(3)],
  ["the nonce of a contract that creates others", tool.create(0, INIT_CODE)],
];

test.each(CHAINS)("%s", async (_what, action) => {
  const block = new BlockBuilder("osaka", { gasLimit: 100_000_000n });
  block.fund(...Array.from({ length: TRANSACTIONS }, (_, i) => keyed(i)));
  block.contract(CONTRACT, TOOL);
  for (let i = 0; i < TRANSACTIONS; i++)
    block.send({ from: keyed(i), to: CONTRACT, data: tool.slowly(300, action), gasLimit: 500_000 });
  const built = await block.build();
  const right = fingerprint((await assertAllAgree(built, { repeat: 1 })).result);
  const executor = new Executor({ workers: 2 });
  onTestFinished(() => executor.close());
  const run = (hints: boolean) =>
    executor.executeBlock({
      block: built.input,
      chain: built.chain,
      source: built.source(),
      force: true,
      hints,
    });
  await run(true);
  const taught = await run(true);
  expect(fingerprint(taught)).toBe(right);
  expect(taught.statistics.hints).toMatchObject({ precision: 1, recall: 1, predicted: TRANSACTIONS });
  expect(taught.statistics.aborts).toBe(0);
  // One worker executed them one after the other: the other one tried none of them.
  expect(taught.statistics.reexecutions).toBe(0);
  const untaught = await run(false);
  expect(fingerprint(untaught)).toBe(right);
  expect(untaught.statistics.hints.predicted).toBe(0);
});
