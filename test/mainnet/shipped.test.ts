// The mainnet blocks that ship with the command line, in every way there is: parallel = sequential = stock @ethereumjs/vm = the header. They
// need no fixtures: this is what a clone has of the suites over real blocks.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { decodeBundle, encodeBundle, loadBlockFile, readBundle, replay } from "@braid/replay";
import { describe, expect, test } from "vitest";
import { MAINNET_FOLDER, makeBundle, SHIPPED_BLOCKS } from "../../scripts/ship-mainnet-blocks.ts";
import { executorsOf, expectAgreement } from "./all-ways.ts";
import { FIXTURES } from "./fixture-files.ts";

const executors = executorsOf([1, 2, 3, 8]);
const pathOf = (number: number): string => join(MAINNET_FOLDER, `${number}.braid`);

describe("the shipped mainnet blocks", () => {
  test("are the list's, at most 3 MB together", () => {
    const files = readdirSync(MAINNET_FOLDER);
    expect(files.sort()).toEqual(SHIPPED_BLOCKS.map(({ number }) => `${number}.braid`).sort());
    const bytes = files.reduce((sum, file) => sum + statSync(join(MAINNET_FOLDER, file)).size, 0);
    expect(bytes).toBeLessThanOrEqual(3_000_000);
  });

  test.each(SHIPPED_BLOCKS)("$number in parallel and sequentially: $why", async ({ number }) => {
    await expectAgreement(executors, await loadBlockFile(pathOf(number)), 2);
  });

  test.each(SHIPPED_BLOCKS)("$number on stock @ethereumjs/vm", async ({ number }) => {
    const [executor] = executors.values();
    if (executor === undefined) throw new Error("there are executors");
    const { blocks } = await replay([pathOf(number)], { executor, baseline: true });
    expect(blocks.map(({ verdict, baselineError }) => ({ verdict, baselineError }))).toEqual([
      { verdict: "ok", baselineError: undefined },
    ]);
    expect(blocks[0]?.baselineMs).toBeGreaterThan(0);
  });

  test.skipIf(!existsSync(FIXTURES))(
    "are what the script makes of the fixtures (needs BRAID_FIXTURES)",
    async () => {
      for (const shipped of SHIPPED_BLOCKS.filter(({ number }) =>
        [46_147, 1_927_662, 19_426_587].includes(number),
      ))
        expect(await readBundle(pathOf(shipped.number))).toEqual(
          decodeBundle(encodeBundle(await makeBundle(FIXTURES, shipped))),
        );
    },
  );
});
