// What is expected of one block before it runs, and what it teaches when it has run.

import { KEEP_PREIMAGES, type Kernel } from "@braid/kernel";
import { bigIntToBytes32, bytesToBigInt } from "@braid/primitives";
import { writers } from "../records/locations.ts";
import { type CallTarget, callTarget } from "./call-target.ts";
import type { CallFacts } from "./expression.ts";
import { findRules, type LocationNumbers, locationOfCall } from "./find-rules.ts";
import {
  type ContendedLocation,
  type HintLocation,
  type HintMemory,
  type LearnedRule,
  locationId,
} from "./hint-memory.ts";
import { CachedState } from "./known-state.ts";
import { observeCall } from "./observe-call.ts";

/** Calls of one function, and of a whole block, that are looked at more closely. */
const OBSERVED_CALLS = 8;
const OBSERVED_UNITS = 64;

interface ExpectedLocation {
  at: HintLocation;
  /** Where it is in the multi-version memory; 0 while nobody expects more than one write. */
  location: number;
  /** By unit, ascending: the rule that said so, if any. */
  units: Map<number, LearnedRule | undefined>;
}

/** One block's; main thread only. */
export class Foresight {
  readonly #encodings: readonly Uint8Array[];
  #targets: (CallTarget | undefined)[] | undefined;
  readonly #expected = new Map<string, ExpectedLocation>();
  /** By function: the units whose hashes are kept. */
  readonly #observed = new Map<string, number[]>();

  constructor(encodings: readonly Uint8Array[]) {
    this.#encodings = encodings;
  }

