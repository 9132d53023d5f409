// `braid replay --queue` and `braid worker` as people type them: real processes, a real Postgres, real kills.
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { COLUMNS, type LocalPostgres, Queue, type ResultRow, startLocal } from "@braid/queue";
import { ANVIL_GENESIS, type Anvil, startAnvil } from "@braid/testing/anvil";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

const CLI = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const DATA = fileURLToPath(new URL("../packages/cli/data", import.meta.url));
const KEY = "b3a1d-secret-key";
/** What is the same whoever executes the block, and how. */
const VARYING =
  /^(run|.*_ms|mgas_per_second|speedup|mode|ethereumjs_speedup|threads|executions|aborts|worker|braid|finished_at)$/;

// Workers that are killed are waited for, beside whatever else the machine does.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let folder: string;
let postgres: LocalPostgres;
let queue: Queue;
/** Of the processes that are alive. */
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-cli-queue-"));
  await chmod(folder, 0o755);
  postgres = await startLocal(join(folder, "postgres"));
  const { signal } = new AbortController();
  queue = await Queue.open(postgres.url, { applicationName: "test", signal });
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
});
afterAll(async () => {
  await queue[Symbol.asyncDispose]();
  await postgres.stop();
  await rm(folder, { recursive: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Started {
  child: ChildProcess;
  ended: Promise<Ended>;
}

function start(args: string[], environment: NodeJS.ProcessEnv = {}): Started {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      NO_COLOR: "1",
      FORCE_COLOR: undefined,
      BRAID_QUEUE_URL: postgres.url,
      ...environment,
    },
  });
  children.add(child);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name]?.setEncoding("utf8").on("data", (text: string) => (output[name] += text));
  const ended = new Promise<Ended>((resolve) =>
    child.on("close", (code) => {
      children.delete(child);
      resolve({ code, ...output });
    }),
  );
  return { child, ended };
}

const worker = (environment: NodeJS.ProcessEnv = {}): Started =>
  start(["worker", "--workers", "1"], environment);

/** Asks until it is so. */
async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(50);
}

async function rowsOf(path: string): Promise<ResultRow[]> {
  const lines = (await readFile(join(folder, path), "utf8")).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as ResultRow);
}

/** What must be the same, in an order that does not depend on who was first. */
function steady(rows: readonly ResultRow[]): object[] {
  return rows
    .map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !VARYING.test(name))))
    .sort((left, right) => keyOf(left).localeCompare(keyOf(right), "en", { numeric: true }));
}

function keyOf({ item, part }: Record<string, unknown>): string {
  return `${item} ${part}`;
}

const itemsDone = async (run: string): Promise<number> => {
  const [row] = await queue.query<{ count: number }>(
    "SELECT count(DISTINCT item)::integer AS count FROM braid.results WHERE run = $1",
    [run],
  );
  return row?.count ?? 0;
};

