// What the project calls the accounts, functions and slots of a block.

import type { Executor } from "@braid/executor";
import { bigIntToBytes32, bytesToBigInt, bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { type BlockProfile, locationKey, type ProfileLocation } from "@braid/profiler";
import { decodeTransaction } from "@braid/protocol";
import {
  type BuiltContract,
  type CodeMatcher,
  Preimages,
  SlotNames,
  type SourcePlace,
} from "../layout/index.ts";
import { Look, type SlotUse } from "./look.ts";
import type { FormedBlock } from "./user-block.ts";

/** A state variable that users meet at. */
export interface VariableName {
  /** All that shares the slot, the same in every run: `Token._balances[]`. */
  variable: string;
  /** What of that was written, with the keys of the entry: `Token._balances[Pool]`. */
  path: string;
  /** Where it is declared; undefined for what no source declares. */
  place: SourcePlace | undefined;
  /** What is done to it. */
  pattern: Pattern;
  /** Lines that write it, and those that only read it. */
  writtenAt: SourcePlace[];
  readAt: SourcePlace[];
}

/** Kinds of what serialises users; each has its own way out. */
export type Pattern = "counter" | "tokens" | "bits" | "list" | "ether" | "creation" | "figure";

/** A block's slots that no look has met are looked for in so many of its transactions. */
const MOST_LOOKS = 8;
const SMALL_KEYS = 32;
/** Something behind a slot is a bit when a write changes no other. */
const isOneBit = (bits: bigint): boolean => bits !== 0n && (bits & (bits - 1n)) === 0n;

export class BlockNames {
  readonly #matcher: CodeMatcher;
  readonly #block: FormedBlock;
  readonly #executor: Executor;
  readonly #preimages = new Preimages();
  readonly #uses = new Map<string, SlotUse[]>();
  readonly #contracts = new Map<Hex, BuiltContract | undefined>();
  /** Accounts that are keys of mappings. */
  readonly #keys = new Set<Hex>();
  readonly #looked = new Set<number>();

  constructor(matcher: CodeMatcher, block: FormedBlock, executor: Executor) {
    this.#matcher = matcher;
    this.#block = block;
    this.#executor = executor;
    this.#learn(block.look);
  }

  /** The project's contract at an address. */
  async contractAt(address: Hex): Promise<BuiltContract | undefined> {
    if (this.#contracts.has(address)) return this.#contracts.get(address);
    const { source } = this.#block.input;
    const account = await source.getAccount(hexToBytes(address));
    const code = account && (await source.getCode(account.codeHash));
    const contract = code && this.#matcher.find(code);
    this.#contracts.set(address, contract);
    return contract;
  }

  /** What the function that the block is made of is called, and where it stands. */
  async functionName(
    to: Uint8Array,
    data: Uint8Array,
  ): Promise<{ name: string; place: SourcePlace | undefined }> {
    const selector = bytesToHex(data.subarray(0, 4)).slice(2);
    const own = bytesToHex(to);
    // A proxy's function is one of those whose code it runs.
    for (const address of [own, ...this.#block.look.codes]) {
      const contract = await this.contractAt(address);
      const signature = contract?.functions.get(selector)?.signature;
      if (contract !== undefined && signature !== undefined)
        return {
          name: `${contract.name}.${signature.slice(0, signature.indexOf("("))}`,
          place: contract.placeOfFunction(selector),
        };
    }
    const account = (await this.contractAt(own))?.name ?? own;
    return { name: data.length === 0 ? `${account}.receive` : `${account}.0x${selector}`, place: undefined };
  }

  /** An error's name, by what the contract returned. */
  async errorName({ error, output }: { error: string; output: Hex }): Promise<string> {
    const selector = output.slice(2, 10);
    if (selector === ERROR) return JSON.stringify(textOf(output));
    if (selector === PANIC) return `panic 0x${BigInt(`0x${output.slice(10, 74)}`).toString(16)}`;
    for (const address of this.#block.look.codes) {
      const name = (await this.contractAt(address))?.errors.get(selector);
      if (name !== undefined) return name.slice(0, name.indexOf("("));
    }
    return error;
  }

  async nameOf(profile: BlockProfile, index: number): Promise<VariableName> {
    const location = profile.locations[index] as ProfileLocation;
    const { address, field } = location;
    const contract = (await this.contractAt(address))?.name ?? shortened(address);
    if (field === "storage") return this.#slotName(profile, index, location, contract);
    const [name, pattern]: [string, Pattern] =
      field === "nonce" ? ["contracts that it creates", "creation"] : ["ether", "ether"];
    const text = `${contract}: ${name}`;
    return { variable: text, path: text, place: undefined, pattern, writtenAt: [], readAt: [] };
  }

  async #slotName(
    profile: BlockProfile,
    index: number,
    { address, slot = "0x", before }: ProfileLocation,
    owner: string,
  ): Promise<VariableName> {
    const key = locationKey({ address, field: "storage", slot });
    if (!this.#uses.has(key)) await this.#lookFor(profile, index);
    const uses = this.#uses.get(key) ?? [];
    const changes = changesOf(profile, index, BigInt(before));
    const changed = changes.reduce((all, bits) => all | bits, 0n);
    const writtenAt = await this.#places(uses.filter(({ isWrite }) => isWrite));
    const readAt = await this.#places(uses.filter(({ isWrite }) => !isWrite));
    const adds = allAdd(profile, new Set([index]));
    // Code that a proxy runs in its own name knows what lies there; a library's does not.
    for (const code of [...new Set(uses.map((use) => use.code)), address]) {
      const contract = await this.contractAt(code);
      if (contract === undefined) continue;
      this.#preimages.addArraysOf(contract.layout.variables);
      await this.#nameAccounts();
      const slots = new SlotNames(contract.layout, this.#preimages, (account) => this.#accountName(account));
      if (slots.at(BigInt(slot)).length === 0) {
        const keys = this.#candidates(profile, index);
        this.#preimages.tryKeys(contract.layout.variables, keys);
        for (const key of keys) this.#learnKey(key);
        await this.#nameAccounts();
      }
      const names = slots.at(BigInt(slot), changed);
      const [first] = names;
      if (first === undefined) continue;
      return {
        variable: `${contract.name}.${joined(slots.at(BigInt(slot)).map(({ variable }) => variable))}`,
        path: `${contract.name}.${joined(names.map(({ path }) => path))}`,
        place: first.declaration && contract.placeOfNode(first.declaration),
        pattern: patternOf(first.path, changes, { adds, counts: allCount(profile, index) }),
        writtenAt,
        readAt,
      };
    }
    const text = `${owner}: slot ${slotText(slot)}`;
    const pattern = adds ? "counter" : "figure";
    return { variable: text, path: text, place: undefined, pattern, writtenAt, readAt };
  }

  #learn(look: Look): void {
    for (const input of look.hashed) {
      this.#preimages.add(input);
      if (input.length === 64) this.#learnKey(input.subarray(0, 32));
    }
    for (const use of look.uses) {
      const key = locationKey({ ...use, field: "storage" });
      const others = this.#uses.get(key);
      if (others === undefined) this.#uses.set(key, [use]);
      else others.push(use);
    }
  }

  #learnKey(key: Uint8Array): void {
    if (key.subarray(0, 12).every((byte) => byte === 0)) this.#keys.add(bytesToHex(key.subarray(12)));
  }

  /** Looks at a transaction that has met the location. */
  async #lookFor({ units }: BlockProfile, location: number): Promise<void> {
    if (this.#looked.size >= MOST_LOOKS) return;
    const unit = unitAt(units, location);
    const transaction = unit - 1;
    if (transaction < 0 || this.#looked.has(transaction)) return;
    this.#looked.add(transaction);
    let look = new Look();
    await this.#executor.trace({
      ...this.#block.input,
      last: transaction,
      tracer: (index) => {
        if (index !== transaction) return undefined;
        look = new Look();
        return look;
      },
    });
    this.#learn(look);
  }

  async #places(uses: readonly SlotUse[]): Promise<SourcePlace[]> {
    const places = new Map<string, SourcePlace>();
    for (const { code, trail } of uses) {
      const contract = await this.contractAt(code);
      for (const pc of trail) {
        const place = contract?.placeOfCode(pc);
        if (place?.function === undefined) continue;
        places.set(`${place.file}:${place.line}`, place);
        break;
      }
    }
    return [...places.values()];
  }

  /** Contracts that keys may name. */
  async #nameAccounts(): Promise<void> {
    for (const key of this.#keys) await this.contractAt(key);
    this.#keys.clear();
  }

  /** Keys that nobody was seen to hash: small numbers, accounts, and what a call that has met the location names or has to do with. */
  #candidates({ units, locations }: BlockProfile, location: number): Uint8Array[] {
    const { look, input } = this.#block;
    const transaction = unitAt(units, location) - 1;
    const unit = units[transaction + 1];
    const [raw, sender] = [input.block.transactions[transaction], input.senders[transaction]];
    if (raw === undefined || sender === undefined) return [];
    const { data } = decodeTransaction(raw);
    const words = Array.from({ length: Math.max(0, Math.floor((data.length - 4) / 32)) }, (_, i) =>
      data.subarray(4 + 32 * i, 36 + 32 * i),
    );
    const met = [...(unit?.reads ?? []), ...(unit?.writes ?? [])].flatMap(
      (access) => locations[access.location]?.address ?? [],
    );
    const accounts = [sender, ...[...new Set([...look.codes, ...met])].map((account) => hexToBytes(account))];
    const numbers = Array.from({ length: SMALL_KEYS }, (_, i) => BigInt(i));
    return [
      ...words,
      ...[...accounts.map((address) => bytesToBigInt(address)), ...numbers].map(bigIntToBytes32),
    ];
  }

  #accountName(address: Hex): string {
    return this.#contracts.get(address)?.name ?? shortened(address);
  }
}

