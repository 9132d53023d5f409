// Workers on a real Postgres: what they write, each once, whatever they are told and whoever comes late.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RpcClient } from "@braid/remote";
import { encodeBundle } from "@braid/replay";
import { makeTransferChain } from "@braid/testing/transfer-chain";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findRun } from "../runs/find-run.ts";
import { noteIfDone, problemsOfRun, totalsOfRun } from "../runs/results.ts";
import { jobId } from "../runs/run.ts";
import { runToGoOnWith } from "../runs/submit.ts";
import type { ResultRow } from "../table/columns.ts";
import { TestPostgres } from "../testing/test-postgres.ts";
import { handBack, settle } from "./settle.ts";
import { type WorkerEvent, work } from "./worker.ts";

let postgres: TestPostgres;
/** Bundles of three blocks each. */
let bundles: string[];
beforeAll(async () => {
  postgres = await TestPostgres.start();
  const bytes = encodeBundle((await makeTransferChain(3)).bundle);
  bundles = ["a", "b", "c"].map((name) => join(postgres.folder, `${name}.braid`));
  for (const path of bundles) await writeFile(path, bytes);
}, 120_000);
afterAll(() => postgres[Symbol.asyncDispose]());

const files = (): { kind: "files"; paths: string[] } => ({ kind: "files", paths: [postgres.folder] });

/** Works until an event, or until the run is done; gives all events. */
async function workUntil(
  stopAt: (event: WorkerEvent) => boolean,
  options: { client?: RpcClient } = {},
): Promise<WorkerEvent[]> {
  const stop = new AbortController();
  const events: WorkerEvent[] = [];
  await work({
    url: postgres.url,
    braid: "1.2.3",
    threads: 1,
    signal: stop.signal,
    ...options,
    onEvent: (event) => {
      events.push(event);
      if (stopAt(event)) stop.abort();
    },
  });
  return events;
}

/** True for the last of so many items. */
function isLast(items: number): (event: WorkerEvent) => boolean {
  let done = 0;
  return ({ type }) => type === "done" && ++done === items;
}

test("each block has its row, and who comes again finds the run done", async () => {
  await postgres.submit("whole", files(), bundles);
  const events = await workUntil(isLast(3));
  expect(events.filter(({ type }) => type === "done").map((event) => "late" in event && event.late)).toEqual([
    false,
    false,
    false,
  ]);
  const totals = await totalsOfRun(postgres.database, "whole");
  expect(totals).toMatchObject({ items: 3, blocks: 9, ok: 9, mismatch: 0, error: 0, skipped: 0 });
  expect(await noteIfDone(postgres.database, "whole")).toBe(true);
  expect(await findRun(postgres.database, "whole")).toMatchObject({ items: 3, done: true });
  // Its jobs are gone: submitting it again makes none.
  await postgres.submit("whole", files(), bundles);
  expect(await postgres.database.boss.getQueue("whole")).toBeNull();
  const rows = await postgres.database.query<{ worker: string; braid: string; part: number; block: string }>(
    "SELECT worker, braid, part, block FROM braid.results WHERE run = 'whole' AND item = $1 ORDER BY part",
    [bundles[0]],
  );
  expect(rows.map(({ part, block }) => [part, block])).toEqual([
    [0, "1"],
    [1, "2"],
    [2, "3"],
  ]);
  expect(rows[0]).toMatchObject({ braid: "1.2.3", worker: expect.stringMatching(/:\d+$/) });
});

const ROW: Omit<ResultRow, "run" | "item"> = {
  part: 0,
  block: 1,
  hash: null,
  fork: null,
  transactions: 0,
  gas: 21_000,
  verdict: "ok",
  time_ms: 1,
  execute_ms: 1,
  root_ms: 0,
  mgas_per_second: 21,
  sequential_ms: null,
  speedup: null,
  ethereumjs_ms: null,
  ethereumjs_speedup: null,
  mode: null,
  threads: null,
  executions: null,
  aborts: null,
  hottest: [{ address: "0x00", field: "storage", slot: "0x01", readers: 2, writers: 3 }],
  checked: ["gasUsed"],
  difference: null,
  error_code: null,
  error: null,
  worker: "somebody",
  braid: "test",
  finished_at: new Date(0).toISOString(),
};

