// Chain files: read block by block, and what is wrong with one is told by its place.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { concatBytes, rlpOfBytes, rlpOfList } from "@braid/primitives";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readChainFile } from "./chain-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-chain-file-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Stand-ins for blocks, of lengths that need each form of header, and more than a piece that is read at once. */
const lists = [0, 10, 54, 300, 70_000, 3_000_000, 5].map((length) =>
  rlpOfList([rlpOfBytes(new Uint8Array(length).fill(7))]),
);

async function read(bytes: Uint8Array): Promise<Uint8Array[]> {
  const path = join(folder, "chain.rlp");
  await writeFile(path, bytes);
  const found: Uint8Array[] = [];
  let last = 0;
  for await (const { raw, end, size } of readChainFile(path)) {
    found.push(raw);
    expect([end, size]).toEqual([last + raw.length, bytes.length]);
    last = end;
  }
  return found;
}

test("blocks come as they stand in the file", async () => {
  const found = await read(concatBytes(...lists));
  expect(found.map((one, i) => Buffer.compare(one, lists[i] ?? new Uint8Array(0)))).toEqual(
    lists.map(() => 0),
  );
  expect(await read(new Uint8Array(0))).toEqual([]);
});

test("a file that is cut off, is no chain, or is not there is an error", async () => {
  const whole = concatBytes(...lists);
  await expect(read(whole.subarray(0, -1))).rejects.toMatchObject({
    code: "BRAID_FILE_TRUNCATED",
    data: { at: expect.any(Number) },
  });
  await expect(read(concatBytes(lists[1] ?? whole, Uint8Array.of(5)))).rejects.toMatchObject({
    code: "BRAID_FILE_CORRUPT",
    data: { at: 12 },
  });
  await expect(read(Uint8Array.of(0xfb, 0xff, 0xff, 0xff, 0xff))).rejects.toMatchObject({
    code: "BRAID_FILE_TOO_LARGE",
  });
  await expect(readChainFile(join(folder, "none.rlp")).next()).rejects.toMatchObject({
    code: "BRAID_FILE_UNREADABLE",
  });
});
