// Block access lists of executed blocks, written, read back, and held against what their files say.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlockAccessList, decodeAccessList } from "@braid/protocol";
import { makeTransferChain } from "@braid/testing/transfer-chain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAccessLists, writeAccessList } from "./access-list-file.ts";
import type { LoadedBlock } from "./block-file.ts";
import { writeBundle } from "./bundle.ts";
import { replay } from "./replay.ts";

let folder: string;
const made: { block: LoadedBlock; list: BlockAccessList }[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-lists-"));
  const path = join(folder, "chain.braid");
  await writeBundle(path, (await makeTransferChain(2)).bundle);
  await replay([path], {
    workers: 2,
    onEvent: (event) => {
      if (event.type === "executed") made.push({ block: event.block, list: event.result.accessList });
    },
  });
});
afterAll(() => rm(folder, { recursive: true }));

test("each executed block has its list, which files keep as JSON and as RLP", async () => {
  expect(made.map(({ block }) => block.number)).toEqual([1n, 2n]);
  const lists = await mkdtemp(join(folder, "lists-"));
  for (const { block, list } of made) await writeAccessList(lists, block, list);
  expect((await readdir(lists)).toSorted()).toEqual(["1.json", "1.rlp", "2.json", "2.rlp"]);
  const read = await readAccessLists(lists);
  expect([...read.values()]).toEqual(made.map(({ list }) => list));
  expect(decodeAccessList(await readFile(join(lists, "1.rlp")))).toEqual(made[0]?.list);
  // Three senders, who they send to, and the beneficiary.
  expect(made[0]?.list.length).toBeGreaterThanOrEqual(5);
  expect(await readAccessLists(join(lists, "2.json"))).toHaveLength(1);
});

test("a list that is not the one of its hash, and what is no list, are told", async () => {
  const lists = await mkdtemp(join(folder, "wrong-"));
  await expect(readAccessLists(lists)).rejects.toMatchObject({ code: "BRAID_FILE_MALFORMED" });
  const path = join(lists, "1.json");
  await expect(readAccessLists(path)).rejects.toMatchObject({ code: "BRAID_FILE_UNREADABLE" });
  const [first] = made;
  if (first === undefined) throw new Error("there is a block");
  await writeAccessList(lists, first.block, first.list);
  const json = JSON.parse(await readFile(path, "utf8")) as { accessList: unknown[] };
  await writeFile(path, JSON.stringify({ ...json, accessList: json.accessList.slice(1) }));
  await expect(readAccessLists(path)).rejects.toMatchObject({ code: "BRAID_FILE_CORRUPT" });
  await writeFile(path, JSON.stringify({ ...json, accessList: [{ address: "0x12" }] }));
  await expect(readAccessLists(path)).rejects.toMatchObject({ code: "BRAID_ACCESS_LIST_MALFORMED" });
  await writeFile(path, "{");
  await expect(readAccessLists(path)).rejects.toMatchObject({ code: "BRAID_FILE_MALFORMED" });
});
