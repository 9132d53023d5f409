// Real mainnet blocks, sequentially and in parallel with 1, 2, 3, 4 and 8 workers, against their headers and each other: one block
// of each fork, and those that were chosen for what they do. `pnpm test:stress` runs all of them, twenty times.
import { basename, join } from "node:path";
import { listFiles, loadBlockFile } from "@braid/replay";
import { describe, expect, test } from "vitest";
import { executorsOf, expectAgreement, WORKER_COUNTS } from "./all-ways.ts";
import { FIXTURES, isPresent } from "./fixture-files.ts";

/** Repetitions of everything; 0: the selection, once. */
const STRESS = Number(process.env.BRAID_STRESS ?? 0);

/** Files of each folder that the normal run takes. */
const SELECTION: Record<string, Set<string>> = {
  // Frontier, Homestead, the DAO fork's era, Spurious Dragon's clean-up, Byzantium, Constantinople, Istanbul, Berlin, London, the Merge,
  // Shanghai, Cancun: small ones where there is a choice.
  "mainnet-blocks": new Set(
    [
      "46147",
      "930196",
      "2179522",
      "2675000",
      "4370000",
      "7279999",
      "9068998",
      "12244000",
      "14396881",
      "15537394",
      "17034869",
      "19426587",
    ].map((number) => `${number}.json.gz`),
  ),
  "mainnet-witness": new Set(
    [
      "1",
      "98",
      "49439",
      "243826",
      "1150000",
      "1368834",
      "2675000",
      "2675002",
      "4370000",
      "15537394",
      "21688509",
      "22188088",
      "23587691",
      "24628607",
    ].map((number) => `1-${number}.json.gz`),
  ),
};

const executors = executorsOf(WORKER_COUNTS);

for (const [folder, selection] of Object.entries(SELECTION)) {
  describe.skipIf(!isPresent(folder))(`${folder} (needs BRAID_FIXTURES)`, async () => {
    const candidates = isPresent(folder) ? await listFiles(join(FIXTURES, folder)) : [];
    const paths = candidates.map(({ path }) => path).filter((path) => path.endsWith(".json.gz"));
    const chosen = STRESS > 0 ? paths : paths.filter((path) => selection.has(basename(path)));

    test.each(chosen.map((path) => [basename(path), path]))(
      "%s",
      async (_name, path) => {
        await expectAgreement(executors, await loadBlockFile(path as string), Math.max(1, STRESS));
      },
      120_000 * Math.max(1, STRESS),
    );

    test("the selection is there", () => {
      expect(paths.filter((path) => selection.has(basename(path)))).toHaveLength(selection.size);
    });
  });
}
