// The functions that the tests have called, and a block of each: many users who call it at the same time.

import type { Executor } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, bytesToBigInt, bytesToHex, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH_HEX } from "@braid/state";
import type { AbiParameter, BuiltContract, CodeMatcher } from "../layout/index.ts";
import { formBlock, formRecorded } from "./form-block.ts";
import { BlockNames } from "./names.ts";
import type { RecordedCall, Recorder } from "./recorder.ts";
import type { FormedBlock } from "./user-block.ts";

/** Calls of one function, on all contracts of its kind. */
export interface CalledFunction {
  /** `Pool.swap(uint256,address)`. */
  name: string;
  /** What it takes; nothing when it is not known. */
  parameters: readonly AbiParameter[];
  calls: RecordedCall[];
}

/** EIP-1967: where a proxy keeps the address of its implementation. */
const IMPLEMENTATION = bigIntToBytes32(
  bytesToBigInt(keccak256(new TextEncoder().encode("eip1967.proxy.implementation"))) - 1n,
);
/** EIP-1167: the address stands in the code. */
const MINIMAL_PROXY = /^0x363d3d373d3d3d363d73([\da-f]{40})/;
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
      const selector = bytesToHex(data.subarray(0, 4));
      const contract = await calledContract(call, matcher, selector.slice(2));
      const kind = contract === undefined ? hash : `${contract.file}:${contract.name}`;
      const key = `${kind}:${selector}`;
      const found = contract?.functions.get(selector.slice(2));
      const name = `${contract?.name ?? bytesToHex(to)}.${found?.signature ?? selector}`;
      const known = functions.get(key);
      if (known === undefined) functions.set(key, { name, parameters: found?.inputs ?? [], calls: [call] });
      else known.calls.push(call);
    }
  return [...functions.values()];
}

/** The contract that has the function: the one that is called, or the one that it is a proxy of. */
async function calledContract(
  { state, transaction: { to } }: RecordedCall,
  matcher: CodeMatcher,
  selector: string,
): Promise<BuiltContract | undefined> {
  const codeOf = async (address: Uint8Array): Promise<Uint8Array> => {
    const account = await state.getAccount(address);
    return account === undefined ? new Uint8Array(0) : state.getCode(account.codeHash);
  };
  const code = await codeOf(to);
  const own = matcher.find(code);
  if (own?.functions.has(selector)) return own;
  const stored = bigIntToBytes32(await state.getStorage(to, IMPLEMENTATION)).subarray(12);
  const [, minimal] = MINIMAL_PROXY.exec(bytesToHex(code)) ?? [];
  const implementation = matcher.find(
    await codeOf(minimal === undefined ? stored : hexToBytes(`0x${minimal}`)),
  );
  return implementation?.functions.has(selector) ? implementation : own;
}

/** Tries calls of the function until one has enough users, then the calls as they were recorded; the block with the most. */
export async function blockOfFunction(
  executor: Executor,
  { people }: Recorder,
  matcher: CodeMatcher,
  { calls }: CalledFunction,
  users: number,
): Promise<{ block: FormedBlock } | { reason: string }> {
  let best: FormedBlock | undefined;
  let reason: string | undefined;
  const choose = (block: FormedBlock | undefined): boolean => {
    const [now, before] = [block?.input.senders.length ?? 0, best?.input.senders.length ?? 0];
    if (now > before) best = block;
    return now >= users * ENOUGH;
  };
  for (const call of spread(calls)) {
    const { block, tried } = await formBlock(executor, call, { users, people });
    if (tried.failure !== undefined)
      reason ??= await new BlockNames(matcher, tried, executor).errorName(tried.failure);
    if (choose(block)) return { block: block as FormedBlock };
  }
  choose(await formRecorded(executor, calls, { users, people }));
  return best === undefined ? { reason: reason ?? "nobody else has called it" } : { block: best };
}

/** The last, the one in the middle, the first, and one between: later states have been set up, and are used already. */
export function spread(calls: readonly RecordedCall[]): RecordedCall[] {
  const last = calls.length - 1;
  const indices = new Set([last, last >> 1, 0, last >> 2]);
  return [...indices].slice(0, MOST_TRIES).flatMap((index) => calls[index] ?? []);
}
