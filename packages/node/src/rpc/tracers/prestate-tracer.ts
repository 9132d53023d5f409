// geth's prestateTracer: what a transaction has looked at, as it was before; in diff mode what it has changed, before and after.

import type { TracedAccount, TraceState, TraceStep } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import {
  bigIntToBytes32,
  bytesToHex,
  concatBytes,
  equalBytes,
  type Hex,
  hexToBytes,
} from "@braid/primitives";
import { createdAddress, hexOf } from "../format.ts";
import { memoryAt } from "./memory.ts";
import type { ResultTracer, TracedCall } from "./result-tracer.ts";
import type { Room } from "./room.ts";

export interface PrestateOptions {
  diffMode: boolean;
  disableCode: boolean;
  disableStorage: boolean;
  includeEmpty: boolean;
}

interface Seen extends TracedAccount {
  storage: Map<Hex, bigint>;
}

type Shown = Record<string, unknown>;

const TOP_ADDRESS = new Set(["BALANCE", "EXTCODECOPY", "EXTCODEHASH", "EXTCODESIZE", "SELFDESTRUCT"]);
const CALLS = new Set(["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]);
const DELEGATION = Uint8Array.of(0xef, 0x01, 0x00);
const DELEGATION_BYTES = 23;
const CREATE2_PREFIX = Uint8Array.of(0xff);

/** Characters of an account, beside its code and slots. */
const ACCOUNT_CHARACTERS = 150;

export class PrestateTracer implements ResultTracer {
  readonly #options: PrestateOptions;
  readonly #call: TracedCall;
  readonly #before = new Map<Hex, Seen>();
  readonly #after = new Map<Hex, Shown>();
  readonly #deleted = new Set<Hex>();
  readonly #created = new Set<Hex>();
  readonly #room: Room;
  #state: TraceState | undefined;

  /** @param room shared by the tracers of one request. */
  constructor(call: TracedCall, options: PrestateOptions, room: Room) {
    this.#call = call;
    this.#options = options;
    this.#room = room;
  }

  async begin(state: TraceState): Promise<void> {
    this.#state = state;
    const { from, to, nonce, coinbase, authorities } = this.#call;
    const created = to === undefined ? createdAddress(from, nonce) : undefined;
    if (created !== undefined) this.#created.add(bytesToHex(created));
    for (const address of [from, to ?? created, coinbase, ...authorities])
      if (address !== undefined) await this.#see(address);
  }

  async step({ opcode: { name }, stack, address, memory }: TraceStep): Promise<void> {
    if (name === "SLOAD" || name === "SSTORE") {
      const slot = stack.at(-1);
      if (slot !== undefined) await this.#seeSlot(address.bytes, slot);
    } else if (TOP_ADDRESS.has(name)) {
      const of = addressOf(stack.at(-1));
      if (of !== undefined) await this.#see(of);
      if (name === "SELFDESTRUCT") this.#destroy(bytesToHex(address.bytes));
    } else if (CALLS.has(name)) {
      const called = addressOf(stack.at(-2));
      if (called !== undefined) await this.#seeCalled(called);
    } else if (name === "CREATE") {
      const nonce = (await this.#state?.account(address.bytes))?.nonce ?? 0n;
      await this.#seeCreated(createdAddress(address.bytes, nonce));
    } else if (name === "CREATE2") {
      const [offset = 0n, size = 0n, salt = 0n] = [stack.at(-2), stack.at(-3), stack.at(-4)];
      const init = memoryAt(memory, offset, size);
      const hash = keccak256(
        concatBytes(CREATE2_PREFIX, address.bytes, bigIntToBytes32(salt), keccak256(init)),
      );
      await this.#seeCreated(hash.slice(12));
    }
  }

  async end(state: TraceState): Promise<void> {
    if (!this.#options.diffMode) return;
    for (const [address, seen] of [...this.#before]) {
      // It has no state after it.
      if (this.#deleted.has(address)) continue;
      const after = await this.#difference(hexToBytes(address), seen, state);
      if (after === undefined) this.#before.delete(address);
      else this.#after.set(address, after);
    }
  }

  result(): object {
    const before = [...this.#before].filter(([, seen]) => this.#options.includeEmpty || !isEmpty(seen));
    const pre = Object.fromEntries(before.map(([address, seen]) => [address, this.#show(seen)]));
    return this.#options.diffMode ? { post: Object.fromEntries(this.#after), pre } : pre;
  }

  #destroy(address: Hex): void {
    if (!this.#call.rules.eip6780 || this.#created.has(address)) this.#deleted.add(address);
  }

  async #see(address: Uint8Array): Promise<Seen | undefined> {
    const key = bytesToHex(address);
    const known = this.#before.get(key);
    if (known !== undefined || this.#state === undefined) return known;
    const seen: Seen = { ...(await this.#state.account(address)), storage: new Map() };
    this.#room.take(ACCOUNT_CHARACTERS + 2 * (seen.code?.length ?? 0));
    this.#before.set(key, seen);
    return seen;
  }

  /** Somebody who is called; by EIP-7702 that may run another account's code. */
  async #seeCalled(address: Uint8Array): Promise<void> {
    await this.#see(address);
    const code = (await this.#state?.account(address))?.code ?? new Uint8Array(0);
    if (code.length === DELEGATION_BYTES && equalBytes(code.subarray(0, DELEGATION.length), DELEGATION))
      await this.#see(code.slice(DELEGATION.length));
  }

  async #seeCreated(address: Uint8Array): Promise<void> {
    await this.#see(address);
    this.#created.add(bytesToHex(address));
  }

  async #seeSlot(address: Uint8Array, slot: bigint): Promise<void> {
    const seen = await this.#see(address);
    const key = bigIntToBytes32(slot);
    if (seen === undefined || this.#state === undefined || seen.storage.has(bytesToHex(key))) return;
    if (this.#options.disableStorage) return;
    seen.storage.set(bytesToHex(key), await this.#state.slot(address, key));
  }

  /** What of an account is another one now; undefined when it is as it was. Slots that did not change are forgotten. */
  async #difference(address: Uint8Array, seen: Seen, state: TraceState): Promise<Shown | undefined> {
    const now = await state.account(address);
    const shown: Shown = {
      ...(now.balance === seen.balance ? {} : { balance: hexOf(now.balance) }),
      ...(now.nonce === seen.nonce ? {} : { nonce: Number(now.nonce) }),
      ...(equalBytes(now.code, seen.code) ? {} : this.#showCode(now.code)),
    };
    const storage: Record<string, Hex> = {};
    let isChanged = Object.keys(shown).length > 0;
    for (const [key, value] of [...seen.storage]) {
      const found = await state.slot(address, hexToBytes(key));
      if (value === 0n || value === found) seen.storage.delete(key);
      if (value === found) continue;
      isChanged = true;
      if (found !== 0n) storage[key] = bytesToHex(bigIntToBytes32(found));
    }
    if (Object.keys(storage).length > 0) shown.storage = storage;
    return isChanged ? shown : undefined;
  }

  #showCode(code: Uint8Array): Shown {
    return {
      ...(this.#options.disableCode ? {} : { code: bytesToHex(code) }),
      codeHash: bytesToHex(keccak256(code)),
    };
  }

  #show({ balance, nonce, code, storage }: Seen): Shown {
    const slots = [...storage].map(([key, value]) => [key, bytesToHex(bigIntToBytes32(value))]);
    return {
      balance: hexOf(balance),
      ...(nonce === 0n ? {} : { nonce: Number(nonce) }),
      ...(code.length === 0 ? {} : this.#showCode(code)),
      ...(slots.length === 0 ? {} : { storage: Object.fromEntries(slots) }),
    };
  }
}

function addressOf(word: bigint | undefined): Uint8Array | undefined {
  return word === undefined ? undefined : bigIntToBytes32(BigInt.asUintN(160, word)).slice(12);
}

function isEmpty({ balance, nonce, code }: TracedAccount): boolean {
  return balance === 0n && nonce === 0n && code.length === 0;
}