test("a worker is killed in mid-block and the database restarts: each block has one row, as in one process", async () => {
  const blocks = join(folder, "blocks");
  await mkdir(blocks);
  const chain = join(blocks, "defi-chain.braid");
  await copyFile(join(DATA, "defi-chain.braid"), chain);
  for (const number of [46147, 116525, 1150001, 4370000, 6137495, 8038679, 19426587, 23587691])
    await copyFile(join(DATA, "mainnet", `${number}.braid`), join(blocks, `${number}.braid`));
  await writeFile(join(blocks, "README"), "what lies here");
  await writeFile(join(blocks, "cut.braid"), (await readFile(chain)).subarray(0, 5_000));

  const alone = await start(["replay", blocks, "--out", "alone.jsonl", "--quiet"]).ended;
  expect(alone.code).toBe(1);

  const submitter = start([
    "replay",
    blocks,
    "--queue",
    "--run",
    "killed",
    "--out",
    "together.jsonl",
    "--json",
  ]);
  const first = worker();
  const activeItems = async (): Promise<string[]> =>
    (
      await queue.query<{ name: string }>(
        "SELECT data->>'name' AS name FROM braid_jobs.job WHERE name = 'killed' AND state = 'active'",
      )
    ).map(({ name }) => name);
  // Its 27 blocks take seconds.
  await until(async () => (await activeItems()).includes(chain));
  first.child.kill("SIGKILL");
  expect((await first.ended).code).toBeNull();
  const written = "SELECT 1 FROM braid.results WHERE run = 'killed' AND item = $1";
  expect(await queue.query(written, [chain])).toEqual([]);

  const second = worker();
  await until(async () => (await itemsDone("killed")) >= 3);
  await postgres.stop();
  await sleep(1_000);
  postgres = await startLocal(join(folder, "postgres"));

  const ended = await submitter.ended;
  expect({ code: ended.code, problems: ended.stderr.match(/^braid: \/.*$/gm)?.length }).toEqual({
    code: 1,
    problems: 1,
  });
  second.child.kill("SIGINT");
  const { code, stderr } = await second.ended;
  expect(code).toBe(0);
  expect(stderr).toContain("the database is gone");
  expect(stderr).toContain("the database is back");

  const together = await rowsOf("together.jsonl");
  const one = await rowsOf("alone.jsonl");
  // The file that holds no blocks has none there either.
  expect(steady(together)).toEqual(steady(one));
  expect(new Set(together.map((row) => keyOf({ ...row }))).size).toBe(together.length);
  const { totals } = JSON.parse(ended.stdout);
  const sum = (name: "gas" | "transactions"): number =>
    one.reduce((total, row) => total + (row[name] ?? 0), 0);
  expect(totals).toMatchObject({
    items: 11,
    blocks: one.filter(({ block }) => block !== null).length,
    ok: one.filter(({ verdict }) => verdict === "ok").length,
    error: 1,
    skipped: 1,
    mismatch: 0,
    gas: sum("gas"),
    transactions: sum("transactions"),
  });
  const authors = new Set(together.filter(({ item }) => item === chain).map((row) => row.worker));
  expect([...authors].map((name) => name.split(":")[1])).toEqual([String(second.child.pid)]);
});

test("a submitter that is interrupted leaves the blocks to the workers, and goes on by the run's name", async () => {
  const blocks = join(DATA, "mainnet", "46147.braid");
  const first = start(["replay", blocks, "--queue", "--run", "resumed"]);
  await until(
    async () =>
      (await queue.query("SELECT 1 FROM braid.runs WHERE run = 'resumed' AND items = 1")).length > 0,
  );
  first.child.kill("SIGINT");
  const interrupted = await first.ended;
  expect({ code: interrupted.code, stdout: interrupted.stdout }).toEqual({ code: 130, stdout: "" });
  expect(interrupted.stderr).toContain("--run resumed");

  const other = await start(["replay", DATA, "--queue", "--run", "resumed"]).ended;
  expect({ code: other.code, stdout: other.stdout }).toEqual({ code: 1, stdout: "" });
  expect(other.stderr).toContain("[BRAID_RUN_EXISTS]");

  const hands = worker();
  await until(async () => (await itemsDone("resumed")) === 1);
  hands.child.kill("SIGTERM");
  expect((await hands.ended).code).toBe(0);
  const again = await start(["replay", "--queue", "--run", "resumed"]).ended;
  expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining("run resumed: 1 block: 1 ok") });
  const unknown = await start(["replay", "--queue", "--run", "never"]).ended;
  expect({ code: unknown.code, stderr: unknown.stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining("[BRAID_RUN_UNKNOWN]"),
  });
});

