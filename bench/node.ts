// Braid's node beside anvil and Hardhat's EDR: mining, sending until there is a receipt, calls, memory. Each node is a process of its own; they take turns.
//
//   npx -y pnpm@12 bench:node [--rounds 5] [--sizes 1000,10000] [--transactions 1000] [--blocks 10000] [--only mine,send,call,process,memory] [--sides braid,anvil,edr]
//
// BRAID_PROFILE=<folder> writes V8's profiles of Braid's processes there.
import { parseArgs } from "node:util";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { NodeMeasurement, NodeRow } from "./measurements.ts";
import {
  answerRate,
  CHAIN_ID,
  grow,
  inProcess,
  mine,
  type Outcome,
  putState,
  sendToReceipt,
  transferCall,
} from "./node-rows.ts";
import { NODE_SIDES, type NodeSide, type RunningNode, startSide } from "./node-sides.ts";
import { nodeWorkload } from "./node-workload.ts";
import { writeResult } from "./results.ts";
import { median } from "./statistics.ts";
import { nodeTable } from "./tables.ts";

const CLIENTS = [1, 16];
/** Rounds that are not counted: in the first ones V8 still compiles Braid's code and EDR's JavaScript. */
const WARM_UP = 3;
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    sizes: { type: "string", default: "1000,10000" },
    transactions: { type: "string", default: "1000" },
    blocks: { type: "string", default: "10000" },
    only: { type: "string", default: "mine,send,call,process,memory" },
    sides: { type: "string", default: NODE_SIDES.join() },
  },
});
const rounds = Number(values.rounds);
const transactions = Number(values.transactions);
const blocks = Number(values.blocks);
const isWanted = (what: string): boolean => values.only.split(",").includes(what);
const sides = NODE_SIDES.filter((side) => values.sides.split(",").includes(side));
const environment = describeEnvironment("bench:node");
const rows: NodeRow[] = [];

function record(name: string, unit: NodeRow["unit"], side: NodeSide, sample: number): void {
  let row = rows.find((one) => one.name === name);
  if (row === undefined) {
    row = { name, unit, samples: { braid: [], anvil: [], edr: [] } };
    rows.push(row);
  }
  row.samples[side].push(sample);
}

/** Runs `use` on each of the nodes in turn, in an order that changes. */
async function takeTurns(
  nodes: readonly RunningNode[],
  use: (node: RunningNode, isCounted: boolean) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < WARM_UP + rounds; round++)
    for (let i = 0; i < nodes.length; i++)
      await use(nodes[(i + round) % nodes.length] as RunningNode, round >= WARM_UP);
}

async function withNodes(mines: boolean, use: (nodes: RunningNode[]) => Promise<void>): Promise<void> {
  const nodes: RunningNode[] = [];
  try {
    for (const side of sides) nodes.push(await startSide(side, { mine: mines }));
    await use(nodes);
  } finally {
    for (const node of nodes) await node.close();
  }
}

const workload = await nodeWorkload(values.sizes.split(",").map(Number), transactions);
console.error("transactions are signed");

if (isWanted("mine"))
  await withNodes(false, async (nodes) => {
    for (const node of nodes) await putState(node, workload);
    for (const job of workload.jobs) {
      const outcomes = new Map<NodeSide, Outcome>();
      const count = job.transactions.length;
      await takeTurns(nodes, async (node, isCounted) => {
        const { take, mine: ms, outcome } = await mine(node, job);
        outcomes.set(node.side, outcome);
        if (!isCounted) return;
        record(`mining ${job.name}`, "transactions/s", node.side, count / (ms / 1e3));
        record(
          `… sent over HTTP and mined: ${job.name}`,
          "transactions/s",
          node.side,
          count / ((take + ms) / 1e3),
        );
      });
      const [first, ...others] = [...outcomes];
      for (const [side, outcome] of others)
        if (JSON.stringify(outcome, bigints) !== JSON.stringify(first?.[1], bigints))
          throw new Error(`${job.name}: ${side} does not come to what ${first?.[0]} comes to`);
      console.error(`mined ${job.name}`);
    }
  });

if (isWanted("send"))
  await withNodes(true, async (nodes) => {
    for (const clients of CLIENTS)
      await takeTurns(nodes, async (node, isCounted) => {
        const rate = await sendToReceipt(node, clients, Math.ceil(transactions / 2 / clients));
        if (isCounted)
          record(`send to receipt over HTTP, ${clientsOf(clients)}`, "transactions/s", node.side, rate);
      });
    console.error("sent");
  });

if (isWanted("call"))
  await withNodes(true, async (nodes) => {
    for (const node of nodes) await putState(node, workload);
    const requests = [
      [transferCall(workload), "eth_call (a token's transfer)"],
      [CHAIN_ID, "eth_chainId (the server alone)"],
    ] as const;
    for (const [request, name] of requests)
      for (const clients of CLIENTS)
        await takeTurns(nodes, async (node, isCounted) => {
          const rate = await answerRate(node, request, clients, Math.ceil((4 * transactions) / clients));
          if (isCounted) record(`${name}, ${clientsOf(clients)}`, "calls/s", node.side, rate);
        });
    console.error("called");
  });

if (isWanted("process"))
  for (let round = 0; round < rounds; round++)
    for (const side of sides) {
      if (side === "anvil") continue;
      const ms = await inProcess(side, 2 * transactions);
      // The second half: code is warm.
      record("one transaction after the other, in process", "ms", side, median(ms.slice(transactions)));
    }

if (isWanted("memory"))
  for (const side of sides) {
    const node = await startSide(side, { mine: true });
    try {
      const { before, after, ms } = await grow(node, blocks);
      record(`resident before ${blocks.toLocaleString("en")} blocks`, "MiB", side, before);
      record(`resident after ${blocks.toLocaleString("en")} blocks of one transfer`, "MiB", side, after);
      record(`a block in that run, sent and its receipt read over HTTP`, "ms", side, ms / blocks);
    } finally {
      await node.close();
    }
  }

function clientsOf(count: number): string {
  return count === 1 ? "one client" : `${count} clients`;
}

function bigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

const measurement: NodeMeasurement = { environment, rounds, rows };
console.log(formatEnvironment(environment));
console.log(nodeTable(measurement));
if (sides.length === NODE_SIDES.length) console.log(`written to ${writeResult("node", measurement)}`);
