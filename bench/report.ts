// Puts the last results into bench/README.md and README.md, between the markers <!-- name --> and <!-- /name -->.
//
//   npx -y pnpm@12 bench:report
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { enginesTable } from "./engines-table.ts";
import { formatEnvironment } from "./environment.ts";
import type {
  ConformanceMeasurement,
  EnginesMeasurement,
  FreshProcessMeasurement,
  HardhatMeasurement,
  HintsMeasurement,
  HostileMeasurement,
  KeysMeasurement,
  LongRunMeasurement,
  MemoryMeasurement,
  NodeMeasurement,
  PrecompilesMeasurement,
  ProfileMeasurement,
  RecoveryMeasurement,
  RemoteMeasurement,
  SimulateMeasurement,
  SmallBlocksMeasurement,
  StatesMeasurement,
  StockMeasurement,
  WorkloadsMeasurement,
} from "./measurements.ts";
import { precompilesTable } from "./precompiles-table.ts";
import { recoveryTable } from "./recovery-table.ts";
import { remoteTables } from "./remote-tables.ts";
import { readResult } from "./results.ts";
import { simulateTable } from "./simulate-table.ts";
import {
  conformanceLines,
  freshProcessTable,
  hardhatTable,
  hintsTable,
  hostileTable,
  keysTable,
  longRunTable,
  memoryLines,
  nodeTable,
  profileTable,
  smallBlocksTable,
  statesTables,
  stockSummary,
  stockTables,
  workloadsTable,
} from "./tables.ts";

function fill(file: string, sections: Record<string, string | undefined>): void {
  const path = fileURLToPath(new URL(file, import.meta.url));
  let text = readFileSync(path, "utf8");
  for (const [name, content] of Object.entries(sections)) {
    if (content === undefined) continue;
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [start, end] = [text.indexOf(open), text.indexOf(close)];
    if (start < 0 || end < start) throw new Error(`${file} lacks the markers ${open} and ${close}`);
    text = `${text.slice(0, start + open.length)}\n${content}\n${text.slice(end)}`;
  }
  writeFileSync(path, text);
  console.log(`${file} is up to date with bench/results`);
}

const stock = readResult<StockMeasurement>("stock");
const fresh = readResult<FreshProcessMeasurement>("fresh-process");
const memory = readResult<MemoryMeasurement>("memory");
const conformance = readResult<ConformanceMeasurement>("conformance");
const keys = readResult<KeysMeasurement>("keys");
const longRun = readResult<LongRunMeasurement>("long-run");
const small = readResult<SmallBlocksMeasurement>("small-blocks");
const states = readResult<StatesMeasurement>("states");
const node = readResult<NodeMeasurement>("node");
const remote = readResult<RemoteMeasurement>("remote");
const engines = readResult<EnginesMeasurement>("engines");
const precompiles = readResult<PrecompilesMeasurement>("precompiles");
const recovery = readResult<RecoveryMeasurement>("recovery");
const profile = readResult<ProfileMeasurement>("profile");
const hints = readResult<HintsMeasurement>("hints");
const simulate = readResult<SimulateMeasurement>("simulate");
const workloads = readResult<WorkloadsMeasurement>("workloads");
const peers = readResult<NodeMeasurement>("peers");
const hostile = readResult<HostileMeasurement>("hostile");
const hardhat = readResult<HardhatMeasurement>("hardhat");
fill("README.md", {
  workloads: workloads && `${formatEnvironment(workloads.environment)}\n\n${workloadsTable(workloads)}`,
  peers: peers && `${formatEnvironment(peers.environment)}\n\n${nodeTable(peers)}`,
  stock: stock && `${formatEnvironment(stock.environment)}\n\n${stockTables(stock)}`,
  "fresh-process": fresh && `${formatEnvironment(fresh.environment)}\n\n${freshProcessTable(fresh)}`,
  memory: memory && `${formatEnvironment(memory.environment)}\n\n${memoryLines(memory)}`,
  conformance:
    conformance && `${formatEnvironment(conformance.environment)}\n\n${conformanceLines(conformance)}`,
  keys: keys && `${formatEnvironment(keys.environment)}\n\n${keysTable(keys)}`,
  "long-run": longRun && `${formatEnvironment(longRun.environment)}\n\n${longRunTable(longRun)}`,
  "small-blocks": small && `${formatEnvironment(small.environment)}\n\n${smallBlocksTable(small)}`,
  engines: engines && `${formatEnvironment(engines.environment)}\n\n${enginesTable(engines)}`,
  precompiles:
    precompiles && `${formatEnvironment(precompiles.environment)}\n\n${precompilesTable(precompiles)}`,
  recovery: recovery && `${formatEnvironment(recovery.environment)}\n\n${recoveryTable(recovery)}`,
  hints: hints && `${formatEnvironment(hints.environment)}\n\n${hintsTable(hints)}`,
  states: states && `${formatEnvironment(states.environment)}\n\n${statesTables(states)}`,
  node: node && `${formatEnvironment(node.environment)}\n\n${nodeTable(node)}`,
  remote: remote && `${formatEnvironment(remote.environment)}\n\n${remoteTables(remote)}`,
  simulate: simulate && `${formatEnvironment(simulate.environment)}\n\n${simulateTable(simulate)}`,
  hostile: hostile && `${formatEnvironment(hostile.environment)}\n\n${hostileTable(hostile)}`,
  hardhat: hardhat && `${formatEnvironment(hardhat.environment)}\n\n${hardhatTable(hardhat)}`,
  profile: profile && `${formatEnvironment(profile.environment)}\n\n${profileTable(profile)}`,
});
fill("../README.md", { bench: stock && stockSummary(stock, fresh) });