describe("blocks of a node", () => {
  let anvil: Anvil;
  beforeAll(async () => {
    anvil = await startAnvil();
    await writeFile(join(folder, "genesis.json"), JSON.stringify(ANVIL_GENESIS));
  });
  afterAll(() => anvil.close());

  test("are replayed by workers that have a node, whose URL is nowhere", async () => {
    const environment = { BRAID_RPC_URL: `${anvil.url}/?key=${KEY}` };
    const remote = ["--genesis", "genesis.json", "--block", `2..${anvil.last}`];
    const one = await start(["replay", ...remote, "--out", "node.jsonl", "--quiet"], environment).ended;
    expect(one).toMatchObject({ code: 0, stderr: "" });
    const submitter = start(
      ["replay", ...remote, "--queue", "--run", "node", "--out", "nodes.jsonl"],
      environment,
    );
    const without = worker({ BRAID_RPC_URL: undefined });
    const hands = [worker(environment), worker(environment)];
    const ended = await submitter.ended;
    expect(ended.code).toBe(0);
    for (const { child } of [without, ...hands]) child.kill("SIGINT");
    const others = await Promise.all([without, ...hands].map(({ ended }) => ended));
    expect(others.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(others[0]?.stderr).toContain("--rpc <url>");
    // Their names are the blocks' own, and not the node's.
    const rows = await rowsOf("nodes.jsonl");
    expect(rows.map(({ item, block }) => [item, block])).toEqual(
      Array.from({ length: anvil.last - 1 }, (_, i) => [String(i + 2), i + 2]),
    );
    const nameless = (path: string) => async () =>
      steady(await rowsOf(path)).map((row) => ({ ...row, item: undefined, part: undefined }));
    expect(await nameless("nodes.jsonl")()).toEqual(
      (await nameless("node.jsonl")()).toSorted(
        (left, right) => Number(Reflect.get(left, "block")) - Number(Reflect.get(right, "block")),
      ),
    );
    expect(JSON.stringify([ended, others])).not.toContain(KEY);
    for (const table of ["braid.runs", "braid.results", "braid_jobs.job", "braid_jobs.queue"]) {
      const found = await queue.query(`SELECT t::text FROM ${table} t WHERE strpos(t::text, '${KEY}') > 0`);
      expect(found, table).toEqual([]);
    }
  });
});

test.each([
  [["replay", "--queue", "blocks"]],
  [["replay", "--run", "name"]],
  [["replay", "s3://bucket/blocks"]],
  [["replay", "s3://bucket/blocks", "other", "--queue"]],
  [["replay", "--queue", `http://user:${KEY}@host`]],
  [["replay", "--queue", "--workers", "2"]],
  [["replay", "--queue", "--access-list", "lists"]],
  [["worker", "--queue", `http://user:${KEY}@host`]],
  [["worker", "--workers", "0"]],
])("braid %j is a mistake", async (args) => {
  const { code, stdout, stderr } = await start(args).ended;
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).not.toContain(KEY);
});

test.each([
  [["replay", "--out", "results.xlsx"], "BRAID_RESULTS_FORMAT"],
  [["replay", "--out", join("nowhere", "results.csv")], "BRAID_RESULTS_FILE"],
  [["replay", "empty", "--queue"], "BRAID_NOTHING_TO_REPLAY"],
  [["replay", "--queue", `postgres://user:${KEY}@127.0.0.1:1/database`], "BRAID_QUEUE_UNREACHABLE"],
  [["worker", "--queue", `postgres://user:${KEY}@127.0.0.1:1/database`], "BRAID_QUEUE_UNREACHABLE"],
])("braid %j cannot be done", async (args, expected) => {
  await mkdir(join(folder, "empty"), { recursive: true });
  const { code, stdout, stderr } = await start(args).ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(`[${expected}]`);
  expect(stderr).not.toContain(KEY);
});

test("without a URL there is a Postgres in the current folder, for workers of the same folder", async () => {
  const environment = { BRAID_QUEUE_URL: undefined };
  const none = await start(["worker"], environment).ended;
  expect({ code: none.code, stderr: none.stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining("[BRAID_QUEUE_LOCAL]"),
  });
  const submitter = start(
    ["replay", join(DATA, "mainnet", "46147.braid"), "--queue", "--out", "own.parquet"],
    environment,
  );
  const port = join(folder, ".braid-queue", "data", "postmaster.pid");
  await until(async () => (await readFile(port, "utf8").catch(() => "")).includes("ready"));
  const hands = worker(environment);
  const ended = await submitter.ended;
  expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining("1 block: 1 ok") });
  hands.child.kill("SIGINT");
  expect((await hands.ended).code).toBe(0);
  expect((await readFile(join(folder, "own.parquet"), "latin1")).startsWith("PAR1")).toBe(true);
  // It ended with who started it, and its password was told to nobody.
  await expect(readFile(port)).rejects.toMatchObject({ code: "ENOENT" });
  const password = await readFile(join(folder, ".braid-queue", "password"), "utf8");
  expect(JSON.stringify(ended)).not.toContain(password);
});

test("the columns of the table say what they hold, in the database too", async () => {
  const comments = await queue.query<{ name: string; about: string }>(
    `SELECT attname AS name, col_description(attrelid, attnum) AS about FROM pg_attribute
      WHERE attrelid = 'braid.results'::regclass AND attnum > 0 ORDER BY attnum`,
  );
  expect(comments).toEqual(COLUMNS.map(({ name, about }) => ({ name, about })));
});
