// The functions that the tests have called, and a block of each: many users who call it at the same time.

import type { Executor } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import { EMPTY_CODE_HASH_HEX } from "@braid/state";
import type { CodeMatcher } from "../layout/index.ts";
import { type FormedBlock, formBlock } from "./form-block.ts";
import { BlockNames } from "./names.ts";
import type { RecordedCall, Recorder } from "./recorder.ts";

/** Calls of one function, on all contracts of its kind. */
export interface CalledFunction {
  name: string;
  calls: RecordedCall[];
}

/** The states of so many calls are tried: some come before anything has been set up. */
const MOST_TRIES = 4;
/** Of the users that were wanted: then no other call is tried. */
const ENOUGH = 0.8;

/** By the code that they call: contracts that differ in their immutables are one. Calls of accounts without code are none. */
export async function calledFunctions(recorder: Recorder, matcher: CodeMatcher): Promise<CalledFunction[]> {
  const functions = new Map<string, CalledFunction>();
  for (const calls of recorder.calls.values())
    for (const call of calls) {
      const { to, data } = call.transaction;
      const account = await call.state.getAccount(to);
      const hash = account && bytesToHex(account.codeHash);
      if (account === undefined || hash === EMPTY_CODE_HASH_HEX) continue;
      const contract = matcher.find(await call.state.getCode(account.codeHash));
      const selector = bytesToHex(data.subarray(0, 4));
      const kind = contract === undefined ? hash : `${contract.file}:${contract.name}`;
      const key = `${kind}:${selector}`;
      const name = `${contract?.name ?? bytesToHex(to)}.${contract?.functions.get(selector.slice(2)) ?? selector}`;
      const known = functions.get(key);
      if (known === undefined) functions.set(key, { name, calls: [call] });
      else known.calls.push(call);
    }
  return [...functions.values()];
}

/** Tries calls of the function until one has enough users; the one with the most. */
export async function blockOfFunction(
  executor: Executor,
  recorder: Recorder,
  matcher: CodeMatcher,
  { calls }: CalledFunction,
  users: number,
): Promise<{ block: FormedBlock } | { reason: string }> {
  let best: FormedBlock | undefined;
  let reason: string | undefined;
  for (const call of spread(calls)) {
    const others = recorder.callsLike(call);
    const { block, tried } = await formBlock(executor, call, { users, people: recorder.people, others });
    if (tried.failure !== undefined)
      reason ??= await new BlockNames(matcher, tried, executor).errorName(tried.failure);
    const [now, before] = [block?.input.senders.length ?? 0, best?.input.senders.length ?? 0];
    if (now > before) best = block;
    if (now >= users * ENOUGH) break;
  }
  return best === undefined ? { reason: reason ?? "nobody else has called it" } : { block: best };
}

/** The last, the one in the middle, the first, and one between: later states have been set up, and are used already. */
function spread(calls: readonly RecordedCall[]): RecordedCall[] {
  const last = calls.length - 1;
  const indices = new Set([last, last >> 1, 0, last >> 2]);
  return [...indices].slice(0, MOST_TRIES).flatMap((index) => calls[index] ?? []);
}
