// Numbers as people read them, and columns that line up.
import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatMs,
  formatSpeedup,
  plural,
  threeDigits,
} from "./format.ts";
import { ProgressBar } from "./progress-bar.ts";
import { formatTable } from "./table.ts";

describe("numbers", () => {
  test("keep about three digits", () => {
    expect([0, 0.417, 9.99, 12.34, 345.6, 12_345].map(threeDigits)).toEqual([
      "0.00",
      "0.42",
      "9.99",
      "12.3",
      "346",
      "12,345",
    ]);
    expect([0.5, 999, 1000, 62_100].map(formatMs)).toEqual(["0.50 ms", "999 ms", "1.00 s", "62.1 s"]);
    expect([
      formatCount(1_234_567),
      formatBytes(345_600_000),
      formatSpeedup(1.857),
      formatSpeedup(undefined),
    ]).toEqual(["1,234,567", "346 MB", "1.86x", "-"]);
  });

  test("of times to wait for are whole", () => {
    expect([0, 200, 119_000, 121_000, 7_190_000, 9_000_000].map(formatDuration)).toEqual([
      "0 s",
      "1 s",
      "119 s",
      "2 min",
      "120 min",
      "2.50 h",
    ]);
  });

  test("come with the right noun", () => {
    expect([plural(1, "block"), plural(0, "block"), plural(2, "mismatch"), plural(1, "mismatch")]).toEqual([
      "1 block",
      "0 blocks",
      "2 mismatches",
      "1 mismatch",
    ]);
  });
});

/** Enough of a stream for what is tested here. */
function fakeStream(isTTY: boolean): NodeJS.WriteStream & { written: string } {
  const stream = Object.assign(Object.create(process.stderr), { written: "", isTTY, columns: 40 });
  stream.write = (text: string): boolean => {
    stream.written += text;
    return true;
  };
  return stream;
}

describe("a table", () => {
  test("aligns its columns, styled or not, with nothing after the last one", () => {
    const columns = [
      { title: "block", align: "right" },
      { title: "verdict", align: "left" },
      { title: "gas", align: "right" },
    ] as const;
    const rows = [
      ["1", { text: "ok", style: "green" as const }, "5"],
      ["123456", "mismatch", ""],
    ];
    expect(formatTable(columns, rows, fakeStream(false))).toEqual([
      " block  verdict   gas",
      "     1  ok          5",
      "123456  mismatch",
    ]);
  });
});

describe("a progress bar", () => {
  test("draws over itself within the terminal's width, and makes room for lines", () => {
    const stream = fakeStream(true);
    const bar = new ProgressBar(stream, true);
    bar.update(0.5, "x".repeat(100));
    expect(stream.written).toBe(`\r\u001b[K[============            ] ${"x".repeat(12)}`);
    bar.print("a line");
    expect(stream.written.endsWith("\r\u001b[Ka line\n")).toBe(true);
    bar.clear();
    expect(stream.written.endsWith("a line\n")).toBe(true);
  });

  test("draws nothing into a pipe or when it is not wanted, but prints lines", () => {
    for (const [isTTY, enabled] of [
      [false, true],
      [true, false],
    ] as const) {
      const stream = fakeStream(isTTY);
      const bar = new ProgressBar(stream, enabled);
      bar.update(0.5, "text");
      bar.print("a line");
      bar.clear();
      expect(stream.written).toBe("a line\n");
    }
  });
});
