// From a few calls of a function, as they were executed, to rules that say which contended locations a call writes.

import {
  explainLocation,
  type LocationExpression,
  locationExpressionId,
  type SampleCall,
} from "./explain.ts";
import { evaluate } from "./expression.ts";
import { type LearnedRule, MIN_SHARE } from "./hint-memory.ts";

/** A location as numbers; no slot: the nonce. */
export interface LocationNumbers {
  address: bigint;
  slot: bigint | undefined;
}

/** A call that was looked at. */
export interface ObservedCall extends SampleCall {
  /** What it wrote that others wrote too, and nothing foresaw. */
  unforeseen: readonly LocationNumbers[];
  /** All that it wrote: numbersId of each. */
  writes: ReadonlySet<string>;
}

/** Only the first calls are explained; the others show which explanations are right. */
const EXPLAINED_CALLS = 2;
const EXPLAINED_LOCATIONS = 12;
const MIN_HITS = 2;

export function numbersId({ address, slot }: LocationNumbers): string {
  return slot === undefined ? address.toString(16) : `${address.toString(16)}/${slot.toString(16)}`;
}

/** The location that follows from a call; undefined where that cannot be said. */
export function locationOfCall(
  { address, slot }: LocationExpression,
  call: Parameters<typeof evaluate>[1],
): LocationNumbers | undefined {
  const at = evaluate(address, call);
  if (at === undefined) return undefined;
  if (slot === undefined) return { address: at, slot };
  const word = evaluate(slot, call);
  return word === undefined ? undefined : { address: at, slot: word };
}

/** What nearly all of the calls confirm, each location by one rule. */
export function findRules(calls: readonly ObservedCall[]): LearnedRule[] {
  const candidates = new Map<string, LocationExpression>();
  for (const call of calls.slice(0, EXPLAINED_CALLS))
    for (const { address, slot } of call.unforeseen.slice(0, EXPLAINED_LOCATIONS))
      for (const found of explainLocation(address, slot, call))
        candidates.set(locationExpressionId(found), found);
  const rules = new Map<string, LearnedRule>();
  for (const candidate of candidates.values()) {
    const test = testCandidate(candidate, calls);
    // Of explanations that say the same of all calls the first is as good as any.
    if (test !== undefined && !rules.has(test.says))
      rules.set(test.says, { ...candidate, expected: test.expected, hits: test.hits });
  }
  return [...rules.values()];
}

/** What the explanation says of all calls, and how often it is right; undefined unless it is nearly always. */
function testCandidate(
  candidate: LocationExpression,
  calls: readonly ObservedCall[],
): { says: string; expected: number; hits: number } | undefined {
  const said: string[] = [];
  let expected = 0;
  let hits = 0;
  for (const call of calls) {
    const location = locationOfCall(candidate, call);
    if (location === undefined) {
      said.push("");
      continue;
    }
    const id = numbersId(location);
    said.push(id);
    expected++;
    if (call.writes.has(id)) hits++;
    else if (expected - hits > (1 - MIN_SHARE) * calls.length) return undefined;
  }
  if (hits < MIN_HITS || hits < MIN_SHARE * expected) return undefined;
  // What is the same for all calls needs no rule.
  return new Set(said.filter((id) => id !== "")).size > 1 ? { says: said.join(), expected, hits } : undefined;
}
