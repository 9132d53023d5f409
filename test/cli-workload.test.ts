// `braid workload` as a person types it: what there is, a bundle that replays, and what is refused.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { workloadNames } from "@braid/workloads";
import { afterAll, expect, test } from "vitest";

const CLI = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "braid-workload-"));
afterAll(() => rmSync(folder, { recursive: true }));

function braid(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    encoding: "utf8",
    env,
  });
  return { code: status, stdout, stderr };
}

const SMALL = ["--users", "8", "--things", "2", "--blocks", "2", "--transactions", "10..12", "--quiet"];

test("--list names every family in every form", () => {
  const { code, stdout } = braid("workload", "--list");
  expect(code).toBe(0);
  for (const name of [...workloadNames(), "defi"]) expect(stdout).toMatch(new RegExp(`\\b${name}\\b`));
});

test("make writes a bundle that replays with its state roots, and the same again for the same seed", () => {
  const options = [...SMALL, "--contention", "0,2", "--access-lists", "30,20,10", "--chains", "20,3"];
  for (const file of ["one.braid", "two.braid"]) {
    const made = braid("workload", "make", "counter=2", "token-parallel", "-o", file, ...options);
    expect(made).toEqual({ code: 0, stdout: "", stderr: "" });
  }
  expect(readFileSync(join(folder, "two.braid")).equals(readFileSync(join(folder, "one.braid")))).toBe(true);
  const { code, stdout } = braid("replay", "one.braid");
  expect(code).toBe(0);
  expect(stdout).toContain("2 ok (2 with their state root)");
});

test.each([
  [["workload"]],
  [["workload", "make", "nothing", "-o", "x.braid"]],
  [["workload", "make", "ether"]],
  [["workload", "make", "ether", "-o", "x.braid", "--blocks", "0"]],
  [["workload", "make", "ether", "-o", "x.braid", "--access-lists", "1,2"]],
  [["workload", "make", "ether", "-o", "x.braid", "--transactions", "5..x"]],
])("%j ends with 2, and says so on stderr only", (args) => {
  const { code, stdout, stderr } = braid(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).not.toBe("");
});
