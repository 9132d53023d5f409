// The piscina worker: one task a block. Inside it the workers of a block collaborate through shared memory alone: they
// recover senders, then take units from the scheduler until all are committed.

import { workerData } from "node:worker_threads";
import { Kernel, StepCode } from "@braid/kernel";
import { serializeError } from "@braid/primitives";
import { BraidEvm } from "../engine/braid-evm.ts";
import { customCrypto } from "../engine/crypto.ts";
import { MemoizedCommon } from "../engine/memoized-common.ts";
import { CodeStore } from "../state/code-store.ts";
import { VersionedState } from "../state/versioned-state.ts";
import { SourceClient } from "./source-client.ts";
import type { ChainSetup, WorkerReport, WorkerSetup, WorkerTask } from "./task.ts";
import { UnitExecutor } from "./unit-executor.ts";

/** Longest sleep without work, in milliseconds: what is missed by a lost wake-up. */
const MAX_IDLE_MS = 1;

const source = new SourceClient();
const { shared, instances } = workerData as WorkerSetup;
/** Instance 0 is the main thread's. */
const kernel = Kernel.attach(shared, 1 + Atomics.add(new Int32Array(instances), 0, 1));
const engines = new Map<string, BraidEvm>();

/** One EVM a fork, kept for the blocks to come. */
async function engineFor(chain: ChainSetup): Promise<BraidEvm> {
  const known = engines.get(chain.key);
  if (known !== undefined) return known;
  const common = new MemoizedCommon({
    chain: chain.chain,
    hardfork: chain.hardfork,
    eips: chain.eips,
    customCrypto: await customCrypto(chain.hasBlobs),
  });
  const state = new VersionedState(kernel, new CodeStore(kernel, (hash) => source.fetchCode(hash)), source);
  const evm = await BraidEvm.create(common, state, {
    getBlock: async (number: number) => {
      const hash = await source.blockHash(BigInt(number));
      return { hash: () => hash };
    },
    putBlock: async () => {},
    shallowCopy() {
      return this;
    },
  });
  state.precompiles = new Set(
    [...evm.precompiles.keys()].map((address) => Number.parseInt(address.slice(-4), 16)),
  );
  engines.set(chain.key, evm);
  return evm;
}

/** Runs this worker's share of a block. */
export default async function runTask(task: WorkerTask): Promise<WorkerReport> {
  source.connect(task.port);
  try {
    const units = new UnitExecutor(kernel, await engineFor(task.chain), task);
    const begin = performance.now();
    for (let unit = kernel.recoverNext(); unit >= 0; unit = kernel.recoverNext()) units.recover(unit);
    const recovered = performance.now();
    const report: WorkerReport = { recoverMs: recovered - begin, executeMs: 0, idleMs: 0 };
    if (task.mode === "sequential") await runInOrder(units, task, report);
    else await runParallel(units, report);
    report.executeMs = performance.now() - recovered;
    return report;
  } finally {
    source.disconnect();
  }
}

/** Reports a failure that ends the block, and stops the other workers. */
function fail(unit: number, error: unknown, report: WorkerReport): void {
  report.failure = { unit, error: serializeError(error) };
  kernel.haltFailed(unit);
}

async function runParallel(units: UnitExecutor, report: WorkerReport): Promise<void> {
  for (;;) {
    const step = kernel.next();
    if (step === StepCode.Execute) {
      const unit = kernel.taskUnit();
      const incarnation = kernel.taskIncarnation();
      const end = await units.execute(unit, kernel.taskIsHead());
      if (end.kind === "done") {
        const flags = kernel.publishAll(unit, incarnation);
        if (flags < 0) return;
        kernel.finishExecution(unit, incarnation, flags);
      } else if (end.kind === "suspended") {
        if (end.blockingUnit >= 0) kernel.suspend(unit, incarnation, end.blockingUnit);
        else kernel.retryAtHead(unit, incarnation);
      } else if (end.kind === "failed") {
        fail(unit, end.error, report);
        return;
      } else return;
    } else if (step === StepCode.Idle) {
      const since = performance.now();
      kernel.idleWait(MAX_IDLE_MS);
      report.idleMs += performance.now() - since;
    } else return;
  }
}

/** All units that are not committed yet, in order, with nothing else running. */
async function runInOrder(units: UnitExecutor, task: WorkerTask, report: WorkerReport): Promise<void> {
  const count = task.offsets.length + 1;
  for (let unit = kernel.commitIndex(); unit < count; unit++) {
    const end = await units.execute(unit, true);
    if (end.kind === "failed") return fail(unit, end.error, report);
    if (end.kind !== "done") return;
    if (kernel.publishAll(unit, kernel.unitIncarnation(unit)) < 0) return;
    if (kernel.commitInOrder(unit) !== 0) return;
  }
}
