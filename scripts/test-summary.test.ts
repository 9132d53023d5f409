// The count in the test command's last line must never hide a failure or a skip.

import { describe, expect, test } from "vitest";
import { countOutcomes, type FileOutcome, skippedLines, summaryLine } from "./test-summary.ts";

function file(states: FileOutcome["tests"][number]["state"][], broken = false): FileOutcome {
  return {
    file: "a.test.ts",
    broken,
    tests: states.map((state, i) => ({ state, path: ["suite", `test ${i}`] })),
  };
}

describe("countOutcomes", () => {
  test("adds up over files", () => {
    expect(countOutcomes([file(["passed", "failed", "skipped"], true), file(["passed"])])).toEqual({
      passed: 2,
      failed: 1,
      skipped: 1,
    });
  });

  test("a file that did not load, or whose hook threw after its tests passed, is one failure", () => {
    expect(countOutcomes([file([], true), file(["passed"], true)])).toEqual({
      passed: 1,
      failed: 2,
      skipped: 0,
    });
  });

  test("a test that never ran is a failure", () => {
    expect(countOutcomes([file(["pending"])]).failed).toBe(1);
  });
});

describe("skippedLines", () => {
  test("gives the note, else the reason in a title, else says that there is none; one line each", () => {
    const lines = skippedLines([
      {
        file: "b.test.ts",
        broken: false,
        tests: [
          { state: "skipped", path: ["witness (needs fixtures)", "one"] },
          { state: "skipped", path: ["witness (needs fixtures)", "two"] },
          { state: "skipped", path: ["three"], note: "no such file" },
          { state: "skipped", path: ["suite", "four"] },
          { state: "passed", path: ["five (not this)"] },
        ],
      },
    ]);
    expect(lines).toEqual([
      "skipped: b.test.ts: 2 tests: needs fixtures",
      "skipped: b.test.ts: 1 test: no such file",
      "skipped: b.test.ts: 1 test: no reason given (suite > four)",
    ]);
  });
});

test("summaryLine is what continuous integration reads", () => {
  expect(summaryLine({ passed: 12, failed: 0, skipped: 3 })).toBe("12 passed, 0 failed, 3 skipped");
});
