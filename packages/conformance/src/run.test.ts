// A run over many files: everything is told in order, and nothing that goes wrong in one place ends the rest.

import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endlessFixture, transferFixture } from "@braid/testing/transfer-fixture";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SEQUENTIAL } from "./modes.ts";
import type { CaseReport } from "./reports.ts";
import { type ConformanceOptions, type ConformanceReport, runConformance } from "./run.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-conformance-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Writes files into a new folder below the tests' own. */
async function files(name: string, contents: Record<string, unknown>): Promise<string> {
  const root = join(folder, name);
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return root;
}

interface Told extends ConformanceReport {
  cases: CaseReport[];
}

async function run(path: string | string[], options: Partial<ConformanceOptions> = {}): Promise<Told> {
  const cases: CaseReport[] = [];
  const report = await runConformance([path].flat(), {
    modes: [SEQUENTIAL],
    jobs: 2,
    ...options,
    onCase: (one, progress) => {
      cases.push(one);
      options.onCase?.(one, progress);
    },
  });
  return { ...report, cases };
}

const summary = ({ cases }: Told): string[] =>
  cases.map(
    ({ file, name, verdict }) => `${file.slice(folder.length).replace(/^.*\//, "")} ${name}: ${verdict}`,
  );

describe("a run", () => {
  test("tells the cases in order, however many workers there are", async () => {
    const root = await files("ordered", {
      "a.json": { a1: transferFixture(0), a2: transferFixture(0), a3: transferFixture(0) },
      "b/c.json": { c1: transferFixture(1) },
      "d.json": { d1: transferFixture(2), d2: { ...transferFixture(2), post: { Atlantis: [] } } },
      "index.json": {},
      "notes.md": "",
    });
    const alone = await run(root, { jobs: 1 });
    expect(summary(alone)).toEqual([
      "a.json a1: passed",
      "a.json a2: passed",
      "a.json a3: passed",
      "c.json c1: passed",
      "d.json d1: passed",
      "d.json d2: passed",
    ]);
    expect(alone.totals).toEqual({ passed: 6, failed: 0, skipped: 0, errors: 0 });
    expect([...alone.forks]).toEqual([
      ["London", 5],
      ["Atlantis", 1],
    ]);
    const { cases, totals } = await run(root, { jobs: 3 });
    expect({ cases, totals }).toEqual({ cases: alone.cases, totals: alone.totals });
  });

  test("splits a large file, with the same outcome", async () => {
    const padding = "0".repeat(5 * 2 ** 20);
    const contents = {
      ...Object.fromEntries([0, 1, 2, 3, 4].map((i) => [`t${i}`, transferFixture(i)])),
      padding,
    };
    const root = await files("large", { "a.json": contents, "b.json": { b: transferFixture(0) } });
    const whole = await run(root, { jobs: 1 });
    expect(whole.cases.map(({ name }) => name)).toEqual([
      "t0",
      "t1",
      "t2",
      "t3",
      "t4",
      "stack 1: 5 transactions of this file in one block",
      "b",
    ]);
    expect(await run(root, { jobs: 3 })).toEqual(whole);
    expect((await run(root, { jobs: 3, filter: "t3" })).cases.map(({ name }) => name)).toEqual(["t3"]);
  });

  test("replaces workers that have grown, in the middle of a file too, and loses no case", async () => {
    const one = transferFixture(0);
    const contents = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`t${i}`, one]));
    const root = await files("grown", { "a.json": contents, "b.json": { b: one } });
    const { cases, totals } = await run(root, { jobs: 1, maxWorkerBytes: 1 });
    expect(cases.map(({ name }) => name)).toEqual([...Object.keys(contents), "b"]);
    expect(totals).toEqual({ passed: 251, failed: 0, skipped: 0, errors: 0 });
  });

  test("goes on after a file and a path that cannot be read, which are errors", async () => {
    const root = await files("unreadable", {
      "a.json": { a: transferFixture(0) },
      "b.json": "{",
      "d.json": { d: transferFixture(0) },
    });
    await symlink(join(root, "nothing"), join(root, "c.json"));
    const told = await run([join(folder, "no such path"), root], { maxFileBytes: 2 ** 20 });
    expect(summary(told)).toEqual([
      "no such path : error",
      "a.json a: passed",
      "b.json : error",
      "c.json : error",
      "d.json d: passed",
    ]);
    expect(told.totals).toEqual({ passed: 2, failed: 0, skipped: 0, errors: 3 });
    expect(told.notPassed.map(({ reason }) => reason?.split(":")[0])).toEqual([
      "BRAID_FILE_UNREADABLE",
      "BRAID_FILE_MALFORMED",
      "BRAID_FILE_UNREADABLE",
    ]);
    const small = await run(join(root, "a.json"), { maxFileBytes: 1000 });
    expect(small.notPassed[0]?.reason).toContain("BRAID_FILE_TOO_LARGE");
  });

  test("of a folder without fixtures says so", async () => {
    const { notPassed } = await run(await files("empty", { "notes.md": "" }));
    expect(notPassed).toMatchObject([
      { verdict: "error", reason: expect.stringContaining("BRAID_NOTHING_TO_RUN") as string },
    ]);
  });
});

describe("a case", () => {
  const contents = {
    "a.json": { a1: transferFixture(0), endless: endlessFixture(), a2: transferFixture(0) },
    "b.json": { b: transferFixture(1) },
  };

  test("that takes too long has failed, and the rest goes on", async () => {
    const told = await run(await files("slow", contents), { caseTimeLimitMs: 15_000 });
    expect(summary(told)).toEqual([
      "a.json a1: passed",
      "a.json endless: failed",
      "a.json a2: passed",
      "b.json b: passed",
    ]);
    expect(told.notPassed[0]).toMatchObject({ fork: "London", reason: "it took longer than 15 s" });
  });

  test.runIf(process.platform === "linux")("whose worker dies has failed, and the rest goes on", async () => {
    const told = await run(await files("dying", contents), {
      jobs: 1,
      onCase: ({ name }) => {
        if (name === "a1") setTimeout(() => killWorkers(), 500);
      },
    });
    expect(summary(told)).toEqual([
      "a.json a1: passed",
      "a.json endless: failed",
      "a.json a2: passed",
      "b.json b: passed",
    ]);
    expect(told.notPassed[0]?.reason).toContain("SIGKILL");
  });
});

test("the signal ends a run at once, with all that was found", async () => {
  const root = await files("stopped", {
    "a.json": { a: transferFixture(0), endless: endlessFixture(), late: transferFixture(0) },
    "b.json": { b: transferFixture(1) },
  });
  const stop = new AbortController();
  const told = await run(root, {
    signal: stop.signal,
    onCase: ({ name }) => {
      if (name === "a") setTimeout(() => stop.abort(), 100);
    },
  });
  expect(told.interrupted).toBe(true);
  // Whether the other worker has got to b by then is for the machine.
  expect(summary(told).filter((line) => line !== "b.json b: passed")).toEqual(["a.json a: passed"]);
  expect((await run(root, { signal: AbortSignal.abort() })).totals.passed).toBe(0);
});

/** Kills the processes that this one has started. */
function killWorkers(): void {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  for (const pid of children.split(" ").filter((text) => text !== ""))
    if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("conformance/src/worker.ts"))
      process.kill(Number(pid), "SIGKILL");
}
