// The same as workloads.test.ts at full size: `npx -y pnpm@12 test:workloads [--only amm,amm-parallel] [--transactions 200] [--engine wasm]`.
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { workloadNames } from "@braid/workloads";
import { checkWorkload, WORKERS } from "./check.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    users: { type: "string", default: "200" },
    things: { type: "string", default: "20" },
    transactions: { type: "string", default: "200" },
    engine: { type: "string" },
  },
});
const size = {
  users: Number(values.users),
  things: Number(values.things),
  transactions: Number(values.transactions),
};
const executors = WORKERS.map((workers) => new Executor({ workers }));
let wrong = 0;
for (const name of values.only?.split(",") ?? workloadNames()) {
  const { transactions, failed, differences } = await checkWorkload(name, size, executors, values.engine);
  console.log(`${name}: ${transactions} transactions, ${failed} failed, ${differences.length} differences`);
  for (const difference of differences) console.log(`  ${difference}`);
  wrong += differences.length;
}
for (const executor of executors) await executor.close();
if (wrong > 0) process.exitCode = 1;
