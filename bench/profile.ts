// Where time goes: V8's profiles of child processes. The workers' time on mainnet-blocks, summed by where the code comes from; and a block's time on
// one worker, senders unknown, roots included, phase by phase, for both engines.
//
//   npx -y pnpm@12 bench:profile [--rounds 6] [--count 1000]
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { MemoryStateStore } from "@braid/state";
import { type BenchBlock, mainnetOrigins, newSource, openBlock, workloadOrigins } from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { PhaseRow, ProfileMeasurement, ProfileRow } from "./measurements.ts";
import { addPhases, type CpuProfile, type Phase } from "./phases.ts";
import { writeResult } from "./results.ts";
import { profileTable } from "./tables.ts";

/** Groups by what a frame's place contains; the first that fits counts. */
const GROUPS: [group: string, place: string][] = [
  ["signature recovery (secp256k1)", "node_modules/secp256k1"],
  ["hot loop", "evm/hot-loop"],
  ["frames and cold opcodes", "evm/frame-interpreter"],
  ["versioned state", "engines/ethereumjs/state"],
  ["transactions and system calls", "engines/ethereumjs/units"],
  ["the rest of the engine", "executor/src/engines"],
  ["decoding transactions", "executor/src/transaction"],
  ["records in shared memory", "executor/src/records"],
  ["worker", "executor/src/pool"],
  ["kernel (WebAssembly)", "wasm://"],
  ["kernel bindings", "packages/kernel"],
  ["BN254 (mcl)", "node_modules/mcl-wasm"],
  ["ethereumjs EVM: calls, uncommon opcodes, precompiles", "@ethereumjs/evm"],
  ["ethereumjs RLP", "@ethereumjs/rlp"],
  ["ethereumjs util", "@ethereumjs/util"],
  ["bytes and hex", "packages/primitives"],
  ["other curves (noble)", "@noble"],
];

function groupOf(functionName: string, url: string): string {
  if (functionName === "(garbage collector)") return "garbage collection";
  if (functionName === "(idle)" || functionName === "(program)" || url.includes("piscina"))
    return "waiting for the next block";
  return GROUPS.find(([, place]) => url.includes(place))?.[0] ?? "everything else (loading, Node)";
}

/** The profiles that a child has written. */
function readProfiles(folder: string): CpuProfile[] {
  return readdirSync(folder).map((file): CpuProfile => JSON.parse(readFileSync(join(folder, file), "utf8")));
}

/** Self times of the busiest thread other than the main one, whose profile is the first. */
function summarise(profiles: CpuProfile[]): ProfileRow[] {
  const hot = (profile: CpuProfile): boolean =>
    profile.nodes.some(({ callFrame }) => callFrame.functionName === "runHot");
  const sums = new Map<string, number>();
  for (const { nodes, samples, timeDeltas } of profiles.filter(hot)) {
    const groups = new Map(
      nodes.map(({ id, callFrame }) => [id, groupOf(callFrame.functionName, callFrame.url)]),
    );
    for (const [index, id] of samples.entries()) {
      const group = groups.get(id) ?? "everything else (loading, Node)";
      sums.set(group, (sums.get(group) ?? 0) + (timeDeltas[index] ?? 0) / 1e3);
    }
  }
  return [...sums].map(([group, ms]) => ({ group, ms })).sort((left, right) => right.ms - left.ms);
}

const WORKLOADS = ["ether transfers", "token transfers", "mainnet"];
const ENGINES = ["ethereumjs", "wasm"];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "6" },
    count: { type: "string", default: "1000" },
    child: { type: "string" },
    engine: { type: "string", default: "ethereumjs" },
  },
});

/** The profiles of a child process that runs `child` on an engine. */
function profilesOf(child: string, engine: string): CpuProfile[] {
  const folder = mkdtempSync(join(tmpdir(), "braid-profile-"));
  try {
    const args = ["--child", child, "--engine", engine, "--rounds", values.rounds, "--count", values.count];
    const script = fileURLToPath(import.meta.url);
    execFileSync(process.execPath, ["--cpu-prof", `--cpu-prof-dir=${folder}`, script, ...args]);
    return readProfiles(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The state root after a block, over the tries of the state before it. */
function rootOf(store: MemoryStateStore, changes: Parameters<MemoryStateStore["prepare"]>[1]): Uint8Array {
  return store.prepare(store.head?.hash, changes).root;
}

/** Blocks of one kind; there are no tries of what mainnet's blocks name of their states. */
async function blocksOf(name: string): Promise<BenchBlock[]> {
  const isWorkload = name.endsWith("transfers");
  const origins = isWorkload ? await workloadOrigins(Number(values.count), name) : await mainnetOrigins();
  return Promise.all(origins.map(openBlock));
}

async function runChild(name: string): Promise<void> {
  const places = name === "places";
  const executor = new Executor({ workers: places ? 2 : 1 });
  const blocks = await blocksOf(name);
  const stores = blocks.map(({ pre }) =>
    name.endsWith("transfers") ? MemoryStateStore.fromFlat(pre) : undefined,
  );
  // A workload's block is the same each time, and takes a hundredth of mainnet's.
  const rounds = Number(values.rounds) * (name.endsWith("transfers") ? 25 : 1);
  for (let round = 0; round < rounds; round++)
    for (const [i, block] of blocks.entries()) {
      const { stateChanges } = await executor.executeBlock({
        block: block.block.input,
        chain: block.block.chain,
        source: newSource(block),
        engine: values.engine,
        ...(places ? {} : { force: true }),
      });
      const store = stores[i];
      if (store !== undefined) rootOf(store, stateChanges);
    }
  await executor.close();
}

function phaseRow(workload: string, engine: string): PhaseRow {
  const phases = new Map<Phase, number>();
  for (const profile of profilesOf(workload, engine)) addPhases(profile, phases);
  return { workload, engine, phases: Object.fromEntries(phases) };
}

if (values.child !== undefined) await runChild(values.child);
else {
  const environment = describeEnvironment("bench:profile");
  const measurement: ProfileMeasurement = {
    environment,
    rounds: Number(values.rounds),
    rows: summarise(profilesOf("places", "ethereumjs")),
    phases: WORKLOADS.flatMap((workload) => ENGINES.map((engine) => phaseRow(workload, engine))),
  };
  console.log(formatEnvironment(environment));
  console.log(profileTable(measurement));
  console.log(`written to ${writeResult("profile", measurement)}`);
}
