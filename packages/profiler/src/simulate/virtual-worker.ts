// A worker in virtual time. It makes the calls of executor/src/pool/run-units.ts on an instance of the real kernel; in place of the engine it reads and
// writes what the profile says, spread over the time that the unit took.

import {
  ENTRY_DATA,
  ENTRY_NEXT,
  ENTRY_UNIT,
  ESTIMATE_TAG,
  INSTANCE_FAILED_LOCATION,
  INSTANCE_PENDING,
  INSTANCE_PENDING_UNIT,
  type Kernel,
  PENDING_COMMIT,
  PENDING_INVALID,
  PENDING_OWN,
  PeekStatus,
  StepCode,
  WORD_ABORTS,
  WORD_COMMIT_INDEX,
  WORD_VALIDATION_INDEX,
  WORD_VALIDATIONS,
  WORD_WAITERS,
  WORD_WAKE,
} from "@braid/kernel";
import type { SchedulerCosts } from "./costs.ts";
import type { VirtualBlock, VirtualRead, VirtualUnit } from "./virtual-block.ts";
import { compareLimbs, type Limbs, limbsOf, putLimbs } from "./words.ts";

const MAX = limbsOf((1n << 256n) - 1n);
const ZERO = limbsOf(0n);
/** As the workers have it: sleep without work, in milliseconds. */
const IDLE_MS = 1;
const MAX_IDLE_MS = 8;

/** Why an incarnation was in vain. */
export interface Conflict {
  /** "abort": it was executed, and what it had read does not hold; "suspension": it met a value that is about to be written again. */
  kind: "abort" | "suspension";
  unit: number;
  incarnation: number;
  /** Index of the location; -1 when the block has none of its own there. */
  location: number;
  /** Who wrote, or is about to write, what it should have read; undefined: nobody before it. */
  writer: number | undefined;
  at: number;
}

/** What a worker did from one time to another, in milliseconds since the workers began. */
export interface Span {
  worker: number;
  kind: "recover" | "execute" | "validate" | "wait" | "settle";
  unit: number;
  incarnation: number;
  from: number;
  to: number;
}

/** Whoever wants to know what happens. */
export interface Observer {
  conflict(conflict: Conflict): void;
  span?(span: Span): void;
  commit?(unit: number, worker: number, at: number): void;
}

/** An incarnation that is under way. */
interface Incarnation {
  unit: number;
  number: number;
  begin: number;
  /** How many reads were made. */
  read: number;
  /** It has seen a value that is not the one it will see in the end. */
  wrong: boolean;
}

type Phase = "recover" | "step" | "incarnation" | "idle" | "settle" | "done";

export class VirtualWorker {
  readonly index: number;
  readonly #kernel: Kernel;
  readonly #block: VirtualBlock;
  readonly #costs: SchedulerCosts;
  readonly #observer: Observer;
  #phase: Phase = "recover";
  #incarnation: Incarnation | undefined;
  /** Registered among those who wait, since when, and at which wake epoch. */
  #waiting = false;
  #idleSince = 0;
  #epoch = 0;
  #idleMs = IDLE_MS;
  /** The workers of the block; set before it begins. */
  crew: readonly VirtualWorker[] = [];
  /** When it acts next. */
  time: number;
  busyMs = 0;
  idleMs = 0;

  constructor(
    index: number,
    kernel: Kernel,
    block: VirtualBlock,
    costs: SchedulerCosts,
    observer: Observer,
    begin: number,
  ) {
    this.index = index;
    this.#kernel = kernel;
    this.#block = block;
    this.#costs = costs;
    this.#observer = observer;
    this.time = begin;
  }

  /** Makes itself known, as the workers of a block do before they begin. */
  meet(): void {
    this.#kernel.meet(0, 0);
  }

  get isDone(): boolean {
    return this.#phase === "done";
  }

  get isAtWork(): boolean {
    return this.#phase !== "idle" && this.#phase !== "done";
  }

