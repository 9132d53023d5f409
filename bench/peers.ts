// Braid's node, anvil and Hardhat's EDR mining the same pre-signed transactions in turn: the block executed, rooted and sealed. Each node is a
// process of its own; the transactions are in its pool before the clock starts.
//
//   npx -y pnpm@12 bench:peers [--rounds 5] [--scale 1] [--only "1,000 transfers of ether"]
import { parseArgs } from "node:util";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { NodeMeasurement, NodeRow } from "./measurements.ts";
import { mine, type Outcome, putState } from "./node-rows.ts";
import { NODE_SIDES, type NodeSide, type RunningNode, startSide } from "./node-sides.ts";
import { peersWorkload } from "./peers-workload.ts";
import { writeResult } from "./results.ts";
import { nodeTable } from "./tables.ts";

/** Rounds that are not counted: in the first ones V8 still compiles. */
const WARM_UP = 2;
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    scale: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const environment = describeEnvironment("bench:peers");
const workload = await peersWorkload(Number(values.scale));
const jobs = workload.jobs.filter(({ name }) => values.only === undefined || name === values.only);
const rows: NodeRow[] = [];
const nodes: RunningNode[] = [];
try {
  for (const side of NODE_SIDES) nodes.push(await startSide(side, { mine: false }));
  for (const node of nodes) await putState(node, workload);
  for (const job of jobs) {
    const samples: NodeRow["samples"] = { braid: [], anvil: [], edr: [] };
    const outcomes = new Map<NodeSide, Outcome>();
    for (let round = 0; round < WARM_UP + rounds; round++)
      for (let i = 0; i < nodes.length; i++) {
        const node = nodes[(i + round) % nodes.length] as RunningNode; // in bounds
        const { mine: ms, outcome } = await mine(node, job);
        outcomes.set(node.side, outcome);
        if (round >= WARM_UP) samples[node.side].push(job.transactions.length / (ms / 1e3));
      }
    const [first, ...others] = [...outcomes].map(([side, outcome]) => [side, JSON.stringify(outcome, text)]);
    for (const [side, outcome] of others)
      if (outcome !== first?.[1])
        throw new Error(`${job.name}: ${side} does not come to what ${first?.[0]} comes to`);
    rows.push({ name: `mining ${job.name}`, unit: "transactions/s", samples });
    console.error(`mined ${job.name}`);
  }
} finally {
  for (const node of nodes) await node.close();
}

function text(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

const measurement: NodeMeasurement = { environment, rounds, rows };
console.log(formatEnvironment(environment));
console.log(nodeTable(measurement));
if (values.only === undefined) console.log(`written to ${writeResult("peers", measurement)}`);
