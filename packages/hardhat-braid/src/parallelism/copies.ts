// A recorded call as other users make it.

import type { Executor } from "@braid/executor";
import { bytesToBigInt, bytesToHex, equalBytes, type Hex, hexToBytes } from "@braid/primitives";
import { EMPTY_CODE_HASH } from "@braid/state";
import { Preimages } from "../layout/index.ts";
import { copyOfAddress, Substitution } from "./clone.ts";
import { EditedState } from "./edited-state.ts";
import { Look } from "./look.ts";
import type { RecordedCall } from "./recorder.ts";
import { blockOf, FUNDS, type UserCall, userCallOf } from "./user-block.ts";

/** Between the words that stand for one that only one user can have. */
const WORD_STEP = 1_000_003n;
/** Numbers below it are no addresses. */
const MANY = 1n << 64n;
const MOST = (1n << 256n) - 1n;
/** Mappings of mappings go no deeper. */
const DEEPEST = 8;

/** Runs the call alone, and looks on. */
export async function lookAt(executor: Executor, call: RecordedCall): Promise<Look> {
  const source = new EditedState(call.state);
  await source.fund(call.sender, FUNDS);
  const input = blockOf(call, source, [userCallOf(call)]);
  let look = new Look();
  await executor.trace({
    ...input,
    tracer: () => {
      look = new Look();
      return look;
    },
  });
  return look;
}

/** A recorded call, and what has to be known to make it as somebody else. */
export class Copies {
  readonly call: RecordedCall;
  readonly look: Look;
  readonly #people: ReadonlySet<Hex>;
  readonly #preimages = new Preimages();
  #actors: Promise<Uint8Array[]> | undefined;
  #ownedKeys: Promise<bigint[]> | undefined;

  constructor(call: RecordedCall, look: Look, people: ReadonlySet<Hex>) {
    this.call = call;
    this.look = look;
    this.#people = people;
    for (const input of look.hashed) this.#preimages.add(input);
  }

  /** The call as another user makes it, whose entries are written into the state. */
  async make(state: EditedState, copy: number, keys: readonly bigint[]): Promise<UserCall> {
    const { call } = this;
    this.#actors ??= this.#findActors();
    this.#ownedKeys ??= this.#findOwnedKeys();
    const actors = await this.#actors;
    const owned = await this.#ownedKeys;
    const substitution = new Substitution(
      {
        addresses: actors.map((actor) => [actor, copyOfAddress(actor, copy)]),
        words: [...owned, ...keys].map((key) => [key, key + BigInt(copy + 1) * WORD_STEP]),
      },
      this.#preimages,
    );
    for (const [address, slots] of this.#slots())
      for (const slot of slots) {
        const other = substitution.slot(slot);
        if (other === slot) continue;
        const value = await call.state.getStorage(hexToBytes(address), hexToBytes(slot));
        state.setSlot(hexToBytes(address), hexToBytes(other), substitution.value(value));
      }
    const sender = copyOfAddress(call.sender, copy);
    await state.fund(sender, FUNDS);
    const own = userCallOf(call);
    return { ...own, sender, data: substitution.data(own.data) };
  }

  /**
   * Whatever the call takes out of what belongs to everybody (a contract's tokens, its ether, a supply), it is made to hold as much more for so many users. Users whose
   * deposits nobody has made would find nothing there.
   */
  async fillPots(executor: Executor, state: EditedState, users: number): Promise<void> {
    const { call } = this;
    const alone = new EditedState(call.state);
    await alone.fund(call.sender, FUNDS);
    const input = blockOf(call, alone, [userCallOf(call)]);
    const { transactions } = await executor.executeBlock({ ...input, mode: "sequential" });
    const own = new Substitution(
      { addresses: [[call.sender, copyOfAddress(call.sender, 0)]], words: [] },
      this.#preimages,
    );
    for (const { address, field, slot, value, delta } of transactions[0]?.writes ?? []) {
      const at = hexToBytes(address);
      if (equalBytes(at, call.sender)) continue;
      if (field === "balance" && delta !== undefined && delta < 0n)
        await state.give(at, -delta * BigInt(users));
      if (field !== "storage" || slot === undefined || value === undefined || own.slot(slot) !== slot)
        continue;
      const before = await call.state.getStorage(at, hexToBytes(slot));
      const filled = before + (before - value) * BigInt(users);
      if (value < before && filled <= MOST) state.setSlot(at, hexToBytes(slot), filled);
    }
  }

  /** Words of the call under which the call makes an entry that was empty: an index, a name. Whoever else makes one has another word. */
  async createdKeys(): Promise<bigint[]> {
    const named = this.#words();
    const created = new Set<bigint>();
    for (const { address, slot, isWrite } of this.look.uses) {
      if (!isWrite) continue;
      const keys = this.#keysOf(slot).filter((key) => named.has(key));
      const before = await this.call.state.getStorage(hexToBytes(address), hexToBytes(slot));
      if (before === 0n) for (const key of keys) created.add(key);
    }
    return [...created];
  }

  /** Words of the call whose entries have the sender in their value, as those of a token's owner do. */
  async #findOwnedKeys(): Promise<bigint[]> {
    const named = this.#words();
    const owner = bytesToHex(this.call.sender).slice(2);
    const owned = new Set<bigint>();
    for (const { address, slot } of this.look.uses) {
      const keys = this.#keysOf(slot).filter((key) => named.has(key));
      if (keys.length === 0) continue;
      const value = await this.call.state.getStorage(hexToBytes(address), hexToBytes(slot));
      if (value.toString(16).includes(owner)) for (const key of keys) owned.add(key);
    }
    return [...owned];
  }

  /** The sender, and whoever else the call names. */
  async #findActors(): Promise<Uint8Array[]> {
    const actors = [this.call.sender];
    for (const word of this.#words()) {
      if (word >> 160n !== 0n || word < MANY) continue;
      const address = hexToBytes(`0x${word.toString(16).padStart(40, "0")}`);
      if (equalBytes(address, this.call.sender)) continue;
      const account = await this.call.state.getAccount(address);
      const hasCode = account !== undefined && !equalBytes(account.codeHash, EMPTY_CODE_HASH);
      if (!hasCode && (account !== undefined || this.#people.has(bytesToHex(address)))) actors.push(address);
    }
    return actors;
  }

  /** The words of the call's data. */
  #words(): Set<bigint> {
    const { data } = this.call.transaction;
    const words = new Set<bigint>();
    for (let at = 4; at + 32 <= data.length; at += 32) words.add(bytesToBigInt(data.subarray(at, at + 32)));
    words.delete(0n);
    return words;
  }

  /** The keys that lead to a slot. */
  #keysOf(slot: Hex): bigint[] {
    const keys: bigint[] = [];
    let at = BigInt(slot);
    for (let depth = 0; depth < DEEPEST; depth++) {
      const found = this.#preimages.below(at);
      if (found === undefined || found.input.length !== 64) break;
      keys.push(bytesToBigInt(found.input.subarray(0, 32)));
      at = bytesToBigInt(found.input.subarray(32));
    }
    return keys;
  }

  #slots(): Map<Hex, Set<Hex>> {
    const slots = new Map<Hex, Set<Hex>>();
    for (const { address, slot } of this.look.uses) {
      const known = slots.get(address);
      if (known === undefined) slots.set(address, new Set([slot]));
      else known.add(slot);
    }
    return slots;
  }
}
