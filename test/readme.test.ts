// The program in README.md runs as it stands there.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chainOf, decodeBlock } from "@braid/protocol";
import { readBundle } from "@braid/replay";
import { afterAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
/** At the root, where a program finds the packages and what the README names. */
const PROGRAM = join(ROOT, `readme-example-${process.pid}.ts`);
afterAll(() => rmSync(PROGRAM, { force: true }));

test("the example executes the first block of the shipped chain", async () => {
  const programs = [...readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/^```ts\n(.*?)^```$/gms)];
  expect(programs).toHaveLength(1);
  writeFileSync(PROGRAM, programs[0]?.[1] ?? "");
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 120_000,
  });
  const { blocks, chain } = await readBundle(join(ROOT, "packages/cli/data/defi-chain.braid"));
  const { header, transactions } = decodeBlock(blocks[0] as Uint8Array, chainOf(chain));
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: `${transactions.length} transactions used ${header.gasUsed} gas\n`,
    stderr: "",
  });
}, 180_000);

test("the example type checks under the repository's own rules", () => {
  const config = join(ROOT, `readme-tsconfig-${process.pid}.json`);
  writeFileSync(config, JSON.stringify({ extends: "./tsconfig.json", include: [PROGRAM], exclude: [] }));
  try {
    const { status, stdout } = spawnSync("tsc", ["--project", config], {
      cwd: ROOT,
      encoding: "utf8",
      timeout: 120_000,
      env: { ...process.env, PATH: `${join(ROOT, "node_modules/.bin")}${delimiter}${process.env.PATH}` },
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  } finally {
    rmSync(config);
  }
}, 130_000);
