// Blocks of what independent users could send at the same time: one recorded call, made by many users like the one who made it. Only calls that
// succeed one after the other in such a block are taken.

import type { BlockResult, ExecuteBlockInput, Executor } from "@braid/executor";
import { bytesToBigInt, bytesToHex, equalBytes, type Hex, hexToBytes } from "@braid/primitives";
import { type Block, encodeTransaction, type Header, type Transaction } from "@braid/protocol";
import { EMPTY_CODE_HASH } from "@braid/state";
import { Preimages } from "../layout/index.ts";
import { copyOfAddress, Substitution } from "./clone.ts";
import { EditedState } from "./edited-state.ts";
import { Look } from "./look.ts";
import type { RecordedCall } from "./recorder.ts";

/** A block on the state before it, as an executor takes it. */
export interface FormedBlock {
  input: Pick<ExecuteBlockInput, "chain" | "source"> & {
    block: Block;
    senders: Uint8Array[];
    contractSenders: true;
  };
  /** What it is made of, and what that does. */
  call: RecordedCall;
  look: Look;
  /** Where its users come from: they are like the call's sender, or they have sent it in the tests. */
  users: "like its sender" | "as recorded";
  /** How many calls were tried and failed; and what the first of them failed with: an error and the contract's output. */
  failed: number;
  failure: { error: string; output: Hex } | undefined;
}

/** One call of a user. */
interface UserCall {
  sender: Uint8Array;
  to: Uint8Array;
  data: Uint8Array;
  value: bigint;
  gasLimit: bigint;
}

/** No block is full. */
const NO_GAS_LIMIT = 1n << 50n;
const MOST_GAS = 1n << 24n;
const LEAST_GAS = 500_000n;
/** Enough for whatever gas costs. */
const FUNDS = 10n ** 30n;
/** After so many rounds no call is left out that the ones left out before have made fail. */
const ROUNDS = 4;
/** Of the users that were wanted: with fewer another way is tried. */
const ENOUGH = 0.8;
/** Fewer users meet nobody. */
const LEAST_USERS = 4;
/** Between the words that stand for one that only one user can have. */
const WORD_STEP = 1_000_003n;

/** Runs the call alone, and looks on. */
async function lookAt(executor: Executor, call: RecordedCall): Promise<Look> {
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

/** A recorded call, and what has to be known to make it as somebody else. */
class Copies {
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
    for (let depth = 0; depth < 8; depth++) {
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

/** Numbers below it are no addresses. */
const MANY = 1n << 64n;

async function likeSender(
  executor: Executor,
  copies: Copies,
  users: number,
  keys: readonly bigint[],
): Promise<FormedBlock> {
  const state = new EditedState(copies.call.state);
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

/** Leaves out the calls that fail, until none does. */
async function succeeding(
  executor: Executor,
  { call, look }: Copies,
  state: EditedState,
  all: readonly UserCall[],
): Promise<Omit<FormedBlock, "users">> {
  let calls = all;
  let failure: FormedBlock["failure"];
  for (let round = 0; ; round++) {
    const input = blockOf(call, state, calls);
    const result: BlockResult = await executor.executeBlock({ ...input, mode: "sequential" });
    const first = result.transactions.find(({ status }) => status === 0);
    failure ??= first && { error: first.error ?? "failed", output: bytesToHex(first.output) };
    if (first === undefined || round === ROUNDS)
      return { input, call, look, failed: all.length - calls.length, failure };
    calls = calls.filter((_, i) => result.transactions[i]?.status === 1);
  }
}

function userCallOf({ sender, transaction: { to, data, value, gasLimit } }: RecordedCall): UserCall {
  const doubled = 2n * gasLimit > LEAST_GAS ? 2n * gasLimit : LEAST_GAS;
  const most = gasLimit > MOST_GAS ? gasLimit : MOST_GAS;
  return { sender, to, data, value, gasLimit: doubled < most ? doubled : most };
}

/** A block in the place of the recorded call's, with other transactions. */
function blockOf(
  { chain, header }: Pick<RecordedCall, "chain" | "header">,
  source: EditedState,
  calls: readonly UserCall[],
): FormedBlock["input"] {
  const nonces = new Map<Hex, bigint>();
  const transactions = calls.map((call) => {
    const sender = bytesToHex(call.sender);
    const nonce = nonces.get(sender) ?? 0n;
    nonces.set(sender, nonce + 1n);
    return encodeCall(call, nonce, header, chain.chainId);
  });
  const block: Block = {
    header: { ...header, gasLimit: NO_GAS_LIMIT, gasUsed: 0n },
    transactions,
    uncles: [],
    ...(header.withdrawalsRoot === undefined ? {} : { withdrawals: [] }),
  };
  const senders = calls.map(({ sender }) => sender);
  return { chain, source, block, senders, contractSenders: true };
}

/** Nobody has signed it; the address in the place of the signature makes equal calls of two users two transactions. */
function encodeCall(
  { sender, to, data, value, gasLimit }: UserCall,
  nonce: bigint,
  { baseFeePerGas }: Header,
  chainId: bigint,
): Uint8Array {
  const price = baseFeePerGas ?? 1n;
  const transaction: Transaction = {
    type: baseFeePerGas === undefined ? 0 : 2,
    chainId,
    nonce,
    gasLimit,
    to,
    value,
    data,
    maxFeePerGas: price,
    maxPriorityFeePerGas: baseFeePerGas === undefined ? price : 0n,
    accessList: [],
    maxFeePerBlobGas: 0n,
    blobVersionedHashes: [],
    authorizations: [],
    yParity: 0,
    r: bytesToBigInt(sender) || 1n,
    s: 1n,
  };
  return encodeTransaction(transaction);
}
