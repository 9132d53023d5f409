// The slots of a contract as solc's storage layout names them. What lies behind a hash is found by trying: keys of mappings are mostly addresses, and those
// that a block has to do with are known.

import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, bytesToBigInt, concatBytes, type Hex, hexToBytes } from "@braid/primitives";

/** solc's `storageLayout`, as far as it is needed here. */
export interface StorageLayout {
  storage: StorageVariable[];
  types: Record<string, StorageType> | null;
}

interface StorageVariable {
  label: string;
  slot: string;
  offset?: number;
  type: string;
}

interface StorageType {
  encoding: string;
  numberOfBytes: string;
  key?: string;
  value?: string;
  base?: string;
  members?: StorageVariable[];
}

/** Elements of a dynamic array that are looked for, and slots of a fixed one. */
const MOST_ELEMENTS = 256n;
const HALF_OF_A_MAPPING = 1n << 40n;
const MOST_DEPTH = 6;
const MOST_INNER_KEYS = 64;

/** Names by slot, for one contract. */
export class SlotNames {
  readonly #names = new Map<Hex, { labels: string[]; variables: Set<string> }>();
  readonly #types: Record<string, StorageType>;
  readonly #keys: readonly Hex[];

  /** @param keys what mappings may have as keys: addresses that have something to do with the block. */
  constructor({ storage, types }: StorageLayout, keys: readonly Hex[]) {
    this.#types = types ?? {};
    this.#keys = keys;
    for (const variable of storage)
      this.#name(variable.type, BigInt(variable.slot), variable.label, variable.label, 0);
  }

  /** Undefined for a slot that is none of the variables', or lies behind a key that was not known. */
  find(slot: Hex): { label: string; variable: string } | undefined {
    const found = this.#names.get(slot);
    return found && { label: found.labels.join(", "), variable: [...found.variables].join(", ") };
  }

  #add(slot: bigint, label: string, variable: string): void {
    const key = slotKey(slot);
    const found = this.#names.get(key) ?? { labels: [], variables: new Set() };
    this.#names.set(key, found);
    found.labels.push(label);
    found.variables.add(variable);
  }

  #name(typeName: string, slot: bigint, label: string, variable: string, depth: number): void {
    const type = this.#types[typeName];
    if (type === undefined || depth > MOST_DEPTH) this.#add(slot, label, variable);
    else if (type.encoding === "mapping") {
      for (const key of this.#keysAt(depth))
        this.#name(type.value ?? "", mappingSlot(key, slot), `${label}[${key}]`, `${variable}[…]`, depth + 1);
    } else if (type.encoding === "dynamic_array") {
      this.#add(slot, `${label}.length`, variable);
      const start = bytesToBigInt(keccak256(bigIntToBytes32(slot)));
      const size = slotsOf(this.#types[type.base ?? ""]);
      for (let i = 0n; i < MOST_ELEMENTS; i++)
        this.#name(
          type.base ?? "",
          BigInt.asUintN(256, start + i * size),
          `${label}[${i}]`,
          `${variable}[…]`,
          depth + 1,
        );
    } else if (type.members !== undefined) {
      for (const member of type.members)
        this.#name(member.type, slot + BigInt(member.slot), `${label}.${member.label}`, variable, depth + 1);
    } else {
      const slots = slotsOf(type);
      for (let i = 0n; i < slots && i < MOST_ELEMENTS; i++)
        this.#add(slot + i, slots > 1n ? `${label} (slot ${i})` : label, variable);
    }
  }

  /** PERF: a mapping of mappings would take the square of the keys. */
  #keysAt(depth: number): readonly Hex[] {
    return depth === 0 ? this.#keys : this.#keys.slice(0, MOST_INNER_KEYS);
  }
}

function slotsOf(type: StorageType | undefined): bigint {
  return type === undefined ? 1n : (BigInt(type.numberOfBytes) + 31n) / 32n;
}

/** Where a mapping at `slot` has the entry of an address. */
export function mappingSlot(key: Hex, slot: bigint): bigint {
  return bytesToBigInt(keccak256(concatBytes(new Uint8Array(12), hexToBytes(key), bigIntToBytes32(slot))));
}

export function slotKey(slot: bigint): Hex {
  return `0x${slot.toString(16).padStart(64, "0")}`;
}

/** Is it so small that it was counted, and not hashed? */
export function isCounted(slot: bigint): boolean {
  return slot < HALF_OF_A_MAPPING;
}
