// The receipts of mainnet blocks byte for byte: status, cumulative gas, bloom and logs of each single transaction.
import { join } from "node:path";
import { bytesToHex } from "@braid/primitives";
import { encodeReceipt } from "@braid/protocol";
import { loadBlockFile, openParentState } from "@braid/replay";
import { describe, expect, test } from "vitest";
import { executorsOf } from "./all-ways.ts";
import { FIXTURES, isPresent, readJson } from "./fixture-files.ts";

const executors = executorsOf([2]);

describe.skipIf(!isPresent("mainnet-receipts"))("mainnet-receipts (needs BRAID_FIXTURES)", () => {
  test.each(["15537394", "17034869", "19426587"])("block %s", async (number) => {
    const { consensusReceipts } = readJson<{ consensusReceipts: string[] }>(
      `mainnet-receipts/${number}.json.gz`,
    );
    const file = await loadBlockFile(join(FIXTURES, "mainnet-blocks", `${number}.json.gz`));
    const [block] = file.blocks;
    if (block === undefined) throw new Error("the file has a block");
    expect(consensusReceipts).toHaveLength(block.input.transactions.length);
    for (const mode of ["sequential", "parallel"] as const) {
      const { source } = openParentState(file).open();
      const result = await executors
        .get(2)
        ?.executeBlock({ block: block.input, chain: block.chain, source, mode });
      for (const [i, expected] of consensusReceipts.entries()) {
        const receipt = result?.receipts[i];
        expect(
          receipt === undefined ? "none" : bytesToHex(encodeReceipt(receipt)),
          `${mode}, transaction ${i}`,
        ).toBe(expected);
      }
    }
  });
});
