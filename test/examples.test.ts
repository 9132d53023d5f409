// The examples run as their READMEs say, and print what they should.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { countOf, differences } from "../scripts/suite/read-outcome.ts";
import { runSuite } from "../scripts/suite/run-suite.ts";

const ROOT = join(import.meta.dirname, "..");
const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

/** Pears for ten apples out of a pool of 1,000 and 3,000, of which the pool keeps 0.3%. */
const [SOLD, APPLES, PEARS] = [10n * 10n ** 18n, 1_000n * 10n ** 18n, 3_000n * 10n ** 18n];
const BOUGHT = (SOLD * 997n * PEARS) / (APPLES * 1_000n + SOLD * 997n);
const ether = (wei: bigint): string =>
  `${wei / 10n ** 18n}.${(wei % 10n ** 18n).toString().padStart(18, "0")}`.replace(/\.?0+$/, "");
const bought = ether(BOUGHT);

const PRINTS: Record<string, string[]> = {
  viem: [
    "market of 1000 apples and 3000 pears, block 10",
    `10 apples would give ${bought} pears`,
    "31 pears for them are too many: TooLittleOut",
    `10 apples gave ${bought} pears`,
    "watched a trade in block 11",
    "a trade touches 4 contracts and 7 slots",
    "two more trades, one with its list: success and success",
    "sent with a list of 4 contracts",
  ],
  ethers: [
    "market of 1000 apples and 3000 pears, block 10",
    `10 apples would give ${bought} pears`,
    "31 pears for them are too many: TooLittleOut",
    "traded in block 11 with a list of 4 contracts",
    `10 apples gave ${bought} pears`,
    "watched a trade in block 11",
  ],
  embedded: [
    "block 1: 500 transactions, 500 succeeded, 10500000 gas",
    "the shop has 5 ETH",
    "before that block it had 0 ETH",
    "a year has passed: true",
    "back at block 0, the shop has 0 ETH",
  ],
};

test("all examples are run", () => {
  const folders = readdirSync(join(ROOT, "examples")).filter((name) =>
    existsSync(join(ROOT, "examples", name, "main.ts")),
  );
  expect(folders.sort()).toEqual(Object.keys(PRINTS).sort());
});

describe.each(Object.entries(PRINTS))("examples/%s", (name, lines) => {
  test("prints what it should, and ends", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(ROOT, "examples", name, "main.ts")],
      {
        encoding: "utf8",
        timeout: 60_000,
      },
    );
    expect({ status, stderr, lines: stdout.trimEnd().split("\n") }).toEqual({ status: 0, stderr: "", lines });
  });

  test("its README and the root's name the command that runs it", () => {
    expect(scripts[`example:${name}`]).toContain(`node examples/${name}/main.ts`);
    expectNamed(`example:${name}`, `examples/${name}/README.md`);
  });
});

function expectNamed(script: string, own: string): void {
  for (const readme of [own, "README.md"])
    expect(readFileSync(join(ROOT, readme), "utf8")).toContain(`npx -y pnpm@12 ${script}`);
}

describe("examples/hardhat-project", () => {
  const folder = join(ROOT, "examples/hardhat-project");

  test("its tests pass, on Braid as it is and on EDR", async () => {
    const ours = await runSuite(folder, "own");
    const theirs = await runSuite(folder, "own", ["--network", "edr"]);
    expect([ours.code, theirs.code], ours.printed).toEqual([0, 0]);
    expect(countOf(ours.outcomes, "passed")).toBe(6);
    expect(differences(theirs.outcomes, ours.outcomes)).toEqual([]);
  }, 200_000);

  test("its README and the root's name the command that runs it", () => {
    expect(scripts["example:hardhat"]).toContain("cd examples/hardhat-project && hardhat test");
    expectNamed("example:hardhat", "examples/hardhat-project/README.md");
  });
});