  /** How long something takes that takes so long alone. */
  #shared(ms: number): number {
    return this.crew.some((one) => one !== this && one.isAtWork) ? ms * this.#costs.sharing : ms;
  }

  #word(ptr: number): number {
    return this.#kernel.u32[ptr >>> 2] as number;
  }

  #span(kind: Span["kind"], unit: number, incarnation: number, from: number, to: number): void {
    if (to > from) this.#observer.span?.({ worker: this.index, kind, unit, incarnation, from, to });
  }

  /** Does what it has to do at its time, and sets the next one. */
  act(): void {
    if (this.#phase === "recover") this.#recover();
    else if (this.#phase === "incarnation") this.#goOn();
    else if (this.#phase === "settle") this.#settle();
    else this.#step();
  }

  /** Something may have become work at `now`. */
  wake(now: number): void {
    if (this.#phase !== "idle" || this.#word(WORD_WAKE) === this.#epoch) return;
    const { spin, wakeSpinning, wakeSleeping } = this.#costs;
    const latency = now - this.#idleSince <= spin ? wakeSpinning : wakeSleeping;
    this.time = Math.min(this.time, now + latency);
  }

  #spend(ms: number): void {
    this.time += ms;
    this.busyMs += ms;
  }

  #recover(): void {
    const unit = this.#kernel.recoverNext();
    if (unit < 0) {
      this.#phase = "step";
      return;
    }
    const begin = this.time;
    this.#spend(this.#shared((this.#block.units[unit] as VirtualUnit).recoverMs));
    this.#span("recover", unit, 0, begin, this.time);
  }

  #settle(): void {
    const unit = this.#kernel.settleNext();
    if (unit < 0) {
      this.#phase = "done";
      return;
    }
    const begin = this.time;
    this.#spend(this.#shared((this.#block.units[unit] as VirtualUnit).settleMs));
    this.#span("settle", unit, 0, begin, this.time);
  }

  #step(): void {
    const kernel = this.#kernel;
    if (this.#phase === "idle") this.#endIdle();
    const area = kernel.scratch;
    const pending = this.#word(area + INSTANCE_PENDING);
    const pendingUnit = this.#word(area + INSTANCE_PENDING_UNIT);
    const failedAt = this.#word(area + INSTANCE_FAILED_LOCATION);
    const [aborts, validations] = [this.#word(WORD_ABORTS), this.#word(WORD_VALIDATIONS)];
    const commit = this.#word(WORD_COMMIT_INDEX);
    const validationIndex = Math.max(this.#word(WORD_VALIDATION_INDEX), commit);
    const begin = this.time;
    const code = kernel.exports.step();
    this.#spend(this.#costs.step);
    if (this.#word(WORD_VALIDATIONS) !== validations) {
      const now = this.#word(area + INSTANCE_PENDING);
      // Which unit it was: the one that was just executed here, the one at the head, or the next one whose turn it was.
      const unit = pending === PENDING_OWN ? pendingUnit : now === PENDING_COMMIT ? commit : validationIndex;
      const reads = this.#block.units[unit]?.reads.length ?? 0;
      this.#spend(reads * this.#costs.validatedRead);
      this.#span("validate", unit, 0, begin, this.time);
    }
    if (pending === PENDING_COMMIT && this.#word(WORD_COMMIT_INDEX) > commit)
      this.#observer.commit?.(commit, this.index, this.time);
    if (this.#word(WORD_ABORTS) !== aborts && (pending === PENDING_COMMIT || pending === PENDING_INVALID))
      this.#noteConflict("abort", pendingUnit, kernel.unitIncarnation(pendingUnit), failedAt);
    if (code === StepCode.Continue) return;
    if (code === StepCode.Idle) this.#becomeIdle();
    else if (code === StepCode.Execute) {
      this.#stopWaiting();
      this.#idleMs = IDLE_MS;
      const unit = kernel.taskUnit();
      kernel.beginIncarnation();
      const number = this.#word(area + 4);
      this.#incarnation = { unit, number, begin: this.time, read: 0, wrong: false };
      this.#phase = "incarnation";
      this.#planNext();
    } else {
      this.#stopWaiting();
      this.#phase = kernel.commitIndex() >= kernel.unitCount ? "settle" : "done";
    }
  }

  /** First it registers among those who wait, and looks once more; then it waits. */
  #becomeIdle(): void {
    if (!this.#waiting) {
      this.#kernel.u32[WORD_WAITERS >>> 2] = this.#word(WORD_WAITERS) + 1;
      this.#waiting = true;
      this.#epoch = this.#word(WORD_WAKE);
      return;
    }
    this.#phase = "idle";
    this.#idleSince = this.time;
    this.time += this.#idleMs;
    this.#idleMs = Math.min(2 * this.#idleMs, MAX_IDLE_MS);
  }

  #endIdle(): void {
    this.idleMs += this.time - this.#idleSince;
    this.#span("wait", -1, 0, this.#idleSince, this.time);
    this.#phase = "step";
    this.#stopWaiting();
  }

  #stopWaiting(): void {
    if (!this.#waiting) return;
    const { u32 } = this.#kernel;
    u32[WORD_WAITERS >>> 2] = this.#word(WORD_WAITERS) - 1;
    this.#waiting = false;
  }

  /** When the incarnation makes its next read, or ends: reads are spread evenly over the time that the unit takes. */
  #planNext(): void {
    const { unit } = this.#incarnation as Incarnation;
    const { executeMs, reads } = this.#block.units[unit] as VirtualUnit;
    this.#spend(this.#shared(executeMs / (reads.length + 1)));
  }

  #goOn(): void {
    const incarnation = this.#incarnation as Incarnation;
    const { unit, number, begin } = incarnation;
    const { reads } = this.#block.units[unit] as VirtualUnit;
    const read = reads[incarnation.read];
    if (read === undefined) {
      this.#publish(incarnation);
      return;
    }
    const blocking = this.#read(incarnation, read);
    if (blocking < 0) {
      incarnation.read++;
      this.#planNext();
      return;
    }
    this.#span("execute", unit, number, begin, this.time);
    this.#observer.conflict({
      kind: "suspension",
      unit,
      incarnation: number,
      location: read.location,
      writer: blocking,
      at: this.time,
    });
    this.#kernel.suspend(unit, number, blocking);
    this.#phase = "step";
  }

  /** Makes a read. Answers the unit to wait for, or -1. */
  #read(incarnation: Incarnation, { location, lo, hi, exact, assumed }: VirtualRead): number {
    const kernel = this.#kernel;
    const at = kernel.scratch >>> 3;
    const ptr = this.#block.ptrs[location] as number;
    if (assumed) {
      this.#putRange(lo, hi);
      kernel.logAssumption(ptr);
      return -1;
    }
    const status = exact ? kernel.read(ptr, incarnation.unit) : kernel.peek(ptr, incarnation.unit);
    if (status === PeekStatus.Estimate) return kernel.blockingUnit();
    if (status !== PeekStatus.Ok) throw kernel.faultError() ?? new Error(`a virtual read answered ${status}`);
    const isLower = compareLimbs(kernel.u64, at, lo) < 0;
    const isHigher = compareLimbs(kernel.u64, at, hi) > 0;
    incarnation.wrong ||= isLower || isHigher;
    if (exact) return -1;
    // A comparison that came out the other way.
    if (isLower) this.#putRange(ZERO, next(lo, -1n));
    else if (isHigher) this.#putRange(next(hi, 1n), MAX);
    else this.#putRange(lo, hi);
    kernel.logRange(ptr);
    return -1;
  }

  #putRange(lo: Limbs, hi: Limbs): void {
    const at = this.#kernel.scratch >>> 3;
    putLimbs(this.#kernel.u64, at, lo);
    putLimbs(this.#kernel.u64, at + 4, hi);
  }

  #publish({ unit, number, begin, wrong }: Incarnation): void {
    const kernel = this.#kernel;
    for (const { location, kind, limbs, follows } of (this.#block.units[unit] as VirtualUnit).writes) {
      // Nobody knows what would have come of a wrong value: something that nobody expects.
      const value: Limbs = wrong && follows ? [BigInt(unit), BigInt(number), 0n, 1n << 63n] : limbs;
      putLimbs(kernel.u64, kernel.scratch >>> 3, value);
      kernel.write(this.#block.ptrs[location] as number, kind);
    }
    const flags = kernel.publishAll(unit, number);
    if (flags < 0) throw kernel.faultError() ?? new Error("a virtual unit could not be published");
    kernel.finishExecution(unit, number, flags);
    this.#span("execute", unit, number, begin, this.time);
    this.#phase = "step";
  }

  #noteConflict(kind: Conflict["kind"], unit: number, incarnation: number, ptr: number): void {
    const location = this.#block.indexOf.get(ptr) ?? -1;
    this.#observer.conflict({
      kind,
      unit,
      incarnation,
      location,
      writer: this.#writerBelow(ptr, unit),
      at: this.time,
    });
  }

  /** The last one below `unit` that has written the location, or is about to. */
  #writerBelow(ptr: number, unit: number): number | undefined {
    for (let entry = this.#word(ptr); entry !== 0; entry = this.#word(entry + ENTRY_NEXT)) {
      const writer = this.#word(entry + ENTRY_UNIT);
      const data = this.#word(entry + ENTRY_DATA);
      if (writer < unit && (data & ~ESTIMATE_TAG) !== 0) return writer;
    }
    return undefined;
  }
}

function next(limbs: Limbs, by: bigint): Limbs {
  const value = limbs[0] | (limbs[1] << 64n) | (limbs[2] << 128n) | (limbs[3] << 192n);
  return limbsOf(BigInt.asUintN(256, value + by));
}
