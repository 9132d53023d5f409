// A representative part of Ethereum's tests: all of the small suites, and every fourth file of the large one. The whole is
// run by `pnpm conformance`.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { onEngine, parallel, type RunMode, runConformance, SEQUENTIAL, seeded } from "@braid/conformance";
import { describe, expect, test } from "vitest";
import { FIXTURES } from "./fixtures.ts";

const MODES: RunMode[] = [
  SEQUENTIAL,
  parallel(2),
  parallel(4),
  seeded(2, 1),
  seeded(4, 2),
  onEngine("wasm", SEQUENTIAL),
  onEngine("wasm", seeded(3, 3)),
];

interface Suite {
  folder: string;
  modes: RunMode[];
  /** Of how many files one is run. */
  every: number;
  /** Fewer cases would mean that fixtures are no longer recognised. */
  least: number;
}

const SUITES: Suite[] = [
  { folder: "eest-v5.4.0/state_tests", modes: MODES, every: 4, least: 600 },
  { folder: "eest-v5.4.0/blockchain_tests", modes: MODES, every: 4, least: 300 },
  { folder: "eest-bal-v5.1.0", modes: MODES, every: 1, least: 231 },
  { folder: "eest-zkevm-v0.3.3", modes: MODES, every: 1, least: 100 },
  { folder: "chain-imports", modes: [parallel(2)], every: 1, least: 2 },
];

for (const { folder, modes, every, least } of SUITES) {
  const path = join(FIXTURES, folder);
  describe.skipIf(!existsSync(path))(`${folder} (needs BRAID_FIXTURES)`, () => {
    test(`${every === 1 ? "every case" : `every ${every}th file`} passes in all modes`, async () => {
      const { notPassed, totals } = await runConformance([path], {
        modes,
        chooseFile: (_file, number) => number % every === 0,
      });
      expect(notPassed.filter(({ verdict }) => verdict !== "skipped")).toEqual([]);
      expect(totals.passed).toBeGreaterThanOrEqual(least);
      // Only a draft that has moved on is a reason to skip.
      const others = notPassed.filter(({ reason }) => !reason?.startsWith("ethereumjs fails it"));
      expect(others).toEqual([]);
    }, 300_000);
  });
}
