// Real mainnet blocks load with their hashes and roots, and stock ethereumjs over their states gives what their headers say.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { equalBytes } from "@braid/primitives";
import { StockRunner } from "@braid/stock";
import { describe, expect, test } from "vitest";
import { loadBlockFile } from "./detect.ts";
import { listFiles } from "./list-files.ts";
import { openParentState } from "./parent-state.ts";

const FIXTURES =
  process.env.BRAID_FIXTURES ?? fileURLToPath(new URL("../../../../shared/fixtures", import.meta.url));
const present = existsSync(join(FIXTURES, "mainnet-blocks"));
if (!present)
  console.warn(
    `skipped: the block files' suite needs the fixtures (looked in ${FIXTURES}; set BRAID_FIXTURES)`,
  );

describe.skipIf(!present)("mainnet fixtures", () => {
  test.each([
    ["mainnet-blocks", 53],
    ["mainnet-witness", 32],
  ])("%s load, in the order of their numbers", async (name, count) => {
    const numbers: bigint[] = [];
    for (const { path } of await listFiles(join(FIXTURES, name))) {
      if (!path.endsWith(".json.gz")) continue;
      const [block] = (await loadBlockFile(path)).blocks;
      if (block !== undefined) numbers.push(block.number);
    }
    expect(numbers).toHaveLength(count);
    expect(numbers).toEqual(numbers.toSorted((left, right) => Number(left - right)));
  });

  // One block with uncles, one with a blob transaction, one that asks for a block hash.
  test.each(["5283152", "19426587", "9068998"])(
    "stock ethereumjs reproduces block %s from its flat pre-state",
    async (number) => {
      const file = await loadBlockFile(join(FIXTURES, "mainnet-blocks", `${number}.json.gz`));
      const [block] = file.blocks;
      if (block === undefined || file.parentState.kind !== "flat")
        throw new Error("the fixture has one block over a flat state");
      openParentState(file);
      const runner = await StockRunner.create(file.chain, file.parentState.pre, file.blockHashes);
      const { result, run } = await runner.prepare(block);
      expect(result.gasUsed).toBe(block.input.header.gasUsed);
      expect(equalBytes(result.receiptsRoot, block.input.header.receiptsRoot)).toBe(true);
      expect(await run()).toBeGreaterThan(0);
    },
  );
});
