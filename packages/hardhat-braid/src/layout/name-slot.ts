// The names of what lies in a slot.

import { bytesToBigInt, bytesToHex, type Hex } from "@braid/primitives";
import type { AstNode } from "./ast.ts";
import type { ContractLayout } from "./contract-layout.ts";
import type { Preimages } from "./preimages.ts";
import { elementsPerSlot, type StorageType, slotsOf } from "./storage-types.ts";

/** Something that lies in a slot, all of it or a part. */
export interface SlotName {
  /** With keys and indices: `_balances[0x…]`, `positions[7].debt`, `queue.length`. */
  path: string;
  /** The same without them: `_balances[]`. It is one for all users. */
  variable: string;
  /** In bytes, from the low end of the slot. */
  offset: number;
  bytes: number;
  /** Its type, as Solidity writes it. */
  type: string;
  /** Where the state variable is declared; undefined for slots that only a standard names. */
  declaration: AstNode | undefined;
}

/** What people call an account; undefined when it has no name. */
export type NameOfAddress = (address: Hex) => string | undefined;

/** A place in storage: the type that begins there, and what leads to it. */
interface Place {
  type: StorageType;
  offset: number;
  path: string;
  variable: string;
  declaration: AstNode | undefined;
}

/** Deeper than any contract goes. */
const DEEPEST = 16;
const LONG_TEXT = 64;

export class SlotNames {
  readonly #layout: ContractLayout;
  readonly #preimages: Preimages;
  readonly #nameOf: NameOfAddress;

  constructor(layout: ContractLayout, preimages: Preimages, nameOf: NameOfAddress = () => undefined) {
    this.#layout = layout;
    this.#preimages = preimages;
    this.#nameOf = nameOf;
  }

  /**
   * What lies in a slot, from its low end up; nothing when that cannot be told.
   *
   * @param changed the bits that changed, when only what has some of them is of interest.
   */
  at(slot: bigint, changed = 0n): SlotName[] {
    const names = this.#places(slot, 0).flatMap(toName);
    if (changed === 0n) return names;
    const hit = names.filter(
      ({ offset, bytes }) => (changed >> BigInt(8 * offset)) % (1n << BigInt(8 * bytes)) !== 0n,
    );
    return hit.length > 0 ? hit : names;
  }

  #places(slot: bigint, depth: number): Place[] {
    for (const { name, slot: first, offset, type, node } of this.#layout.variables)
      if (slot >= first && slot < first + slotsOf(type)) {
        const found = this.#layout.variables
          .filter((other) => other.slot === first && first === slot && other.offset > offset)
          .map((other) => place(other.type, other.offset, other.name, other.node));
        return [...within(place(type, offset, name, node), slot - first), ...found];
      }
    const named = this.#layout.slots.find((one) => one.slot === slot);
    if (named !== undefined)
      return [place({ kind: "value", label: "bytes32", bytes: 32 }, 0, named.name, named.node)];
    return depth < DEEPEST ? this.#hashed(slot, depth) : [];
  }

  #hashed(slot: bigint, depth: number): Place[] {
    const found = this.#preimages.below(slot);
    // What leads to a slot ends in another one's number.
    if (found === undefined || found.input.length < 32) return [];
    const { hash, input } = found;
    const key = input.subarray(0, input.length - 32);
    const parents = this.#places(bytesToBigInt(input.subarray(input.length - 32)), depth + 1);
    // A mapping, an array and a text have their slots for themselves.
    const [parent] = parents;
    if (parent === undefined || parents.length > 1) return [];
    const { type, path, variable, declaration } = parent;
    const behind = slot - hash;
    if (type.kind === "mapping" && key.length > 0) {
      const value = type.value();
      if (behind >= slotsOf(value)) return [];
      const label = `${path}[${this.#keyText(type.key, key)}]`;
      return within({ type: value, offset: 0, path: label, variable: `${variable}[]`, declaration }, behind);
    }
    if (key.length > 0) return [];
    if (type.kind === "dynamicArray") return elements({ ...parent, offset: 0 }, type.base, behind);
    if (type.kind === "bytes") return [{ ...parent, type: { kind: "value", label: type.label, bytes: 32 } }];
    return [];
  }

  #keyText(type: string, key: Uint8Array): string {
    if (type === "string") return JSON.stringify(shortened(new TextDecoder().decode(key)));
    if (type === "bytes" || key.length !== 32) return shortened(bytesToHex(key));
    if (type.startsWith("address") || type.startsWith("contract ")) {
      const address = bytesToHex(key.subarray(12));
      return this.#nameOf(address) ?? address;
    }
    if (type === "bool") return key[31] === 0 ? "false" : "true";
    if (type.startsWith("uint")) return bytesToBigInt(key).toString();
    if (type.startsWith("int")) return BigInt.asIntN(256, bytesToBigInt(key)).toString();
    const size = Number(/^bytes(\d+)$/.exec(type)?.[1] ?? 32);
    return bytesToHex(key.subarray(0, size));
  }
}

function shortened(text: string): string {
  return text.length > LONG_TEXT ? `${text.slice(0, LONG_TEXT)}…` : text;
}

function place(type: StorageType, offset: number, name: string, declaration: AstNode | undefined): Place {
  return { type, offset, path: name, variable: name, declaration };
}

/** What lies in the slot that comes so many behind the beginning of a place. */
function within(of: Place, behind: bigint): Place[] {
  const { type, path, variable } = of;
  if (type.kind === "struct")
    return type.members
      .filter(({ slot, type: member }) => behind >= slot && behind < slot + slotsOf(member))
      .flatMap(({ name, slot, offset, type: member }) =>
        within(
          { ...of, type: member, offset, path: `${path}.${name}`, variable: `${variable}.${name}` },
          behind - slot,
        ),
      );
  if (type.kind === "array") return elements(of, type.base, behind, type.length);
  return [of];
}

/** The elements of an array in the slot that comes so many behind its first. */
function elements(of: Place, base: StorageType, behind: bigint, length?: bigint): Place[] {
  const element = (index: bigint, offset: number): Place => ({
    ...of,
    type: base,
    offset,
    path: `${of.path}[${index}]`,
    variable: `${of.variable}[]`,
  });
  if (base.kind !== "value") {
    const size = slotsOf(base);
    return within(element(behind / size, 0), behind % size);
  }
  const perSlot = elementsPerSlot(base);
  const first = behind * perSlot;
  const count = length === undefined || first + perSlot <= length ? perSlot : length - first;
  return Array.from({ length: Number(count) }, (_, i) => element(first + BigInt(i), i * base.bytes));
}

function toName({ type, offset, path, variable, declaration }: Place): SlotName[] {
  const bytes = type.kind === "value" ? type.bytes : 32;
  const isLength = type.kind === "dynamicArray";
  const suffix = isLength ? ".length" : "";
  return [
    {
      path: path + suffix,
      variable: variable + suffix,
      offset,
      bytes,
      type: isLength ? "uint256" : type.label,
      declaration,
    },
  ];
}