test("a worker that was thought dead adds nothing, however the two of them meet", async () => {
  const { database } = postgres;
  await postgres.submit("late", files(), ["x", "y", "z"]);
  const rowsOf = (item: string, worker: string): ResultRow[] => [{ ...ROW, run: "late", item, worker }];
  const workersOf = async (item: string): Promise<string[]> =>
    (
      await database.query<{ worker: string }>(
        "SELECT worker FROM braid.results WHERE run = 'late' AND item = $1",
        [item],
      )
    ).map(({ worker }) => worker);

  // Taken by the first, given up, taken by the second, who is done first.
  const [job] = await database.boss.fetch("late");
  expect(job).toBeDefined();
  expect(await settle(database, "late", "x", rowsOf("x", "second"))).toBe(true);
  expect(await settle(database, "late", "x", rowsOf("x", "first"))).toBe(false);
  expect(await workersOf("x")).toEqual(["second"]);

  // Both at once, many times over.
  const both = await Promise.all(
    Array.from({ length: 12 }, (_, i) => settle(database, "late", "y", rowsOf("y", `worker ${i}`))),
  );
  expect(both.filter((first) => first)).toHaveLength(1);
  expect(await workersOf("y")).toHaveLength(1);

  // The job waits to be taken again when the first comes back: its result counts, and nobody takes the job any more.
  await settle(database, "late", "z", rowsOf("z", "first"));
  expect(await database.boss.fetch("late")).toEqual([]);
  // And giving it back is too late.
  await handBack(database, "late", { name: "z", named: true });
  expect(await database.boss.fetch("late")).toEqual([]);
  expect(await workersOf("z")).toEqual(["first"]);
  expect(await noteIfDone(database, "late")).toBe(true);
  // The queue is gone.
  expect(await settle(database, "late", "z", rowsOf("z", "second"))).toBe(false);
});

test("what is handed back is taken next, as if nobody had taken it", async () => {
  const { boss } = postgres.database;
  await postgres.submit("back", files(), ["1", "2"]);
  const [first] = await boss.fetch<{ name: string; named: boolean }>("back", { includeMetadata: true });
  if (first === undefined) throw new Error("there is no job");
  await handBack(postgres.database, "back", first.data);
  const [again] = await boss.fetch("back", { includeMetadata: true });
  expect(again).toMatchObject({ id: first.id, data: first.data, retryCount: 0 });
  await postgres.database.query("DELETE FROM braid.runs WHERE run = 'back'");
});

test("what cannot be read has a row with its error, and so has what ends the processes that take it", async () => {
  const { database } = postgres;
  const broken = join(postgres.folder, "broken.braid");
  await writeFile(broken, "BRAID and nothing else");
  const deadly = bundles[0] ?? "";
  await postgres.submit("poison", files(), [deadly]);
  // As pg-boss leaves it after five workers that were never heard of again.
  for (let taken = 0; taken < 5; taken++) {
    const [job] = await database.boss.fetch("poison");
    await database.boss.fail("poison", job?.id ?? "");
  }
  const gone = join(postgres.folder, "gone.braid");
  await postgres.submit("unreadable", files(), [broken, gone]);
  await workUntil(isLast(3));
  const problems = [
    ...(await problemsOfRun(database, "poison", 10)),
    ...(await problemsOfRun(database, "unreadable", 10)),
  ];
  expect(Object.fromEntries(problems.map(({ item, error_code }) => [item, error_code]))).toEqual({
    [deadly]: "BRAID_ITEM_ABANDONED",
    [broken]: expect.stringMatching(/^BRAID_FILE_/),
    [gone]: "BRAID_FILE_UNREADABLE",
  });
  for (const [run, items] of [
    ["poison", 1],
    ["unreadable", 2],
  ] as const)
    expect(await totalsOfRun(database, run)).toMatchObject({ items, blocks: 0, ok: 0, error: items });
});

test("runs that cannot be read here are left to others, with a reason", async () => {
  const chain = { name: "mainnet", chainId: 1 };
  await postgres.submit("elsewhere", { kind: "files", paths: ["/nowhere/at/all"] }, ["/nowhere/at/all/1"]);
  await postgres.submit("node", { kind: "node", chain }, ["1"]);
  await postgres.submit("here", files(), bundles.slice(0, 1));
  const events = await workUntil(isLast(1));
  const refused = events.flatMap((event) => (event.type === "refused" ? [event.run] : []));
  expect(refused).toEqual(["elsewhere", "node"]);
  for (const run of ["elsewhere", "node"]) expect((await totalsOfRun(postgres.database, run)).items).toBe(0);
  await postgres.database.query("DELETE FROM braid.runs WHERE run IN ('elsewhere', 'node')");
});

