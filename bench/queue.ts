// The same bundles in one process, and over the queue by three workers that are killed again and again while the database restarts: every
// bundle must have its rows once, and the tables must be equal in all that does not depend on who executed it.
//
//   npx -y pnpm@12 bench:queue [--bundles 200] [--kills 8]
//
// The bundles are those that ship (the blocks of the DeFi chain one by one, and mainnet's), all blocks of mainnet of the fixtures when they are
// there, and copies of these up to the number that is asked for.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { encodeBlock } from "@braid/protocol";
import { Queue, type ResultRow, startLocal } from "@braid/queue";
import { loadBlockFile, openParentState, RecordingSource, writeBundle } from "@braid/replay";
import { describeEnvironment, formatEnvironment } from "./environment.ts";

const DATA = fileURLToPath(new URL("../packages/cli/data", import.meta.url));
const CLI = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const FIXTURES =
  process.env.BRAID_FIXTURES ?? fileURLToPath(new URL("../../shared/fixtures", import.meta.url));
const WORKERS = 3;
/** What depends on who executed a block, and how. */
const VARYING = new Set<keyof ResultRow>([
  "run",
  "time_ms",
  "execute_ms",
  "root_ms",
  "mgas_per_second",
  "mode",
  "threads",
  "executions",
  "aborts",
  "worker",
  "braid",
  "finished_at",
]);

const { values } = parseArgs({
  options: { bundles: { type: "string", default: "200" }, kills: { type: "string", default: "8" } },
});
const wanted = Number(values.bundles);
const wantedKills = Number(values.kills);

