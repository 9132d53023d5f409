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
  const { code, printed } = await runHardhat(PROJECT, side, args, { env });
  return { code, printed: stripVTControlCharacters(printed).trim() };
}

/** What `use` does with `hardhat node`. */
async function withNode<T>(side: Side, use: (url: string) => Promise<T>): Promise<T> {
  const end = new AbortController();
  const url = Promise.withResolvers<string>();
  const node = runHardhat(PROJECT, side, ["node", "--port", "0"], {
    signal: end.signal,
    onPrinted: (printed) => {
      const found = /JSON-RPC server at (\S+?)\/?\s/.exec(stripVTControlCharacters(printed))?.[1];
      if (found !== undefined) url.resolve(found);
    },
  });
  node.then(({ printed }) => url.reject(new Error(printed)), url.reject);
  try {
    return await use(await url.promise);
  } finally {
    end.abort();
    await node;
  }
}

test("hardhat-ethers, hardhat-viem, network-helpers, chai matchers, viem assertions, ignition, mocha and node:test", async () => {
  const [theirs, ours] = [await runSuite(PROJECT, "own"), await runSuite(PROJECT, "braid")];
  expect(theirs.outcomes.size, theirs.printed).toBeGreaterThan(80);
  expect(differences(theirs.outcomes, ours.outcomes), ours.printed).toEqual([]);
  expect([countOf(ours.outcomes, "failed"), ours.code, theirs.code]).toEqual([0, 0, 0]);
}, 300_000);

test("coverage reports the same lines", async () => {
  const report = async (side: Side): Promise<string[]> => {
    const { code, printed } = await runHardhat(PROJECT, side, [
      "test",
      "mocha",
      "test/mocha/matchers.ts",
      "--coverage",
    ]);
    expect(code, printed).toBe(0);
    return stripVTControlCharacters(printed)
      .split("\n")
      .filter((line) => line.includes(".sol ") || line.includes("Total"));
  };
  const ours = await report("braid");
  expect(ours).toEqual(await report("own"));
  expect(ours).toHaveLength(3);
}, 200_000);

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

test("ignition deploys to a node, goes on where it stopped, and tells why it cannot", async () => {
  const deploy = async (side: Side): Promise<unknown[]> =>
    withNode(side, async (url) => {
      const asked = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "hardhat_metadata", params: [] });
      const answer = await fetch(url, { method: "POST", body: asked });
      expect(/braid/i.test(await answer.text())).toBe(side === "braid");
      const env = { ...process.env, NODE_URL: url };
      const id = `${side}-${process.pid}`;
      const modules = [
        ["shop.ts", "Shop"],
        ["shop.ts", "Shop"],
        ["late.ts", "Late"],
        ["shop.ts", "Shop"],
      ] as const;
      const heard: unknown[] = [];
      for (const [file] of modules) {
        const args = [
          "ignition",
          "deploy",
          `ignition/modules/${file}`,
          "--network",
          "there",
          "--deployment-id",
          id,
        ];
        const { code, printed } = await runHardhat(PROJECT, "own", args, { env });
        // What is replaced on a terminal is printed as often as there was time for it.
        const lines = stripVTControlCharacters(printed)
          .split("\n")
          .map((line) => line.trim().replace(/TooEarly\(\d+/, "TooEarly(now"));
        heard.push(code, [
          ...new Set(lines.filter((line) => /^(\w+#|\[|Nothing|Error|-)/.test(line) && !/Batch/.test(line))),
        ]);
      }
      rmSync(join(PROJECT, "ignition/deployments", id), { recursive: true });
      return heard;
    });
  const ours = await deploy("braid");
  expect(ours).toEqual(await deploy("own"));
  expect(ours[0]).toBe(0);
  expect(JSON.stringify(ours)).toContain("TooEarly");
}, 300_000);
