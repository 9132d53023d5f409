// The table as rows and files: what each column says, in every format, and which locations are hot.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeBundle, fileReport, replay } from "@braid/replay";
import { makeTransferChain } from "@braid/testing/transfer-chain";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { COLUMNS, type ResultRow } from "./columns.ts";
import { hottestLocations } from "./hottest.ts";
import { ResultFile } from "./result-file.ts";
import { RowCollector } from "./row-collector.ts";

let folder: string;
let rows: ResultRow[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-table-"));
  const good = join(folder, "it's good.braid");
  const bad = join(folder, "bad.braid");
  const bytes = encodeBundle((await makeTransferChain(3)).bundle);
  await writeFile(good, bytes);
  await writeFile(bad, bytes.subarray(0, bytes.length / 2));
  const collector = new RowCollector({ run: null, braid: "1.2.3" });
  await replay([bad, good], { workers: 1, compare: true, onEvent: (event) => collector.add(event) });
  rows = collector.take();
  await rm(good);
  await rm(bad);
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, content: readonly ResultRow[]): Promise<string> {
  const path = join(folder, name);
  const file = await ResultFile.create(path);
  for (const row of content) await file.add([row]);
  await file.finish();
  return path;
}

async function asked(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

test("there is a row for each block, and for what could not be read", () => {
  expect(rows.map(({ block, part, verdict }) => [block, part, verdict])).toEqual([
    [null, 0, "error"],
    [1, 0, "ok"],
    [2, 1, "ok"],
    [3, 2, "ok"],
  ]);
  const [bad, first] = rows;
  expect(bad).toMatchObject({ gas: null, time_ms: null, error_code: expect.stringMatching(/^BRAID_FILE_/) });
  expect(first).toMatchObject({ fork: "cancun", braid: "1.2.3", run: null, error: null, difference: null });
  expect(first?.speedup).toBeCloseTo((first?.sequential_ms ?? 0) / (first?.time_ms ?? 1));
  // Every row has every column, and no other.
  const names = COLUMNS.map(({ name }) => name).toSorted();
  for (const row of rows) expect(Object.keys(row).toSorted()).toEqual(names);
});

test("what no database takes as text is not in a row", () => {
  const collector = new RowCollector({ run: "r", braid: "1" });
  collector.add({ type: "report", report: fileReport("item", new Error("zero \0 and half \ud800")) });
  expect(collector.take()[0]?.error).toBe("zero \ufffd and half \ufffd");
});

test("lines of JSON are the rows as they are", async () => {
  const lines = (await readFile(await written("r.jsonl", rows), "utf8")).trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(rows);
});

test("Parquet has the columns with their types, in the order of the blocks", async () => {
  const path = await written("r.parquet", rows);
  const types = await asked(`DESCRIBE SELECT * FROM '${path}'`);
  expect(types.map(({ column_name }) => column_name)).toEqual(COLUMNS.map(({ name }) => name));
  expect(Object.fromEntries(types.map((type) => [type.column_name, type.column_type]))).toMatchObject({
    block: "BIGINT",
    gas: "BIGINT",
    time_ms: "DOUBLE",
    finished_at: "TIMESTAMP WITH TIME ZONE",
    hottest: "STRUCT(address VARCHAR, field VARCHAR, slot VARCHAR, readers INTEGER, writers INTEGER)[]",
  });
  const found = await asked(`SELECT block::INTEGER AS block, gas::INTEGER AS gas, verdict FROM '${path}'`);
  expect(found).toEqual(
    [rows[1], rows[2], rows[3], rows[0]].map((row) => ({
      block: row?.block,
      gas: row?.gas,
      verdict: row?.verdict,
    })),
  );
  const [hot] = await asked(`SELECT hottest[1].readers AS readers FROM '${path}' WHERE block = 3`);
  expect(hot?.readers).toBe(rows[3]?.hottest?.[0]?.readers);
});

test("CSV has lists as JSON", async () => {
  const path = await written("r.csv", rows);
  const [row] = await asked(`SELECT checked, hottest FROM read_csv('${path}') WHERE block = 2`);
  expect(JSON.parse(String(row?.checked))).toEqual(rows[2]?.checked);
  expect(JSON.parse(String(row?.hottest))).toEqual(rows[2]?.hottest);
});

test("no rows are a table too, and nothing is left beside the files", async () => {
  for (const name of ["none.parquet", "none.csv", "none.jsonl"]) await written(name, []);
  expect(await asked(`SELECT count(*)::INTEGER AS n FROM '${join(folder, "none.parquet")}'`)).toEqual([
    { n: 0 },
  ]);
  expect((await readFile(join(folder, "none.csv"), "utf8")).trim()).toBe(
    COLUMNS.map(({ name }) => name).join(","),
  );
  const discarded = await ResultFile.create(join(folder, "discarded.csv"));
  await discarded.add(rows);
  await discarded.discard();
  const names = await readdir(folder);
  expect(names.filter((name) => !/^(r|none)\.(parquet|csv|jsonl)$/.test(name))).toEqual([]);
});

test.each([
  ["results.xlsx", "BRAID_RESULTS_FORMAT"],
  ["results", "BRAID_RESULTS_FORMAT"],
  [join("nowhere", "results.jsonl"), "BRAID_RESULTS_FILE"],
])("%s cannot be written", async (name, code) => {
  await expect(ResultFile.create(join(folder, name))).rejects.toMatchObject({ code });
});

test("hot are the locations that are read after another transaction has written them", () => {
  const slot = (number: number) => ({ address: "0xaa", field: "storage", slot: `0x${number}` }) as const;
  const transaction = (reads: object[], writes: object[]) =>
    ({ reads, writes }) as Parameters<typeof hottestLocations>[0]["transactions"][number];
  const found = hottestLocations({
    transactions: [
      // Reading before anybody writes holds nobody up, nor does writing alone.
      transaction([slot(1), slot(2)], [slot(1), slot(3)]),
      transaction([slot(1), slot(1)], [slot(1), slot(3)]),
      transaction([slot(1)], [slot(2)]),
      transaction([slot(2)], []),
    ],
  });
  expect(found).toEqual([
    { address: "0xaa", field: "storage", slot: "0x1", readers: 2, writers: 2 },
    { address: "0xaa", field: "storage", slot: "0x2", readers: 1, writers: 1 },
  ]);
});
