// The scheduler's rules one by one, with two instances in one thread.

import { beforeEach, expect, test } from "vitest";
import { Kernel } from "./kernel.ts";
import {
  ADMITTED,
  HALT_ADMISSION,
  HALT_CANCELLED,
  HALT_ERROR,
  HALT_WORKER_DIED,
  HEAD_ONLY,
  READ_ESTIMATE,
  READ_OK,
  REFUSED_BLOBS,
  REFUSED_GAS,
  STATUS_COMMITTED,
  STATUS_EXECUTING,
  STATUS_READY,
  STATUS_SUSPENDED,
  STEP_CONTINUE,
  STEP_HALTED,
  UNIT_ABORTS,
  UNIT_EXECUTIONS,
  UNIT_STATUS,
  UNIT_SUSPENSIONS,
  WORD_LOCK,
} from "./layout.ts";
import { StepCode } from "./status.ts";

const main = Kernel.create({
  blockArenaBytes: 4 << 20,
  stateArenaBytes: 1 << 20,
  maxWorkers: 3,
  bucketBits: 4,
});
const [a, b, c] = [1, 2, 3].map((i) => Kernel.attach(main.shared, i)) as [Kernel, Kernel, Kernel];
let location = 0;

beforeEach(() => reset(4));

function reset(units: number): void {
  main.resetState();
  main.resetBlock(units);
  const { scratch } = main;
  main.u8.fill(0, scratch, scratch + 96);
  main.flatPutAccount(scratch, true, false, 0n, scratch + 32, scratch + 64);
  location = main.balanceLocation(main.account());
}

/** The instance claims a unit, which has to be this one. */
function claim(kernel: Kernel, unit: number): void {
  expect(kernel.next()).toBe(StepCode.Execute);
  expect(kernel.taskUnit()).toBe(unit);
  kernel.beginIncarnation();
}

interface Finish {
  write?: bigint;
  read?: boolean;
  gasUsed?: bigint;
}

/** What the instance has claimed reads and writes the one location, and is finished. */
function finish(kernel: Kernel, unit: number, { write, read, gasUsed = 0n }: Finish = {}): number {
  const incarnation = main.unitIncarnation(unit);
  if (read) kernel.read(location, unit);
  if (write !== undefined) {
    kernel.u64.fill(0n, kernel.scratch >>> 3, (kernel.scratch + 32) >>> 3);
    kernel.u64[kernel.scratch >>> 3] = write;
    kernel.writeValue(location);
  }
  kernel.setOutcome(unit, 0, 0, gasUsed);
  return kernel.finishExecution(unit, incarnation, kernel.publishAll(unit, incarnation));
}

const status = (unit: number) => main.unitField(unit, UNIT_STATUS);

test("units are handed out lowest first and committed in order", () => {
  claim(a, 0);
  expect(a.taskIsHead()).toBe(true);
  claim(b, 1);
  expect(b.taskIsHead()).toBe(false);
  finish(b, 1);
  claim(b, 2);
  expect(main.commitIndex()).toBe(0);
  finish(a, 0);
  claim(a, 3);
  expect(main.commitIndex()).toBe(2);
  finish(a, 3);
  finish(b, 2);
  expect(b.next()).toBe(StepCode.Done);
  expect(main.commitIndex()).toBe(4);
  expect(a.next()).toBe(StepCode.Done);
  expect(main.progress()).toMatchObject({ executions: 4, aborts: 0, suspensions: 0 });
});

test("a stale read is aborted and executed again", () => {
  claim(a, 0);
  claim(b, 1);
  finish(b, 1, { read: true });
  finish(a, 0, { write: 7n });
  claim(a, 1);
  expect(a.taskIncarnation()).toBe(1);
  expect(a.taskIsHead()).toBe(true);
  expect(main.unitField(1, UNIT_ABORTS)).toBe(1);
  finish(a, 1, { read: true });
  claim(a, 2);
  expect(main.commitIndex()).toBe(2);
});

/** While `a` executes the unit below, `b` executes this one on what it finds; then `a` has it as the head. */
function speculateInVain(unit: number): void {
  claim(b, unit);
  finish(b, unit, { read: true });
  finish(a, unit - 1, { write: BigInt(unit) });
  claim(a, unit);
  expect(a.taskIncarnation()).toBe(1);
}