  /** What each transaction calls. */
  #calls(): (CallTarget | undefined)[] {
    this.#targets ??= this.#encodings.map(callTarget);
    return this.#targets;
  }

  /**
   * Places an estimate for each expected write that another transaction of the block is expected to make too, and ties each of
   * these transactions to the one before it: whoever executes that one goes on with this one. Chooses the calls to look at more closely.
   */
  place(kernel: Kernel, memory: HintMemory): void {
    this.#expected.clear();
    this.#observed.clear();
    if (!memory.isEmpty) {
      this.#expect(kernel, memory);
      this.#placeEstimates(kernel);
    }
    this.#observe(kernel, memory);
  }

  #expect(kernel: Kernel, memory: HintMemory): void {
    const state = new CachedState(kernel);
    for (const [i, target] of this.#calls().entries()) {
      if (target === undefined) continue;
      const unit = i + 1;
      for (const at of memory.expect(target.key)) this.#add(at, unit, undefined);
      const rules = memory.rules(target.key);
      if (rules.length === 0) continue;
      const call = callFacts(kernel, unit, target, state);
      for (const rule of rules) {
        const location = locationOfCall(rule, call);
        if (location !== undefined) this.#add(hintLocation(location), unit, rule);
      }
    }
  }

  #add(at: HintLocation, unit: number, rule: LearnedRule | undefined): void {
    const id = locationId(at);
    const found = this.#expected.get(id);
    if (found === undefined) this.#expected.set(id, { at, location: 0, units: new Map([[unit, rule]]) });
    else if (!found.units.has(unit)) found.units.set(unit, rule);
  }

  #placeEstimates(kernel: Kernel): void {
    const latest = new Map<number, number>();
    for (const expected of this.#expected.values()) {
      const { at, units } = expected;
      if (units.size < 2) continue;
      const location = locationOf(kernel, at);
      // The arena is full, which the run will notice.
      if (location === 0) return;
      expected.location = location;
      let before: number | undefined;
      for (const unit of units.keys()) {
        kernel.hintEstimate(location, unit);
        if (before !== undefined) latest.set(unit, Math.max(before, latest.get(unit) ?? 0));
        before = unit;
      }
    }
    for (const [unit, before] of latest) kernel.setUnitAfter(unit, before);
  }

  /** What is called once in a block has nobody to wait for. */
  #observe(kernel: Kernel, memory: HintMemory): void {
    const byFunction = new Map<string, number[]>();
    for (const [i, target] of this.#calls().entries()) {
      if (target === undefined) continue;
      const units = byFunction.get(target.key);
      if (units === undefined) byFunction.set(target.key, [i + 1]);
      else if (units.length < OBSERVED_CALLS) units.push(i + 1);
    }
    let left = OBSERVED_UNITS;
    for (const [key, units] of byFunction) {
      if (units.length < 2 || units.length > left || !memory.isCurious(key)) continue;
      left -= units.length;
      this.#observed.set(key, units);
      for (const unit of units) kernel.setUnitFlags(unit, KEEP_PREIMAGES);
    }
  }

  /** Quiescent, after the run: what came true, what did not, and what nobody foresaw. `contended`: what more than one unit wrote. */
  learn(kernel: Kernel, memory: HintMemory, contended: ContendedLocation[]): void {
    if (contended.length === 0 && memory.isEmpty) return;
    this.#countHits(kernel);
    const calls = this.#calls();
    memory.learn(
      contended,
      calls.map((target) => target?.key),
      (id, unit) => this.#isPlaced(id, unit),
    );
    if (this.#observed.size === 0) return;
    const unforeseen = this.#unforeseen(contended);
    const state = new CachedState(kernel);
    for (const [key, units] of this.#observed) {
      if (!units.some((unit) => unforeseen.has(unit))) continue;
      const observed = units.map((unit) => {
        const call = callFacts(kernel, unit, calls[unit - 1] as CallTarget, state);
        return observeCall(kernel, unit, call, unforeseen.get(unit) ?? []);
      });
      memory.teach(key, findRules(observed));
    }
  }

  #isPlaced(id: string, unit: number): boolean {
    const expected = this.#expected.get(id);
    return expected !== undefined && expected.location !== 0 && expected.units.has(unit);
  }

  #countHits(kernel: Kernel): void {
    for (const { location, units } of this.#expected.values()) {
      if (location === 0) continue;
      const wrote = new Set(writers(kernel, location, kernel.unitCount));
      for (const [unit, rule] of units) {
        if (rule === undefined) continue;
        rule.expected++;
        if (wrote.has(unit)) rule.hits++;
      }
    }
  }

  /** By unit. */
  #unforeseen(contended: ContendedLocation[]): Map<number, LocationNumbers[]> {
    const found = new Map<number, LocationNumbers[]>();
    for (const { address, slot, units } of contended) {
      const id = locationId({ address, slot });
      const location = {
        address: bytesToBigInt(address),
        slot: slot === undefined ? undefined : bytesToBigInt(slot),
      };
      for (const unit of units) {
        if (this.#isPlaced(id, unit)) continue;
        const list = found.get(unit);
        if (list === undefined) found.set(unit, [location]);
        else list.push(location);
      }
    }
    return found;
  }
}

function callFacts(kernel: Kernel, unit: number, target: CallTarget, state: CachedState): CallFacts {
  const sender = kernel.sender(unit);
  return {
    sender: sender === undefined ? undefined : bytesToBigInt(sender),
    receiver: bytesToBigInt(target.receiver),
    data: target.data,
    state,
  };
}

function hintLocation({ address, slot }: LocationNumbers): HintLocation {
  return {
    address: bigIntToBytes32(address).subarray(12),
    slot: slot === undefined ? undefined : bigIntToBytes32(slot),
  };
}

/** The location in the multi-version memory; 0 when the arena is full. */
function locationOf(kernel: Kernel, { address, slot }: HintLocation): number {
  kernel.u8.set(address, kernel.scratch);
  const record = kernel.account();
  if (record === 0) return 0;
  if (slot === undefined) return kernel.nonceLocation(record);
  kernel.u8.set(slot, kernel.scratch);
  return kernel.slot(record);
}
