// A block on a state that is far away, on a server in another process that takes its time for every answer: read after read, with many reads in flight,
// and with its block access list; beside it ethereumjs's RPCStateManager and `anvil --fork-url`. What is asked for is counted by the server.
//
//   npx -y pnpm@12 bench:remote <a block of mainnet-blocks> [--delays 20,0.1] [--rounds 5] [--only "in flight,access list"]
import { parseArgs } from "node:util";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import { REMOTE_WAYS, type RemoteMeasurement, type RemoteRun, type RemoteWay } from "./measurements.ts";
import { DelayedNode } from "./remote-node.ts";
import { RemoteSides } from "./remote-sides.ts";
import { remoteTables } from "./remote-tables.ts";
import { writeResult } from "./results.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    delays: { type: "string", default: "20,0.1" },
    rounds: { type: "string", default: "5" },
    only: { type: "string" },
  },
});
const path = positionals[0] ?? "";
const only = values.only?.split(",");
const environment = describeEnvironment("bench:remote");
const sides = await RemoteSides.open(path);
const ways = REMOTE_WAYS.filter((way) => only?.includes(way) ?? !(way === "anvil" && sides.hasBlobs));
const measurement: RemoteMeasurement = {
  environment,
  block: Number(sides.block.number),
  transactions: sides.block.input.transactions.length,
  needed: sides.needed,
  delays: [],
};
for (const delayMs of values.delays.split(",").map(Number)) {
  const node = await DelayedNode.start(path, delayMs);
  const runs: Partial<Record<RemoteWay, RemoteRun[]>> = {};
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const way of ways) {
      const run = await sides.run(way, node);
      runs[way] = [...(runs[way] ?? []), run];
      console.error(`${delayMs} ms, ${way}: ${run.ms.toFixed(0)} ms`);
    }
  }
  measurement.delays.push({ delayMs, runs });
  node.close();
}
await sides.close();
console.log(formatEnvironment(environment));
console.log(remoteTables(measurement));
if (only === undefined) console.log(`written to ${writeResult("remote", measurement)}`);