/** `a` goes on from the head that it executes to another one, and meanwhile there is nothing for `b`. */
function goOnAlone(from: number, to: number): void {
  for (let unit = from; unit < to; unit++) {
    expect(b.next()).toBe(StepCode.Idle);
    finish(a, unit);
    claim(a, unit + 1);
  }
}

/** What `a` has claimed is committed, and it has the next one. */
function goOn(unit: number): void {
  finish(a, unit);
  claim(a, unit + 1);
}

test("after three units that were speculated on in vain the next eight are executed in order", () => {
  reset(40);
  claim(a, 0);
  for (const unit of [1, 2, 3]) speculateInVain(unit);
  goOn(3);
  goOnAlone(4, 12);
  // Speculation is tried again, and when it holds the failures are forgotten.
  claim(b, 13);
  finish(b, 13);
  finish(a, 12);
  claim(a, 14);
  expect(main.commitIndex()).toBe(14);
  speculateInVain(15);
  goOn(15);
  claim(b, 17);
});

test("a further speculation in vain doubles the time until the next one", () => {
  reset(60);
  claim(a, 0);
  for (const unit of [1, 2, 3]) speculateInVain(unit);
  goOn(3);
  goOnAlone(4, 12);
  speculateInVain(13);
  goOn(13);
  goOnAlone(14, 30);
  claim(b, 31);
});

test("of several workers each may fail three times: what runs at the same time fails at the same time", () => {
  reset(40);
  for (const kernel of [a, b]) kernel.meet(0, 0);
  claim(a, 0);
  for (const unit of [1, 2, 3, 4, 5]) speculateInVain(unit);
  goOn(5);
  speculateInVain(7);
  goOn(7);
  goOnAlone(8, 16);
  claim(b, 17);
});

test("a unit that waited in vain counts too", () => {
  reset(40);
  claim(a, 0);
  for (const unit of [1, 2, 3]) {
    claim(b, unit);
    b.suspend(unit, 0, unit - 1);
    goOn(unit - 1);
  }
  goOn(3);
  expect(b.next()).toBe(StepCode.Idle);
});

/** A slot that a unit has read too early and writes. */
function hotSlot(): number {
  main.u8.fill(0, main.scratch, main.scratch + 64);
  const slot = main.slot(main.account());
  main.flatPutSlot(main.flatFindAccount(main.scratch), main.scratch, main.scratch + 32);
  location = slot;
  claim(a, 0);
  claim(b, 1);
  finish(b, 1, { read: true, write: 2n });
  finish(a, 0, { write: 1n });
  claim(a, 1);
  return slot;
}

test("who reads a hot slot is expected to write it: readers above it wait", () => {
  reset(10);
  const slot = hotSlot();
  finish(a, 1, { read: true, write: 2n });
  claim(a, 2);
  claim(b, 3);
  expect(a.read(slot, 2)).toBe(READ_OK);
  expect(b.read(slot, 3)).toBe(READ_ESTIMATE);
  expect(b.blockingUnit()).toBe(2);
  b.suspend(3, 0, 2);
  // It waits itself, and those above it wait for it: they go one after the other.
  claim(b, 4);
  expect(b.read(slot, 4)).toBe(READ_ESTIMATE);
  expect(b.blockingUnit()).toBe(3);
  b.suspend(4, 0, 3);
  finish(a, 2, { write: 3n });
  claim(a, 3);
  expect(a.read(slot, 3)).toBe(READ_OK);
  expect(a.u64[a.scratch >>> 3]).toBe(3n);
  expect(main.progress()).toMatchObject({ aborts: 1, suspensions: 2 });
});

test("a slot that is read and not written is hot no more, and nobody waits for what does not come", () => {
  reset(10);
  const slot = hotSlot();
  finish(a, 1, { read: true, write: 2n });
  claim(a, 2);
  claim(b, 3);
  a.read(slot, 2);
  expect(b.read(slot, 3)).toBe(READ_ESTIMATE);
  b.suspend(3, 0, 2);
  finish(a, 2);
  claim(a, 3);
  expect(a.read(slot, 3)).toBe(READ_OK);
  expect(a.u64[a.scratch >>> 3]).toBe(2n);
  finish(a, 3);
  claim(a, 4);
  claim(b, 5);
  a.read(slot, 4);
  expect(b.read(slot, 5)).toBe(READ_OK);
});