/** Each block of each file as a bundle of its own, with what it reads. */
async function splitBundles(paths: readonly string[], folder: string): Promise<string[]> {
  const executor = new Executor({ workers: 1 });
  const made: string[] = [];
  try {
    for (const path of paths) {
      const file = await loadBlockFile(path);
      const state = openParentState(file);
      for (const block of file.blocks) {
        if (made.length === wanted) return made;
        // A bundle has whole blocks only.
        if (block.unknownUncles > 0) continue;
        const source = new RecordingSource(state.open().source);
        const input = { block: block.input, chain: file.chain, source, mode: "sequential" } as const;
        const { stateChanges } = await executor.executeBlock(input);
        const target = join(folder, `${made.length}-${block.number}.braid`);
        await writeBundle(target, {
          chain: file.chain.spec,
          blocks: [encodeBlock(block.input)],
          state: { kind: "flat", pre: await source.preState() },
          blockHashes: new Map(source.blockHashes),
        });
        made.push(target);
        await state.advance(block, stateChanges);
      }
    }
  } finally {
    await executor.close();
  }
  return made;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json.gz"))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

/** Makes the folder; gives how many bundles hold a block that no other one holds. */
async function makeBundles(folder: string): Promise<number> {
  await mkdir(folder);
  const shipped = (await readdir(join(DATA, "mainnet"))).map((name) => join(DATA, "mainnet", name));
  const fixtures = [
    ...(await filesBelow(join(FIXTURES, "mainnet-blocks"))),
    ...(await filesBelow(join(FIXTURES, "mainnet-witness"))),
  ];
  const sources = [join(DATA, "defi-chain.braid"), ...(fixtures.length > 0 ? fixtures : shipped)];
  const made = await splitBundles(sources, folder);
  for (let copy = made.length; copy < wanted; copy++)
    await copyFile(made[copy % made.length] ?? "", join(folder, `${copy}-copy.braid`));
  return made.length;
}

interface Running {
  child: ChildProcess;
  ended: Promise<unknown>;
}

function braid(url: string, ...args: string[]): Running {
  const environment = { ...process.env, BRAID_QUEUE_URL: url };
  const child = spawn(process.execPath, [CLI, ...args], {
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout?.resume();
  return { child, ended: once(child, "close") };
}

async function rowsOf(path: string): Promise<ResultRow[]> {
  return (await readFile(path, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as ResultRow);
}

function keyOf({ item, part }: ResultRow): string {
  return `${item} ${part}`;
}

function steady(row: ResultRow): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !VARYING.has(name as keyof ResultRow)));
}

function totalsOf(rows: readonly ResultRow[]): Record<string, number> {
  const sum = (value: (row: ResultRow) => number): number =>
    rows.reduce((total, row) => total + value(row), 0);
  return {
    rows: rows.length,
    ok: sum(({ verdict }) => Number(verdict === "ok")),
    mismatch: sum(({ verdict }) => Number(verdict === "mismatch")),
    error: sum(({ verdict }) => Number(verdict === "error")),
    transactions: sum(({ transactions }) => transactions),
    gas: sum(({ gas }) => gas ?? 0),
  };
}

/** Kills one worker after the other, each while it has a job, and starts another one in its place; in between the database restarts. */
async function disturb(
  folder: string,
  url: string,
  queue: Queue,
  workers: Running[],
  isOver: () => boolean,
): Promise<{ kills: number; restarts: number }> {
  let kills = 0;
  let restarts = 0;
  const count = async (): Promise<number> => {
    const [row] = await queue.query<{ count: number }>(
      "SELECT count(*)::integer AS count FROM braid.results",
    );
    return row?.count ?? 0;
  };
  for (let next = 1; next <= wantedKills && !isOver(); next++) {
    // Spread over the run.
    while (!isOver() && (await count()) < (wanted * next) / (wantedKills + 2)) await sleep(100);
    const index = next % WORKERS;
    const victim = workers[index];
    if (victim === undefined || isOver()) break;
    victim.child.kill("SIGKILL");
    await victim.ended;
    kills++;
    workers[index] = braid(url, "worker");
    if (next === Math.ceil(wantedKills / 2)) {
      await (await startLocal(join(folder, "postgres"))).stop();
      await startLocal(join(folder, "postgres"));
      restarts++;
    }
  }
  return { kills, restarts };
}

const folder = await mkdtemp(join(tmpdir(), "braid-bench-queue-"));
await chmod(folder, 0o755);
const bundles = join(folder, "bundles");
const distinct = await makeBundles(bundles);
console.log(formatEnvironment(describeEnvironment("bench:queue")));
console.log(`${wanted} bundles, ${distinct} of them with a block of their own`);

const alone = join(folder, "alone.jsonl");
const aloneStart = performance.now();
await braid("", "replay", bundles, "--out", alone).ended;
const aloneMs = performance.now() - aloneStart;

const postgres = await startLocal(join(folder, "postgres"));
const { signal } = new AbortController();
const queue = await Queue.open(postgres.url, { applicationName: "bench", signal });
const together = join(folder, "together.jsonl");
const togetherStart = performance.now();
const workers = Array.from({ length: WORKERS }, () => braid(postgres.url, "worker"));
const submitter = braid(postgres.url, "replay", bundles, "--queue", "--run", "bench", "--out", together);
let over = false;
submitter.child.on("close", () => {
  over = true;
});
const { kills, restarts } = await disturb(folder, postgres.url, queue, workers, () => over);
await submitter.ended;
const togetherMs = performance.now() - togetherStart;
for (const { child } of workers) child.kill("SIGINT");
await Promise.all(workers.map(({ ended }) => ended));
const [jobs] = await queue.query<{ doubled: number }>(
  "SELECT count(*)::integer AS doubled FROM (SELECT item, part FROM braid.results GROUP BY item, part HAVING count(*) > 1) d",
);
await queue[Symbol.asyncDispose]();
await postgres.stop();

const one = new Map((await rowsOf(alone)).map((row) => [keyOf(row), row]));
const many = await rowsOf(together);
const differing = many.filter((row) => {
  const other = one.get(keyOf(row));
  return other === undefined || !isDeepStrictEqual(steady(row), steady(other));
});
const missing = [...one.keys()].filter((key) => !many.some((row) => keyOf(row) === key));
const doubled = many.length - new Set(many.map(keyOf)).size + (jobs?.doubled ?? 0);
console.log(`one process: ${JSON.stringify(totalsOf([...one.values()]))}, ${Math.round(aloneMs / 1000)} s`);
console.log(
  `${WORKERS} workers, ${kills} kills, ${restarts} restart of the database: ${JSON.stringify(totalsOf(many))}, ${Math.round(togetherMs / 1000)} s, by ${new Set(many.map(({ worker }) => worker)).size} processes`,
);
console.log(`${missing.length} missing, ${doubled} twice, ${differing.length} different`);
for (const row of differing.slice(0, 3)) console.log(JSON.stringify([steady(row), one.get(keyOf(row))]));
await rm(folder, { recursive: true });
const equal = isDeepStrictEqual(totalsOf([...one.values()]), totalsOf(many));
process.exitCode =
  equal && kills === wantedKills && missing.length + doubled + differing.length === 0 ? 0 : 1;
