// Every family of contracts in every form: parallel is what stock ethereumjs came to one after the other, for 1 to 8 workers at three levels
// of contention. Small; `test:workloads` does the same at full size.
import { Executor } from "@braid/executor";
import { workloadNames } from "@braid/workloads";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CONTENTION, checkWorkload, WORKERS } from "./check.ts";

const SIZE = { users: 8, things: 2, transactions: 16 };

vi.setConfig({ testTimeout: 120_000 });

let executors: Executor[];
beforeAll(() => {
  executors = WORKERS.map((workers) => new Executor({ workers }));
});
afterAll(() => Promise.all(executors.map((executor) => executor.close())));

test.each(workloadNames())("%s", async (name) => {
  const { transactions, failed, differences } = await checkWorkload(name, SIZE, executors);
  expect(differences).toEqual([]);
  expect(transactions).toBe(SIZE.transactions * CONTENTION.length);
  // A workload whose transactions do nothing would pass too.
  expect(failed).toBeLessThan(transactions / 2);
});