test("early validation passes over assumptions, the commit does not", () => {
  claim(a, 0);
  claim(b, 1);
  const { scratch, u64 } = b;
  u64.fill(0n, scratch >>> 3, (scratch + 64) >>> 3);
  u64[scratch >>> 3] = 7n;
  u64[(scratch + 32) >>> 3] = 7n;
  b.logAssumption(location);
  finish(b, 1);
  // It does not hold yet, but unit 0 may still make it true.
  claim(b, 2);
  expect(main.unitField(1, UNIT_ABORTS)).toBe(0);
  finish(a, 0, { write: 8n });
  claim(a, 1);
  expect(a.taskIsHead()).toBe(true);
  expect(main.unitField(1, UNIT_ABORTS)).toBe(1);
});

test("an aborted unit's writes are estimates, and who meets them waits until it has been executed again", () => {
  claim(a, 0);
  claim(b, 1);
  finish(b, 1, { read: true, write: 1n });
  finish(a, 0, { write: 7n });
  claim(a, 1);
  claim(b, 2);
  expect(b.read(location, 2)).toBe(2);
  expect(b.blockingUnit()).toBe(1);
  b.suspend(2, 0, 1);
  expect(status(2)).toBe(STATUS_SUSPENDED);
  claim(b, 3);
  finish(a, 1, { read: true, write: 1n });
  expect(status(2)).toBe(STATUS_READY);
  claim(a, 2);
  expect(a.taskIncarnation()).toBe(1);
  expect(main.unitField(2, UNIT_SUSPENSIONS)).toBe(1);
});

test("suspending on a unit that has finished meanwhile is ready at once", () => {
  claim(a, 0);
  claim(b, 1);
  finish(a, 0);
  b.suspend(1, 0, 0);
  expect(status(1)).toBe(STATUS_READY);
  claim(b, 1);
});

test("a unit for the head waits until everything below it is committed", () => {
  main.setUnitFlags(1, HEAD_ONLY);
  claim(a, 0);
  claim(b, 2);
  finish(b, 2);
  claim(b, 3);
  finish(b, 3);
  expect(b.next()).toBe(StepCode.Idle);
  finish(a, 0);
  claim(a, 1);
  expect(a.taskIsHead()).toBe(true);
});

test("an expected dependent is claimed only after what it depends on, and then by whoever finished that", () => {
  main.setUnitAfter(1, 0);
  main.setUnitAfter(3, 1);
  claim(a, 0);
  claim(b, 2);
  finish(a, 0);
  claim(a, 1);
  finish(b, 2);
  expect(b.next()).toBe(StepCode.Idle);
  finish(a, 1);
  claim(a, 3);
});

test("an expectation about a higher unit is passed over", () => {
  main.setUnitAfter(0, 1);
  claim(a, 0);
});

test("retryAtHead gives an incarnation up until it is the head's turn", () => {
  claim(a, 0);
  claim(b, 1);
  b.retryAtHead(1, 0);
  expect(status(1)).toBe(STATUS_READY);
  claim(b, 2);
  finish(a, 0);
  claim(a, 1);
  expect(a.taskIsHead()).toBe(true);
  expect(a.taskIncarnation()).toBe(1);
});

test("only the current incarnation of an executing unit can be finished or given up", () => {
  claim(a, 0);
  expect(a.finishExecution(0, 1, 0)).toBe(-1);
  expect(a.finishExecution(1, 0, 0)).toBe(-1);
  expect(a.suspend(0, 1, 0)).toBe(-1);
  expect(a.retryAtHead(0, 1)).toBe(-1);
  expect(status(0)).toBe(STATUS_EXECUTING);
  expect(finish(a, 0)).toBe(STEP_CONTINUE);
  expect(a.finishExecution(0, 0, 0)).toBe(-1);
});

test("admission: a gas limit above what the block has left halts, exactly as in sequence", () => {
  main.setBlockGasLimit(100n);
  main.setUnitGasLimit(1, 60n);
  main.setUnitGasLimit(2, 50n);
  claim(a, 0);
  finish(a, 0);
  claim(a, 1);
  finish(a, 1, { gasUsed: 60n });
  claim(a, 2);
  finish(a, 2, { gasUsed: 40n });
  expect(a.next()).toBe(StepCode.Halted);
  expect([main.haltReason, main.haltUnit]).toEqual([HALT_ADMISSION, 2]);
  expect(main.cumulativeGas).toBe(60n);
});

