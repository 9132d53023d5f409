// What names blocks, and what does not.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex } from "@braid/primitives";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selectBlocks } from "./block-selection.ts";

const HASH = `0x${"aB".repeat(32)}`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-selection-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Hashes as hex, all as text. */
async function selected(text: string): Promise<string[]> {
  const { count, references } = await selectBlocks(text);
  const found = [...references()].map((one) => (one instanceof Uint8Array ? bytesToHex(one) : String(one)));
  expect(found).toHaveLength(count);
  return found;
}

async function list(content: string): Promise<string> {
  const path = join(folder, "list");
  await writeFile(path, content);
  return path;
}

test("a number, a range, the newest block, a hash", async () => {
  expect(await selected("18000000")).toEqual(["18000000"]);
  expect(await selected("0x10")).toEqual(["16"]);
  expect(await selected("7..9")).toEqual(["7", "8", "9"]);
  expect(await selected("latest")).toEqual(["latest"]);
  expect(await selected(HASH)).toEqual([HASH.toLowerCase()]);
});

test("a long range is not written out", async () => {
  const { count, references } = await selectBlocks("1..100000000000");
  expect(count).toBe(100_000_000_000);
  expect(references()[Symbol.iterator]().next().value).toBe(1n);
});

test("a file of these, with comments", async () => {
  expect(await selected(await list(`# blocks\n5\n\n 7..8 # two\r\n${HASH}\n`))).toEqual([
    "5",
    "7",
    "8",
    HASH.toLowerCase(),
  ]);
});

test.each(["0", "0..5", "9..7", "5..latest", "nothing", "-1", "1e3", "0x", "9".repeat(40)])(
  "%s names no blocks",
  async (text) => {
    await expect(selectBlocks(text)).rejects.toMatchObject({ code: "BRAID_BLOCK_SELECTION" });
  },
);

test("a file with something else, or without blocks, says so", async () => {
  for (const content of ["5\nsix\n", "# none\n"])
    await expect(selectBlocks(await list(content))).rejects.toMatchObject({ code: "BRAID_BLOCK_SELECTION" });
  await expect(selectBlocks(folder)).rejects.toMatchObject({ code: "BRAID_FILE_UNREADABLE" });
});
