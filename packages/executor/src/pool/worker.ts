// The piscina worker: one task a block. Inside it the workers of a block collaborate through shared memory alone: they
// recover senders, then take units from the scheduler until all are committed.

import { Kernel, type KernelShared, StepCode } from "@braid/kernel";
import { serializeError } from "@braid/primitives";
import { isMainThread } from "node:worker_threads";
import { BraidEvm } from "../engine/braid-evm.ts";
import { customCrypto } from "../engine/crypto.ts";
import { MemoizedCommon } from "../engine/memoized-common.ts";
import { CodeStore } from "../state/code-store.ts";
import { VersionedState } from "../state/versioned-state.ts";
import { SourceClient } from "./source-client.ts";
import type { ChainSetup, WorkerReport, WorkerTask } from "./task.ts";
import { UnitExecutor } from "./unit-executor.ts";

/** Longest sleep without work, in milliseconds: what is missed by a lost wake-up. */
const MAX_IDLE_MS = 1;

const source = new SourceClient();
let kernel: { shared: KernelShared; instance: number; kernel: Kernel } | undefined;
const engines = new Map<string, { kernel: Kernel; evm: BraidEvm }>();

function attach(task: WorkerTask): Kernel {
  // A cloned memory is a new object over the same buffer.
  if (kernel === undefined || kernel.shared.memory.buffer !== task.shared.memory.buffer || kernel.instance !== task.instance) {
    kernel = { shared: task.shared, instance: task.instance, kernel: Kernel.attach(task.shared, task.instance) };
    engines.clear();
  }
  return kernel.kernel;
}

/** One EVM a fork, kept for the blocks to come. */
async function engineFor(chain: ChainSetup, attached: Kernel): Promise<BraidEvm> {
  const key = `${chain.chain.chainId}/${chain.chain.name}/${chain.hardfork}/${chain.eips.join()}`;
  const known = engines.get(key);
  if (known !== undefined && known.kernel === attached) return known.evm;
  const common = new MemoizedCommon({ chain: chain.chain, hardfork: chain.hardfork, eips: chain.eips, customCrypto: await customCrypto(chain.hasBlobs) });
  const state = new VersionedState(attached, new CodeStore(attached, (hash) => source.fetchCode(hash)), source);
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
  state.precompiles = new Set([...evm.precompiles.keys()].map((address) => Number.parseInt(address.slice(-4), 16)));
  engines.set(key, { kernel: attached, evm });
  return evm;
}

/** Runs this worker's share of a block. */
export default async function runTask(task: WorkerTask): Promise<WorkerReport> {
  if (isMainThread) throw new Error("a worker's task runs in a worker");
  const attached = attach(task);
  source.connect(task.port);
  try {
    const units = new UnitExecutor(attached, await engineFor(task.chain, attached), task);
    const begin = performance.now();
    for (let unit = attached.recoverNext(); unit >= 0; unit = attached.recoverNext()) units.recover(unit);
    const recovered = performance.now();
    const report: WorkerReport = { recoverMs: recovered - begin, executeMs: 0, idleMs: 0 };
    if (task.mode === "sequential") await runInOrder(attached, units, task, report);
    else await runParallel(attached, units, report);
    report.executeMs = performance.now() - recovered;
    return report;
  } finally {
    source.disconnect();
  }
}

/** Reports a failure that ends the block, and stops the other workers. */
function fail(attached: Kernel, unit: number, error: unknown, report: WorkerReport): void {
  report.failure = { unit, error: serializeError(error) };
  attached.haltFailed(unit);
}

async function runParallel(attached: Kernel, units: UnitExecutor, report: WorkerReport): Promise<void> {
  for (;;) {
    const step = attached.next();
    if (step === StepCode.Execute) {
      const unit = attached.taskUnit();
      const incarnation = attached.taskIncarnation();
      const end = await units.execute(unit, attached.taskIsHead());
      if (end.kind === "done") {
        const flags = attached.publishAll(unit, incarnation);
        if (flags < 0) return;
        attached.finishExecution(unit, incarnation, flags);
      } else if (end.kind === "suspended") {
        if (end.blockingUnit >= 0) attached.suspend(unit, incarnation, end.blockingUnit);
        else attached.retryAtHead(unit, incarnation);
      } else if (end.kind === "failed") {
        fail(attached, unit, end.error, report);
        return;
      } else return;
    } else if (step === StepCode.Idle) {
      const since = performance.now();
      attached.idleWait(MAX_IDLE_MS);
      report.idleMs += performance.now() - since;
    } else return;
  }
}

/** All units that are not committed yet, in order, with nothing else running. */
async function runInOrder(attached: Kernel, units: UnitExecutor, task: WorkerTask, report: WorkerReport): Promise<void> {
  const count = task.offsets.length + 1;
  for (let unit = attached.commitIndex(); unit < count; unit++) {
    const end = await units.execute(unit, true);
    if (end.kind === "failed") return fail(attached, unit, end.error, report);
    if (end.kind !== "done") return;
    if (attached.publishAll(unit, attached.unitIncarnation(unit)) < 0) return;
    if (attached.commitInOrder(unit) !== 0) return;
  }
}