test("admission: exactly what is left is enough, and units without a limit are not asked", () => {
  main.setBlockGasLimit(100n);
  main.setUnitGasLimit(1, 60n);
  main.setUnitGasLimit(2, 50n);
  for (const [unit, gasUsed] of [0n, 50n, 50n, 0n].entries()) {
    claim(a, unit);
    finish(a, unit, { gasUsed });
  }
  expect(a.next()).toBe(StepCode.Done);
  expect(main.cumulativeGas).toBe(100n);
});

test("building: a unit that the block has no room for is run again as the head, and left out there", () => {
  main.setBlockGasLimit(100n);
  main.setBuilding(2);
  main.setUnitGasLimit(1, 60n);
  main.setUnitGasLimit(2, 50n);
  main.setUnitBlobs(1, 1);
  main.setUnitBlobs(3, 2);
  claim(a, 0);
  claim(b, 1);
  finish(b, 1, { gasUsed: 60n });
  claim(b, 2);
  finish(b, 2, { gasUsed: 40n });
  finish(a, 0);
  claim(a, 2);
  expect(a.taskIsHead()).toBe(true);
  expect(main.haltReason).toBe(0);
  expect(main.admission(2)).toBe(REFUSED_GAS);
  a.leaveOut(2);
  expect(main.admission(2)).toBe(ADMITTED);
  finish(a, 2, { gasUsed: 0n });
  claim(a, 3);
  expect(main.admission(3)).toBe(REFUSED_BLOBS);
  a.leaveOut(3);
  finish(a, 3, { gasUsed: 0n });
  expect(a.next()).toBe(StepCode.Done);
  expect(main.cumulativeGas).toBe(60n);
  expect([0, 1, 2, 3].map((unit) => main.isLeftOut(unit))).toEqual([false, false, true, true]);
});

test("admission is checked in sequential execution, too, and the largest limit does not wrap around", () => {
  main.setBlockGasLimit(100n);
  main.setUnitGasLimit(1, (1n << 64n) - 1n);
  main.setOutcome(0, 0, 0, 5n);
  expect(main.commitInOrder(1)).toBe(-1);
  expect(main.commitInOrder(0)).toBe(0);
  expect(main.commitInOrder(1)).toBe(HALT_ADMISSION);
  expect(main.commitIndex()).toBe(1);
});

test("sequential execution commits unit after unit", () => {
  for (let unit = 0; unit < 4; unit++) {
    main.beginIncarnation();
    main.read(location, unit);
    expect(main.u64[main.scratch >>> 3]).toBe(BigInt(unit));
    main.u64[main.scratch >>> 3] = BigInt(unit + 1);
    main.writeValue(location);
    main.publishAll(unit, main.unitIncarnation(unit));
    expect(main.commitInOrder(unit)).toBe(0);
    expect(status(unit)).toBe(STATUS_COMMITTED);
    expect(main.unitField(unit, UNIT_EXECUTIONS)).toBe(1);
  }
  expect(main.next()).toBe(StepCode.Done);
});

test("solo: the caller goes on, the others are done", () => {
  claim(a, 0);
  claim(b, 1);
  b.solo();
  expect(c.next()).toBe(StepCode.Done);
  finish(a, 0);
  expect(a.next()).toBe(StepCode.Done);
  finish(b, 1);
  for (const unit of [2, 3]) {
    claim(b, unit);
    expect(b.taskIsHead()).toBe(true);
    finish(b, unit);
  }
  expect(b.next()).toBe(StepCode.Done);
  expect(main.commitIndex()).toBe(4);
});

test("solo from the main thread chooses the first worker", () => {
  main.solo();
  expect(main.isSolo).toBe(true);
  expect(b.next()).toBe(StepCode.Done);
  claim(a, 0);
});

test("setSoloAfter: too many aborts and suspensions leave the worker that noticed", () => {
  main.setSoloAfter(1);
  claim(a, 0);
  claim(b, 1);
  finish(b, 1, { read: true });
  claim(b, 2);
  b.suspend(2, 0, 0);
  expect(main.isSolo).toBe(false);
  finish(a, 0, { write: 1n });
  claim(a, 1);
  expect(main.unitField(1, UNIT_ABORTS)).toBe(1);
  expect(main.isSolo).toBe(true);
  expect(b.next()).toBe(StepCode.Done);
  finish(a, 1);
  claim(a, 2);
});