/** The first transaction that has to do with a location; -1 for none. */
function unitAt(units: BlockProfile["units"], location: number): number {
  const meets = (access: { location: number }): boolean => access.location === location;
  return units.findIndex(
    ({ kind, reads, writes }) => kind === "transaction" && (writes.some(meets) || reads.some(meets)),
  );
}

/** `Error(string)` and `Panic(uint256)`. */
const ERROR = "08c379a0";
const PANIC = "4e487b71";

function textOf(output: Hex): string {
  const length = Number(BigInt(`0x${output.slice(74, 138) || "0"}`));
  return Buffer.from(output.slice(138, 138 + 2 * length), "hex").toString();
}

function shortened(address: Hex): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`;
}

/** Small numbers are variables' own slots, the others hashes. */
function slotText(slot: Hex): string {
  const value = BigInt(slot);
  return value < 1_000_000n ? value.toString() : `${slot.slice(0, 10)}…`;
}

/** `Pool._reserve0, _reserve1`: what shares a slot. */
function joined(names: readonly string[]): string {
  return [...new Set(names)].join(", ");
}

/** The bits that each write changed. */
function changesOf({ units }: BlockProfile, index: number, before: bigint): bigint[] {
  let value = before;
  const changes: bigint[] = [];
  for (const { writes } of units)
    for (const write of writes) {
      if (write.location !== index || write.value === undefined) continue;
      changes.push(value ^ BigInt(write.value));
      value = BigInt(write.value);
    }
  return changes;
}

/**
 * Do all writes of these locations add something that does not depend on the value? The first one of a slot that was empty costs more gas than the
 * others, which is all that sets it apart.
 */
export function allAdd({ units, locations }: BlockProfile, of: ReadonlySet<number>): boolean {
  const seen = new Set<number>();
  let adds = false;
  for (const { kind, writes } of units) {
    if (kind !== "transaction") continue;
    for (const write of writes) {
      if (!of.has(write.location)) continue;
      const isFirst = !seen.has(write.location) && BigInt(locations[write.location]?.before ?? 0) === 0n;
      seen.add(write.location);
      if (write.adds !== undefined || write.delta !== undefined) adds = true;
      else if (!isFirst) return false;
    }
  }
  return adds;
}

/** Is each value the next number? Whoever counts with it and does something else with the number depends on its order. */
function allCount({ units, locations }: BlockProfile, index: number): boolean {
  let value = BigInt(locations[index]?.before ?? 0);
  const values = units.flatMap(({ writes }) =>
    writes.flatMap((write) =>
      write.location === index && write.value !== undefined ? BigInt(write.value) : [],
    ),
  );
  return values.length > 1 && values.every((next) => next === ++value);
}

function patternOf(
  path: string,
  changes: readonly bigint[],
  { adds, counts }: { adds: boolean; counts: boolean },
): Pattern {
  if (/balance/i.test(path) && path.includes("[")) return "tokens";
  if (adds) return "counter";
  if (counts) return "list";
  if (changes.length > 1 && changes.every(isOneBit)) return "bits";
  return path.endsWith(".length") || /\[\d+\]$/.test(path) ? "list" : "figure";
}
