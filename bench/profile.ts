// Where a worker's time goes: a CPU profile of mainnet-blocks in a child process, summed by where the code comes from.
//
//   npx -y pnpm@12 bench:profile [--rounds 6]
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { mainnetOrigins, newSource, openBlock } from "./blocks.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { ProfileMeasurement, ProfileRow } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { profileTable } from "./tables.ts";

interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
}

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

/** Self times of the busiest thread other than the main one, whose profile is the first. */
function summarise(folder: string): ProfileRow[] {
  const profiles = readdirSync(folder).map(
    (file): CpuProfile => JSON.parse(readFileSync(join(folder, file), "utf8")),
  );
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

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "6" }, child: { type: "boolean", default: false } },
});
if (values.child) {
  const executor = new Executor({ workers: 2 });
  const blocks = await Promise.all((await mainnetOrigins()).map(openBlock));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const block of blocks)
      await executor.executeBlock({
        block: block.block.input,
        chain: block.block.chain,
        source: newSource(block),
      });
  await executor.close();
} else {
  const environment = describeEnvironment("bench:profile");
  const folder = mkdtempSync(join(tmpdir(), "braid-profile-"));
  try {
    const script = fileURLToPath(import.meta.url);
    execFileSync(process.execPath, [
      "--cpu-prof",
      `--cpu-prof-dir=${folder}`,
      script,
      "--child",
      "--rounds",
      values.rounds,
    ]);
    const measurement: ProfileMeasurement = {
      environment,
      rounds: Number(values.rounds),
      rows: summarise(folder),
    };
    console.log(formatEnvironment(environment));
    console.log(profileTable(measurement));
    console.log(`written to ${writeResult("profile", measurement)}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
