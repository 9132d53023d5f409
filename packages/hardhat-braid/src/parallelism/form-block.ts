// Blocks of what independent users could send at the same time: one recorded call, made by many users like the one who made it. Only calls that
// succeed one after the other in such a block are taken.

import type { Executor } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import { Copies, lookAt } from "./copies.ts";
import { EditedState } from "./edited-state.ts";
import type { RecordedCall } from "./recorder.ts";
import { type FormedBlock, FUNDS, succeeding, type UserCall, userCallOf } from "./user-block.ts";

/** Of the users that were wanted: with fewer another way is tried. */
const ENOUGH = 0.8;
/** Fewer users meet nobody. */
const LEAST_USERS = 4;
/** Where the call works for some only, for those whose shard has been set up, so many times as many are tried. */
const MOST_SIFTED = 4;

export interface FormOptions {
  users: number;
  /** Accounts that are somebody's: where the call names one, another user names another one. */
  people: ReadonlySet<Hex>;
}

/** Makes a block of as many users like the call's sender as are wanted, or of fewer; none when not even a few of them succeed. */
export async function formBlock(
  executor: Executor,
  call: RecordedCall,
  { users, people }: FormOptions,
): Promise<{ block: FormedBlock | undefined; tried: FormedBlock }> {
  const look = await lookAt(executor, call);
  const copies = new Copies(call, look, people);
  const ways = [
    async () => ({ fillPots: false, keys: [] }),
    async () => ({ fillPots: true, keys: [] }),
    async () => ({ fillPots: false, keys: await copies.createdKeys() }),
  ];
  const formed: { way: Way; block: FormedBlock }[] = [];
  for (const wayOf of ways) {
    const way = await wayOf();
    const block = await likeSender(executor, copies, users, way);
    formed.push({ way, block });
    if (sizeOf(block) >= users * ENOUGH) break;
  }
  const best = formed.reduce((a, b) => (sizeOf(b.block) > sizeOf(a.block) ? b : a));
  const tried = formed[0]?.block ?? best.block;
  const size = sizeOf(best.block);
  if (size < LEAST_USERS) return { block: undefined, tried };
  if (size >= users * ENOUGH || size * MOST_SIFTED < users) return { block: best.block, tried };
  const sifted = await likeSender(executor, copies, users, { ...best.way, tries: users * MOST_SIFTED });
  return { block: sizeOf(sifted) > size ? sifted : best.block, tried };
}

/**
 * Makes a block of the calls of a function as the tests have made them, each of them once: of those that one contract has got, one after the other on one chain, on the
 * state before them. None when there are few.
 *
 * @param calls in the order in which they were made.
 */
export async function formRecorded(
  executor: Executor,
  calls: readonly RecordedCall[],
  { users, people }: FormOptions,
): Promise<FormedBlock | undefined> {
  const longest = [...Map.groupBy(calls, ({ transaction: { to } }) => bytesToHex(to)).values()]
    .flatMap(successions)
    .map(distinct)
    .reduce<RecordedCall[]>((a, b) => (b.length > a.length ? b : a), []);
  const [first] = longest;
  if (first === undefined || longest.length < LEAST_USERS) return undefined;
  const copies = new Copies(first, await lookAt(executor, first), people);
  const state = new EditedState(first.state);
  const own = longest.slice(0, users);
  for (const { sender } of own) await state.fund(sender, FUNDS);
  const formed = await succeeding(executor, copies, state, own.map(userCallOf));
  return formed.input.senders.length < LEAST_USERS ? undefined : { ...formed, users: "as recorded" };
}

interface Way {
  fillPots: boolean;
  keys: readonly bigint[];
  /** Users that are tried; default: as many as are wanted. */
  tries?: number;
}

async function likeSender(
  executor: Executor,
  copies: Copies,
  users: number,
  { fillPots, keys, tries = users }: Way,
): Promise<FormedBlock> {
  const state = new EditedState(copies.call.state);
  if (fillPots) await copies.fillPots(executor, state, users);
  const calls: UserCall[] = [];
  for (let copy = 0; copy < tries; copy++) calls.push(await copies.make(state, copy, keys));
  return { ...(await succeeding(executor, copies, state, calls, users)), users: "like its sender" };
}

function sizeOf({ input: { senders } }: FormedBlock): number {
  return senders.length;
}

/** Calls on one chain, until a test brings it back to where it was. */
function successions(calls: readonly RecordedCall[]): RecordedCall[][] {
  const found: RecordedCall[][] = [];
  let before: RecordedCall | undefined;
  for (const call of calls) {
    const follows = before?.connection === call.connection && before.header.number <= call.header.number;
    if (follows) found.at(-1)?.push(call);
    else found.push([call]);
    before = call;
  }
  return found;
}

function distinct(calls: readonly RecordedCall[]): RecordedCall[] {
  const byText = new Map<string, RecordedCall>();
  for (const call of calls) {
    const { data, value } = call.transaction;
    byText.set(`${bytesToHex(call.sender)}${bytesToHex(data)}${value}`, call);
  }
  return [...byText.values()];
}