test("a node that does not answer is no result: its run is left, and nothing is lost", async () => {
  const client = new RpcClient("http://127.0.0.1:1/secret-key", { attempts: 1 });
  const chain = { name: "mainnet", chainId: 1 };
  await postgres.submit("silent", { kind: "node", chain }, ["1"]);
  await postgres.submit("beside", files(), bundles.slice(0, 1));
  const events = await workUntil(isLast(1), { client });
  const [refused] = events.filter((event) => event.type === "refused");
  expect(refused).toMatchObject({ run: "silent", reason: expect.stringContaining("127.0.0.1:1") });
  expect(JSON.stringify(events)).not.toContain("secret-key");
  expect((await totalsOfRun(postgres.database, "silent")).items).toBe(0);
  await postgres.database.query("DELETE FROM braid.runs WHERE run = 'silent'");
});

test("a run has one meaning: other blocks or options of its name are refused, and so is what is not whole", async () => {
  await postgres.submit("meaning", files(), ["1"]);
  await expect(
    postgres.submit("meaning", { kind: "files", paths: ["/elsewhere"] }, ["1"]),
  ).rejects.toMatchObject({ code: "BRAID_RUN_EXISTS" });
  await expect(postgres.submit("no/name", files(), ["1"])).rejects.toMatchObject({
    code: "BRAID_RUN_UNKNOWN",
  });
  await expect(postgres.submit("empty", files(), [])).rejects.toMatchObject({
    code: "BRAID_NOTHING_TO_REPLAY",
  });
  expect(await findRun(postgres.database, "empty")).toBeUndefined();
  await expect(runToGoOnWith(postgres.database, "never")).rejects.toMatchObject({
    code: "BRAID_RUN_UNKNOWN",
  });

  // Killed before all was in the queue, and begun again.
  await postgres.database.query("UPDATE braid.runs SET items = NULL WHERE run = 'meaning'");
  await expect(runToGoOnWith(postgres.database, "meaning")).rejects.toMatchObject({
    code: "BRAID_RUN_INCOMPLETE",
  });
  await postgres.submit("meaning", files(), ["1", "2"]);
  expect(await runToGoOnWith(postgres.database, "meaning")).toMatchObject({ items: 2 });
  const jobs = await postgres.database.boss.fetch("meaning", { batchSize: 10 });
  expect(jobs.map(({ id }) => id).toSorted()).toEqual(
    [jobId("meaning", "1"), jobId("meaning", "2")].toSorted(),
  );
  await postgres.database.query("DELETE FROM braid.runs WHERE run = 'meaning'");
});

test("a run is deleted in the middle: its workers do not mind, and it can be submitted again", async () => {
  const { database } = postgres;
  await postgres.submit("deleted", files(), bundles);
  await workUntil(isLast(1));
  await database.query("DELETE FROM braid.runs WHERE run = 'deleted'");
  const row: ResultRow = { ...ROW, run: "deleted", item: bundles[2] ?? "" };
  expect(await settle(database, "deleted", row.item, [row])).toBe(false);
  // The job that was done must be done again.
  await postgres.submit("deleted", files(), bundles);
  await workUntil(isLast(3));
  expect(await totalsOfRun(database, "deleted")).toMatchObject({ items: 3, blocks: 9, ok: 9 });
});

test("the database goes away and comes back: nothing is lost, and nothing is there twice", async () => {
  await postgres.submit("restart", files(), bundles);
  const restarts: Promise<void>[] = [];
  const last = isLast(3);
  const events = await workUntil((event) => {
    // Before the first result is written.
    if (event.type === "taken" && restarts.length === 0) restarts.push(postgres.restart());
    return last(event);
  });
  await Promise.all(restarts);
  expect(events.some((event) => event.type === "connection" && event.lost !== undefined)).toBe(true);
  expect(events.some((event) => event.type === "connection" && event.lost === undefined)).toBe(true);
  expect(await totalsOfRun(postgres.database, "restart")).toMatchObject({ items: 3, blocks: 9, ok: 9 });
});
