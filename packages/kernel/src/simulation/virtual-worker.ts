// A worker as a generator that yields between all calls into the kernel, so that a test decides who runs next; and what a
// finished simulated block has to look like.

import { Random } from "@braid/primitives";
import type { Kernel } from "../kernel.ts";
import {
  ADMITTED,
  HEAD_ONLY,
  PUBLISH_FAULT,
  PUBLISH_MORE,
  SLOT_HEAD,
  SLOT_HEAT,
  STATUS_COMMITTED,
  STEP_CONTINUE,
  STEP_EXECUTE,
  STEP_IDLE,
  UNIT_STATUS,
} from "../layout.ts";
import {
  accountRecord,
  type Fetch,
  fetchAccount,
  fetchSlot,
  Interrupted,
  KernelHost,
  Missing,
  putWord,
  slotLocation,
} from "./kernel-host.ts";
import {
  ACCOUNTS,
  blobsOf,
  isInvalid,
  type Room,
  runProgram,
  runSequentially,
  type SimulatedResult,
  SLOTS,
  UNIT_GAS,
} from "./program.ts";

export type WorkerState = "busy" | "idle";

/** Where workers leave what units wait for; none: they fetch it themselves. */
export type Requests = { unit: number; fetch: Fetch }[];

/** Who fetches what units wait for, with an instance of its own; sometimes without success. Ends when nothing is asked for. */
export function* virtualFetcher(
  kernel: Kernel,
  random: Random,
  requests: Requests,
): Generator<WorkerState, void> {
  while (requests.length > 0) {
    const [request] = requests.splice(random.below(requests.length), 1);
    if (request === undefined) return;
    const failed = random.below(8) === 0;
    yield "busy";
    if (!failed) request.fetch(kernel);
    yield "busy";
    kernel.unpark(request.unit, failed);
    yield "busy";
  }
}

/** Quiescent: makes the kernel ready for the simulated block `seed`, with some right and some wrong hints, and some hot slots. With `room` the block is built. */
export function prepareBlock(kernel: Kernel, seed: number, units: number, room?: Room): void {
  const random = new Random(seed ^ 0x5eed);
  kernel.resetState();
  kernel.resetBlock(units);
  if (room !== undefined) {
    kernel.setBlockGasLimit(BigInt(room.gas));
    kernel.setBuilding(room.blobs);
  }
  if (random.below(3) === 0) kernel.setSoloAfter(1 + random.below(units));
  if (random.below(2) === 0) kernel.setUnitFlags(units - 1, HEAD_ONLY);
  const some = (): number => (random.below(2) === 0 ? 0 : random.below(2 * units));
  const place = (): number => {
    const record = accountRecord(kernel, random.below(ACCOUNTS));
    const kinds = [
      kernel.balanceLocation(record),
      kernel.nonceLocation(record),
      kernel.codeHashLocation(record),
      kernel.storageResetLocation(record),
      slotLocation(kernel, record, random.below(SLOTS)),
    ];
    return kinds[random.below(kinds.length)] ?? 0;
  };
  for (let left = some(); left > 0; left--) kernel.hintEstimate(place(), random.below(units));
  for (let left = some(); left > 0; left--) {
    const location = place();
    // Small, as what the units write: some are right.
    putWord(kernel, 0, BigInt(random.below(4)));
    kernel.hintValue(location, random.below(units));
  }
  for (let left = random.below(2 * SLOTS); left > 0; left--) {
    const slot = slotLocation(kernel, accountRecord(kernel, random.below(ACCOUNTS)), random.below(SLOTS));
    kernel.u32[(slot - SLOT_HEAD + SLOT_HEAT) >>> 2] = 1 + random.below(5);
  }
}

function storeTrace(kernel: Kernel, unit: number, trace: number[]): boolean {
  const outcome = kernel.alloc(trace.length * 4);
  if (outcome === 0) return false;
  kernel.u32.set(trace, outcome >>> 2);
  kernel.setOutcome(unit, outcome, trace.length * 4, BigInt(trace.length));
  return true;
}

/** Publishes in single steps; false on a fault. */
function* publish(kernel: Kernel, unit: number, incarnation: number): Generator<WorkerState, number> {
  let more = kernel.exports.publishBegin(unit, incarnation);
  while (more === PUBLISH_MORE) {
    yield "busy";
    more = kernel.exports.publishNext();
  }
  yield "busy";
  return more === PUBLISH_FAULT ? PUBLISH_FAULT : kernel.exports.publishEnd(unit);
}

