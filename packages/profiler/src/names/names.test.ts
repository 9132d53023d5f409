// Names out of storage layouts, and out of slots alone.

import { keccak256 } from "@braid/kernel";
import { bytesToBigInt, type Hex } from "@braid/primitives";
import { expect, test } from "vitest";
import { profileOf, transaction } from "../testing/profiles.ts";
import { namesOf } from "./names.ts";
import { mappingSlot, type StorageLayout, slotKey } from "./storage-layout.ts";

const PAIR: Hex = `0x${"c0".repeat(20)}`;
const USER: Hex = `0x${"f0".repeat(20)}`;

/** As solc writes it. */
const LAYOUT: StorageLayout = {
  storage: [
    { label: "balanceOf", slot: "0", offset: 0, type: "t_mapping(t_address,t_uint256)" },
    { label: "allowance", slot: "1", offset: 0, type: "t_mapping(t_address,t_mapping(t_address,t_uint256))" },
    { label: "reserve0", slot: "8", offset: 0, type: "t_uint112" },
    { label: "reserve1", slot: "8", offset: 14, type: "t_uint112" },
    { label: "fees", slot: "9", offset: 0, type: "t_struct(Fees)_storage" },
    { label: "holders", slot: "11", offset: 0, type: "t_array(t_address)dyn_storage" },
    { label: "positions", slot: "12", offset: 0, type: "t_mapping(t_address,t_struct(Fees)_storage)" },
    { label: "table", slot: "13", offset: 0, type: "t_array(t_uint256)2_storage" },
  ],
  types: {
    t_uint112: { encoding: "inplace", numberOfBytes: "14" },
    t_uint256: { encoding: "inplace", numberOfBytes: "32" },
    t_address: { encoding: "inplace", numberOfBytes: "20" },
    "t_mapping(t_address,t_uint256)": {
      encoding: "mapping",
      numberOfBytes: "32",
      key: "t_address",
      value: "t_uint256",
    },
    "t_mapping(t_address,t_mapping(t_address,t_uint256))": {
      encoding: "mapping",
      numberOfBytes: "32",
      key: "t_address",
      value: "t_mapping(t_address,t_uint256)",
    },
    "t_mapping(t_address,t_struct(Fees)_storage)": {
      encoding: "mapping",
      numberOfBytes: "32",
      key: "t_address",
      value: "t_struct(Fees)_storage",
    },
    "t_array(t_address)dyn_storage": { encoding: "dynamic_array", numberOfBytes: "32", base: "t_address" },
    "t_array(t_uint256)2_storage": { encoding: "inplace", numberOfBytes: "64", base: "t_uint256" },
    "t_struct(Fees)_storage": {
      encoding: "inplace",
      numberOfBytes: "64",
      members: [
        { label: "paid", slot: "0", offset: 0, type: "t_uint256" },
        { label: "owed", slot: "1", offset: 0, type: "t_uint256" },
      ],
    },
  },
};

const profile = profileOf([transaction({})]);
const names = namesOf([profile], {
  [PAIR.toUpperCase().replace("0X", "0x")]: { contract: "Pair", storageLayout: LAYOUT },
});
const nameAt = (slot: bigint) => names({ address: PAIR, field: "storage", slot: slotKey(slot) });

test.each<[string, bigint, string]>([
  ["Pair reserve0, reserve1", 8n, "Pair reserve0, reserve1"],
  ["Pair fees.paid", 9n, "Pair fees"],
  ["Pair fees.owed", 10n, "Pair fees"],
  ["Pair holders.length", 11n, "Pair holders"],
  [
    "Pair holders[2]",
    bytesToBigInt(keccak256(Uint8Array.from([...new Uint8Array(31), 11]))) + 2n,
    "Pair holders[…]",
  ],
  [`Pair balanceOf[${USER}]`, mappingSlot(USER, 0n), "Pair balanceOf[…]"],
  [`Pair allowance[${USER}][${PAIR}]`, mappingSlot(PAIR, mappingSlot(USER, 1n)), "Pair allowance[…][…]"],
  [`Pair positions[${USER}].owed`, mappingSlot(USER, 12n) + 1n, "Pair positions[…]"],
  ["Pair table (slot 1)", 14n, "Pair table"],
  ["Pair slot 99", 99n, "Pair slot 99"],
])("%s", (label, slot, variable) => {
  expect(nameAt(slot)).toMatchObject({ label, group: { label: variable } });
});

test("without a layout a slot says what it can: its number, or the mapping of which an address of the block has the entry", () => {
  const slot = slotKey(mappingSlot(USER, 3n));
  const seen = {
    ...profile,
    locations: [{ address: PAIR, field: "storage" as const, slot, before: "0x0" as const }],
  };
  const guessed = namesOf([seen]);
  expect(guessed({ address: PAIR, field: "storage", slot }).label).toBe(
    "0xc0c0c0…c0c0 mapping 3[0xf0f0f0…f0f0]",
  );
  expect(guessed({ address: PAIR, field: "storage", slot: slotKey(8n) }).label).toBe("0xc0c0c0…c0c0 slot 8");
  expect(guessed({ address: PAIR, field: "balance" }).label).toBe("0xc0c0c0…c0c0 balance");
});

test("the entries of a mapping are one group, and slots of two contracts never are", () => {
  const [one, other] = [USER, PAIR].map((key) => nameAt(mappingSlot(key, 0n)));
  expect(one?.group).toEqual(other?.group);
  const elsewhere = names({ address: USER, field: "storage", slot: slotKey(99n) });
  expect(elsewhere.group.id).not.toBe(nameAt(99n).group.id);
});
