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

/**
 * Makes a block of as many users as are wanted, or of fewer; none when not even a few of them succeed.
 *
 * @param others further recorded calls of the same function.
 * @param people accounts that are somebody's: where the call names one, another user names another one.
 */
export async function formBlock(
  executor: Executor,
  call: RecordedCall,
  { users, people, others }: { users: number; people: ReadonlySet<Hex>; others: readonly RecordedCall[] },
): Promise<{ block: FormedBlock | undefined; tried: FormedBlock }> {
  const look = await lookAt(executor, call);
  const copies = new Copies(call, look, people);
  const ways: (() => Promise<FormedBlock>)[] = [
    () => likeSender(executor, copies, users, [], true),
    async () => likeSender(executor, copies, users, await copies.createdKeys()),
    () => asRecorded(executor, copies, others.slice(0, users)),
  ];
  const first = await likeSender(executor, copies, users, []);
  let best = first;
  for (const way of ways) {
    if (best.input.senders.length >= users * ENOUGH) break;
    const formed = await way();
    if (formed.input.senders.length > best.input.senders.length) best = formed;
  }
  return { block: best.input.senders.length >= LEAST_USERS ? best : undefined, tried: first };
}

async function likeSender(
  executor: Executor,
  copies: Copies,
  users: number,
  keys: readonly bigint[],
  fillPots = false,
): Promise<FormedBlock> {
  const state = new EditedState(copies.call.state);
  if (fillPots) await copies.fillPots(executor, state, users);
  const calls: UserCall[] = [];
  for (let copy = 0; copy < users; copy++) calls.push(await copies.make(state, copy, keys));
  return { ...(await succeeding(executor, copies, state, calls)), users: "like its sender" };
}

/** All calls of the function that were recorded, each of them once. */
async function asRecorded(
  executor: Executor,
  copies: Copies,
  others: readonly RecordedCall[],
): Promise<FormedBlock> {
  const state = new EditedState(copies.call.state);
  const calls = new Map<string, UserCall>();
  for (const other of others) {
    await state.fund(other.sender, FUNDS);
    const one = userCallOf(other);
    calls.set(`${bytesToHex(one.sender)}${bytesToHex(one.data)}${one.value}`, one);
  }
  return { ...(await succeeding(executor, copies, state, [...calls.values()])), users: "as recorded" };
}