/** Executes one incarnation to its end: finished, suspended, or given up (now and then, as when a host call is impossible while speculating). */
function* execute(
  kernel: Kernel,
  seed: number,
  random: Random,
  { building, requests }: WorkerOptions,
): Generator<WorkerState, void> {
  const unit = kernel.taskUnit();
  const incarnation = kernel.taskIncarnation();
  const head = kernel.taskIsHead();
  kernel.beginIncarnation();
  if (building) {
    kernel.setUnitGasLimit(unit, BigInt(UNIT_GAS));
    kernel.setUnitBlobs(unit, blobsOf(seed, unit));
  }
  const parks = requests !== undefined && !kernel.isHeadOnly(unit);
  const host = new KernelHost(kernel, seed, unit, head, parks);
  const steps = runProgram(seed, unit, host);
  try {
    let step = steps.next();
    while (!step.done) {
      yield "busy";
      if (!head && random.below(200) === 0) {
        kernel.retryAtHead(unit, incarnation);
        return;
      }
      step = steps.next();
    }
    if (building && isInvalid(seed, step.value) && !head) {
      kernel.retryAtHead(unit, incarnation);
      return;
    }
    if (building && head && (isInvalid(seed, step.value) || kernel.admission(unit) !== ADMITTED)) {
      kernel.beginIncarnation();
      kernel.leaveOut(unit);
      kernel.setOutcome(unit, 0, 0, 0n);
    } else {
      host.collectWrites();
      if (!storeTrace(kernel, unit, step.value)) return;
    }
  } catch (error) {
    if (error instanceof Missing) {
      yield "busy";
      kernel.park(unit, incarnation);
      yield "busy";
      requests?.push({ unit, fetch: error.fetch });
      return;
    }
    if (!(error instanceof Interrupted)) throw error;
    if (error.blocking < 0) return;
    yield "busy";
    kernel.suspend(unit, incarnation, error.blocking);
    return;
  }
  yield "busy";
  const flags = yield* publish(kernel, unit, incarnation);
  if (flags === PUBLISH_FAULT) return;
  yield "busy";
  kernel.finishExecution(unit, incarnation, flags);
}

export interface WorkerOptions {
  building?: boolean;
  requests?: Requests | undefined;
}

/** Works on the block until the scheduler says that it is done or halted; answers that code. `take` gives the next step code. */
export function* virtualWorker(
  kernel: Kernel,
  seed: number,
  random: Random,
  take: () => number,
  options: WorkerOptions = {},
): Generator<WorkerState, number> {
  for (;;) {
    const code = take();
    if (code === STEP_EXECUTE) yield* execute(kernel, seed, random, options);
    else if (code !== STEP_CONTINUE && code !== STEP_IDLE) return code;
    yield code === STEP_IDLE ? "idle" : "busy";
  }
}

function finalWord(kernel: Kernel, location: number): number {
  kernel.finalValue(location);
  return Number(kernel.u64[kernel.scratch >>> 3]);
}

/** Quiescent: what the kernel holds behind the block, in the form of the sequential run. */
function readResult(kernel: Kernel, seed: number): SimulatedResult {
  const result: SimulatedResult = { traces: [], balances: [], nonces: [], codes: [], slots: [] };
  for (let unit = 0; unit < kernel.unitCount; unit++) {
    const at = kernel.outcomePtr(unit) >>> 2;
    if (kernel.isLeftOut(unit)) result.traces.push(null);
    else result.traces.push([...kernel.u32.subarray(at, at + kernel.outcomeLength(unit) / 4)]);
  }
  for (let account = 0; account < ACCOUNTS; account++) {
    fetchAccount(kernel, seed, account);
    const record = accountRecord(kernel, account);
    result.balances.push(finalWord(kernel, kernel.balanceLocation(record)));
    result.nonces.push(finalWord(kernel, kernel.nonceLocation(record)));
    result.codes.push(finalWord(kernel, kernel.codeHashLocation(record)));
    const slots: number[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      fetchSlot(kernel, seed, account, slot);
      slots.push(finalWord(kernel, slotLocation(kernel, record, slot)));
    }
    result.slots.push(slots);
  }
  return result;
}

/** Quiescent: undefined when the block came to the sequential result, else what differs. */
export function checkBlock(kernel: Kernel, seed: number, units: number, room?: Room): string | undefined {
  const { committed } = kernel.progress();
  if (committed !== units) return `${committed} of ${units} units are committed (halt ${kernel.haltReason})`;
  for (let unit = 0; unit < units; unit++) {
    if (kernel.unitField(unit, UNIT_STATUS) !== STATUS_COMMITTED) return `unit ${unit} is not committed`;
  }
  const expected = runSequentially(seed, units, room);
  const found = readResult(kernel, seed);
  for (let unit = 0; unit < units; unit++) {
    // What a unit observed has to hold against the finished memory, too.
    if (kernel.unitSets(unit) !== 0 && !kernel.validate(unit))
      return `the read set of unit ${unit} does not hold`;
  }
  if (JSON.stringify(found) === JSON.stringify(expected)) return undefined;
  return `expected ${JSON.stringify(expected)}\n   found ${JSON.stringify(found)}`;
}
