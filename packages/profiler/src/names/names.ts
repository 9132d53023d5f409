// What locations are called: by storage layouts where there are any, else by what can be told from a slot itself.

import type { Hex } from "@braid/primitives";
import type { BlockProfile, ProfileLocation } from "../profile/block-profile.ts";
import type { LocationName } from "./location-name.ts";
import { isCounted, mappingSlot, SlotNames, type StorageLayout, slotKey } from "./storage-layout.ts";

/** The layout of the contract at an address. */
export interface ContractLayout {
  /** What it is called; default: its address. */
  contract?: string;
  storageLayout?: StorageLayout;
}

export type NameOf = (location: Pick<ProfileLocation, "address" | "field" | "slot">) => LocationName;

/** Mappings of contracts without a layout are looked for at the slots up to this one. */
const LAST_GUESSED_SLOT = 15n;

/** Names for the locations of some blocks. PERF: a hash for each address and mapping, some ten thousand for a block of some hundred transactions. */
export function namesOf(
  profiles: readonly BlockProfile[],
  layouts: Readonly<Record<string, ContractLayout>> = {},
): NameOf {
  const known = new Map(Object.entries(layouts).map(([address, layout]) => [address.toLowerCase(), layout]));
  const keys = addressesOf(profiles);
  const named = new Map<string, SlotNames>();
  for (const [address, { storageLayout }] of known)
    if (storageLayout !== undefined) named.set(address, new SlotNames(storageLayout, keys));
  const guessed = guessMappings(profiles, keys);
  return ({ address, field, slot }) => {
    const contract = known.get(address)?.contract ?? shortHex(address);
    const name = (part: string, variable: string, id = variable): LocationName => ({
      label: `${contract} ${part}`,
      group: { id: `${address}:${id}`, label: `${contract} ${variable}` },
    });
    if (field !== "storage" || slot === undefined)
      return name(FIELDS[field] ?? field, FIELDS[field] ?? field);
    const found = named.get(address)?.find(slot);
    if (found !== undefined) return name(found.label, found.variable);
    const guess = guessed.get(slot);
    if (guess !== undefined)
      return name(`mapping ${guess.at}[${shortHex(guess.key)}]`, `mapping ${guess.at}[…]`);
    const number = BigInt(slot);
    const shown = `slot ${isCounted(number) ? number : shortHex(slot)}`;
    return name(shown, shown, slot);
  };
}

const FIELDS: Partial<Record<ProfileLocation["field"], string>> = {
  codeHash: "code",
  storageReset: "storage as a whole",
};

/** 0x1234…abcd */
export function shortHex(hex: Hex): string {
  return hex.length <= 14 ? hex : `${hex.slice(0, 8)}…${hex.slice(-4)}`;
}

function addressesOf(profiles: readonly BlockProfile[]): Hex[] {
  const found = new Set<Hex>();
  for (const { units, locations, arguments: named } of profiles) {
    for (const address of named) found.add(address);
    for (const { from, to } of units) for (const one of [from, to]) if (one !== undefined) found.add(one);
    for (const { address } of locations) found.add(address);
  }
  return [...found];
}

/** Slots of the blocks that are an address's entry in a mapping at one of the first slots: which, and whose. */
function guessMappings(
  profiles: readonly BlockProfile[],
  keys: readonly Hex[],
): Map<string, { at: bigint; key: Hex }> {
  const hashed = new Set<string>();
  for (const { locations } of profiles)
    for (const { slot } of locations) if (slot !== undefined && !isCounted(BigInt(slot))) hashed.add(slot);
  const found = new Map<string, { at: bigint; key: Hex }>();
  if (hashed.size === 0) return found;
  for (const key of keys)
    for (let at = 0n; at <= LAST_GUESSED_SLOT; at++) {
      const slot = slotKey(mappingSlot(key, at));
      if (hashed.has(slot)) found.set(slot, { at, key });
    }
  return found;
}
