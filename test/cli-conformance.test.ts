// `braid conformance` as a person types it: exit codes, the summary line, the JSON document.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endlessFixture, transferFixture } from "@braid/testing/transfer-fixture";
import { afterAll, beforeAll, expect, test } from "vitest";

const CLI = join(import.meta.dirname, "../packages/cli/src/main.ts");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "braid-conformance-"));
  const wrong = transferFixture();
  Object.assign(wrong.post.London?.[0] ?? {}, { hash: `0x${"11".repeat(32)}` });
  const unknown = { ...transferFixture(), post: { Atlantis: transferFixture().post.London } };
  write("right.json", { "first right": transferFixture(0), "second right": transferFixture(1) });
  write("unknown.json", { unknown });
  write("wrong.json", { wrong });
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown): void {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function braid(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "conformance", ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
  });
  return { code: status, stdout, stderr };
}

const lastLine = (text: string): string | undefined => text.trimEnd().split("\n").at(-1);

test("cases that pass end with 0 and the summary; a skip says why", () => {
  const { code, stdout, stderr } = braid(join(folder, "right.json"), join(folder, "unknown.json"));
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(
    stdout
      .split("\n")
      .slice(0, 4)
      .map((line) => line.split(/ +/).slice(0, 2)),
  ).toEqual([
    ["passed", "London"],
    ["passed", "London"],
    ["passed", "London"],
    ["skipped", "Atlantis"],
  ]);
  // Two cases and their stack.
  expect(lastLine(stdout)).toBe("3 passed, 0 failed, 1 skipped");
});

test("a case that fails ends with 3; --quiet leaves out what passed", () => {
  const { code, stdout } = braid(folder, "--mode", "sequential", "--quiet");
  expect(code).toBe(3);
  expect(stdout.split("\n").filter((line) => /^(passed|failed|skipped) /.test(line))).toHaveLength(2);
  expect(lastLine(stdout)).toBe("3 passed, 1 failed, 1 skipped");
});

test("--filter chooses by file and by case", () => {
  expect(lastLine(braid(folder, "--filter", "right.json").stdout)).toBe("3 passed, 0 failed, 0 skipped");
  expect(lastLine(braid(folder, "--filter", "second", "--mode", "parallel", "--workers", "3").stdout)).toBe(
    "1 passed, 0 failed, 0 skipped",
  );
});

test("--json is one document with every case", () => {
  const { code, stdout } = braid(folder, "--json", "--mode", "parallel", "--workers", "2");
  expect(code).toBe(3);
  const { cases, totals } = JSON.parse(stdout) as { cases: Record<string, string>[]; totals: object };
  expect(totals).toEqual({ passed: 3, failed: 1, skipped: 1, errors: 0 });
  expect(cases).toHaveLength(5);
  expect(cases[0]).toEqual({
    file: join(folder, "right.json"),
    name: "first right",
    fork: "London",
    verdict: "passed",
  });
  for (const { verdict, reason } of cases) expect(reason === undefined).toBe(verdict === "passed");
});

test("what cannot be read is an error, the rest runs, and it ends with 1", () => {
  write("broken/right.json", { right: transferFixture() });
  write("broken/wrong.json", "{");
  const missing = join(folder, "missing.json");
  const { code, stdout } = braid(missing, join(folder, "broken"), "--mode", "sequential");
  expect(code).toBe(1);
  expect(lastLine(stdout)).toBe("1 passed, 0 failed, 0 skipped, 2 errors");
  expect(stdout).toMatch(/^error {4}- {2}.*missing\.json\n +BRAID_FILE_UNREADABLE: /m);
  expect(stdout).toMatch(/^error {4}- {2}.*wrong\.json\n +BRAID_FILE_MALFORMED: /m);
  const failing = braid(folder, "--mode", "sequential", "--filter", "wrong");
  expect({ code: failing.code, last: lastLine(failing.stdout) }).toEqual({
    code: 3,
    last: "0 passed, 1 failed, 0 skipped, 1 error",
  });
});

test("nothing to run ends with 1, a wrong command line with 2", () => {
  write("other/other.json", {});
  expect(braid(join(folder, "other")).code).toBe(1);
  expect(braid(folder, "--filter", "no such case").code).toBe(1);
  expect(braid().code).toBe(2);
  for (const wrong of [
    ["--workers", "0"],
    ["--jobs", "0"],
    ["--timeout", "soon"],
    ["--max-file-size", "0"],
  ])
    expect(braid(folder, ...wrong).code, wrong.join(" ")).toBe(2);
});

test.each([[[]], [["--json"]]])("Ctrl-C ends with 130 and what was found up to there (%j)", async (flags) => {
  write("endless/a.json", { right: transferFixture(), endless: endlessFixture() });
  const child = spawn(
    process.execPath,
    [CLI, "conformance", join(folder, "endless"), "--mode", "sequential", ...flags],
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    // As a terminal does it: to the whole group, the workers included.
    if (text.includes("right")) setTimeout(() => process.kill(-(child.pid ?? 0), "SIGINT"), 500);
    stdout += text;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(code).toBe(130);
  if (flags.length === 0) {
    expect(stdout).toMatch(/^passed .*right$/m);
    expect(stdout).toContain("interrupted");
    expect(lastLine(stdout)).toBe("1 passed, 0 failed, 0 skipped");
  } else {
    expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, totals: { passed: 1, failed: 0 } });
  }
});
