// `braid node` as a process: imports the chain, serves it, or is killed while it imports.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { GeneratedChain } from "./generate.ts";

const CLI = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));
/** A genesis file of a million accounts, unfolded. */
const MAX_FILE_MIB = "4096";
const BYTES_OF_A_BLOCK = 512;
const SAMPLE_MS = 100;

export interface Served {
  url: string;
  /** From the start of the process until it served. */
  seconds: number;
  ask(method: string, ...params: unknown[]): Promise<unknown>;
  /** Of memory that is its own, up to now; 0 where the system does not tell. */
  peakBytes(): number;
  end(): Promise<void>;
}

function spawnNode(chain: GeneratedChain, data: string): ChildProcess {
  const flags = ["--genesis", chain.genesis, "--import", chain.blocks, "--datadir", data];
  return spawn(
    process.execPath,
    [CLI, "node", "--port", "0", "--accounts", "0", "--json", "--max-file-size", MAX_FILE_MIB, ...flags],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
}

/** Starts a node on what its folder has, imports what it lacks, and waits until it serves. */
export async function startNode(chain: GeneratedChain, data: string): Promise<Served> {
  const begin = performance.now();
  const child = spawnNode(chain, data);
  const ended = once(child, "exit");
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, ownBytes(child.pid ?? 0));
  }, SAMPLE_MS);
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      const [, found] = /"url":"([^"]+)"/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    });
    void ended.then(([code]) => reject(new Error(`the node ended with ${code}: ${output}`)));
  });
  return {
    url,
    seconds: (performance.now() - begin) / 1_000,
    ask: (method, ...params) => ask(url, method, params),
    peakBytes: () => peak,
    end: async () => {
      clearInterval(watch);
      child.kill("SIGINT");
      await ended;
    },
  };
}

export interface KilledImport {
  /** The newest block that it left behind. */
  reached: number;
  /** From the start of the process until it was killed. */
  seconds: number;
  peakBytes: number;
}

/** Kills an import when half of the blocks are there. */
export async function killImport(chain: GeneratedChain, data: string): Promise<KilledImport> {
  const begin = performance.now();
  const child = spawnNode(chain, data);
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, ownBytes(child.pid ?? 0));
  }, SAMPLE_MS);
  let isKilled = false;
  if (child.stdout === null) throw new Error("the node's output was to be a pipe");
  for await (const line of createInterface({ input: child.stdout })) {
    const { event, block = 0 } = JSON.parse(line) as { event: string; block?: number };
    if (event === "listening" || block >= chain.size.blocks)
      throw new Error("the import was over before it was killed: use more blocks");
    if (event !== "import" || block < chain.size.blocks / 2 || isKilled) continue;
    isKilled = true;
    child.kill("SIGKILL");
  }
  clearInterval(watch);
  const seconds = (performance.now() - begin) / 1_000;
  const { LmdbStateStore } = await import("@braid/state");
  const store = await LmdbStateStore.open(data);
  const reached = Number(store.head?.number ?? 0n);
  await store.close();
  return { reached, seconds, peakBytes: peak };
}

/** What the files take: holes do not count. */
export function bytesOnDisk(folder: string): number {
  return readdirSync(folder)
    .map((name) => statSync(join(folder, name)).blocks * BYTES_OF_A_BLOCK)
    .reduce((sum, bytes) => sum + bytes, 0);
}

export async function ask(url: string, method: string, params: unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: unknown };
  if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
  return result;
}

/** What a process has of its own: pages of the mapped store are the system's, which takes them back when it needs them. */
function ownBytes(pid: number): number {
  try {
    const [, kib] = /RssAnon:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kib ?? 0) * 1_024;
  } catch {
    // Only Linux has it, and only while the process runs.
    return 0;
  }
}
