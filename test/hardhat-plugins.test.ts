// The plugins that Hardhat's users have, on Braid as on Hardhat's own network: the tests of a project that uses them, and their tasks.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { countOf, differences } from "../scripts/suite/read-outcome.ts";
import { runHardhat, runSuite, type Side } from "../scripts/suite/run-suite.ts";

const PROJECT = join(import.meta.dirname, "hardhat-project");
/** Where plugins keep what is a user's. */
const home = mkdtempSync(join(tmpdir(), "hardhat-home-"));
afterAll(() => rmSync(home, { recursive: true }));

async function answer(side: Side, args: string[]): Promise<unknown> {
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
  const { code, printed } = await runHardhat(PROJECT, side, args, env);
  return { code, printed: stripVTControlCharacters(printed).trim() };
}

test("hardhat-ethers, hardhat-viem, network-helpers, chai matchers, viem assertions, ignition, mocha and node:test", async () => {
  const [theirs, ours] = [await runSuite(PROJECT, "own"), await runSuite(PROJECT, "braid")];
  expect(theirs.outcomes.size, theirs.printed).toBeGreaterThan(80);
  expect(differences(theirs.outcomes, ours.outcomes), ours.printed).toEqual([]);
  expect([countOf(ours.outcomes, "failed"), ours.code, theirs.code]).toEqual([0, 0, 0]);
}, 300_000);

describe("tasks answer the same", () => {
  test.each([
    ["hardhat-keystore", ["keystore", "path"]],
    ["hardhat-keystore", ["keystore", "list"]],
    ["hardhat-keystore", ["keystore", "get", "KEY"]],
    ["hardhat-verify", ["verify", "etherscan", `0x${"12".repeat(20)}`]],
    ["hardhat-verify", ["verify", "sourcify", `0x${"12".repeat(20)}`]],
    ["hardhat-ignition", ["ignition", "deploy", "ignition/modules/shop.ts"]],
    ["hardhat-ignition", ["ignition", "deployments"]],
    ["hardhat", ["run", "scripts/deploy.ts", "--no-compile"]],
  ])(
    "%s: %j",
    async (_plugin, args) => {
      expect(await answer("braid", args)).toEqual(await answer("own", args));
    },
    120_000,
  );
});