test("the first halt wins and stops every step", () => {
  claim(a, 0);
  b.haltFailed(3);
  main.halt(HALT_CANCELLED, 1);
  expect([main.haltReason, main.haltUnit]).toEqual([HALT_ERROR, 3]);
  expect(b.next()).toBe(StepCode.Halted);
  finish(a, 0);
  expect(a.next()).toBe(StepCode.Halted);
});

test("a worker that died with the scheduler lock: the others leave, one recovers", () => {
  claim(a, 0);
  finish(a, 0, { write: 3n });
  claim(a, 1);
  expect(main.commitIndex()).toBe(1);
  a.read(location, 1);
  // Its writes are half published when it dies inside the lock.
  a.u64[a.scratch >>> 3] = 9n;
  a.writeValue(location);
  a.exports.publishBegin(1, 0);
  a.exports.publishNext();
  Atomics.store(main.u32, WORD_LOCK >>> 2, 2);
  claimBlocked();
  main.recoverAfterDeath();
  expect(main.haltReason).toBe(0);
  main.peek(location, 4);
  expect(main.u64[main.scratch >>> 3]).toBe(3n);
  for (const unit of [1, 2, 3]) {
    claim(b, unit);
    finish(b, unit, { read: true });
  }
  expect(b.next()).toBe(StepCode.Done);
});

/** Someone else wants a unit while the lock is held; the main thread halts (before, as one thread cannot do both at once). */
function claimBlocked(): void {
  main.halt(HALT_WORKER_DIED, 0);
  expect(b.finishExecution(2, 0, 0)).toBe(STEP_HALTED);
  expect(b.next()).toBe(StepCode.Halted);
}

test("recoverNext and settleNext hand out the transactions, each once", () => {
  const units = [a, b, a, b].map((kernel) => kernel.recoverNext());
  expect(units).toEqual([1, 2, -1, -1]);
  expect([b, a, b].map((kernel) => kernel.settleNext())).toEqual([1, 2, -1]);
  main.resetBlock(3);
  expect([a.recoverNext(), a.settleNext(), b.settleNext()]).toEqual([1, 1, -1]);
});

test("instances meet, and whoever comes alone does not wait for ever", () => {
  const begin = performance.now();
  a.meet(2, 20);
  expect(performance.now() - begin).toBeGreaterThan(15);
  const late = performance.now();
  b.meet(2, 60_000);
  c.meet(1, 60_000);
  main.resetBlock(3);
  a.meet(1, 60_000);
  expect(performance.now() - late).toBeLessThan(10_000);
});

test("senders are kept by unit", () => {
  const sender = new Uint8Array(20).map((_, i) => i + 1);
  expect(main.sender(1)).toBeUndefined();
  a.setSender(1, sender);
  expect(main.sender(1)).toEqual(sender);
  expect(main.sender(2)).toBeUndefined();
  expect([0, 1, 2].map((unit) => b.senderStatus(unit))).toEqual([0, 1, 0]);
});

test("waiting ends when another worker finds more work than it takes", () => {
  reset(6);
  main.setUnitFlags(1, HEAD_ONLY);
  for (const unit of [2, 3, 4, 5]) main.setUnitFlags(unit, HEAD_ONLY);
  claim(a, 0);
  expect(b.next()).toBe(StepCode.Idle);
  const begin = performance.now();
  b.idleWait(20);
  expect(performance.now() - begin).toBeGreaterThan(15);
  expect(b.next()).toBe(StepCode.Idle);
  main.halt(HALT_CANCELLED, 0);
  b.idleWait(10_000);
  expect(b.next()).toBe(StepCode.Halted);
});

test("resetBlock forgets a run, whatever became of it", () => {
  claim(a, 0);
  claim(b, 1);
  main.solo();
  main.halt(HALT_CANCELLED, 1);
  Atomics.store(main.u32, WORD_LOCK >>> 2, 2);
  reset(2);
  expect(main.isSolo).toBe(false);
  expect(main.progress()).toEqual({
    committed: 0,
    executions: 0,
    aborts: 0,
    suspensions: 0,
    validations: 0,
    misses: 0,
  });
  for (const unit of [0, 1]) {
    claim(c, unit);
    finish(c, unit, { read: true });
  }
  expect(c.next()).toBe(StepCode.Done);
});
