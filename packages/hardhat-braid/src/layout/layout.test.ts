// Names of slots: held against the layouts that solc writes, and against Solidity's rules of where things lie.

import {
  concat,
  encodeAbiParameters,
  getAddress,
  type Hex,
  hexToBytes,
  keccak256,
  pad,
  stringToHex,
  toHex,
} from "viem";
import { beforeAll, describe, expect, test } from "vitest";
import { compile, type SolcLayout } from "../testing/compile.ts";
import { type BuiltContract, contractsOf } from "./builds.ts";
import { namespaceSlot } from "./contract-layout.ts";
import { CodeMatcher } from "./match-code.ts";
import { SlotNames } from "./name-slot.ts";
import { Preimages } from "./preimages.ts";
import type { StorageType } from "./storage-types.ts";

const FILE = "layouts/Layouts.sol";
const ALICE: Hex = "0x00000000000000000000000000000000000000a1";
const BOB: Hex = "0x00000000000000000000000000000000000000b0";

let built: BuiltContract[];
let solc: SolcLayout;

beforeAll(() => {
  const { output, sources, layouts } = compile(FILE);
  built = contractsOf(output, sources);
  const layout = layouts[`project/${FILE}`]?.Layouts?.storageLayout;
  if (layout === undefined) throw new Error("solc has written no layout");
  solc = layout;
}, 60_000);

function contract(name = "Layouts"): BuiltContract {
  const found = built.find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} was not built`);
  return found;
}

/** Where solc says that a variable is. */
function slotOf(label: string): bigint {
  const variable = solc.storage.find((one) => one.label === label);
  if (variable === undefined) throw new Error(`there is no variable ${label}`);
  return BigInt(variable.slot);
}

const word = (value: bigint | Hex): Hex =>
  typeof value === "bigint" ? toHex(BigInt.asUintN(256, value), { size: 32 }) : pad(value);

describe("a layout out of the syntax tree", () => {
  test("is what solc writes", () => {
    const bytes = (type: StorageType): number =>
      type.kind === "value" ? type.bytes : "slots" in type ? Number(type.slots) * 32 : 32;
    const own = contract()
      .layout.variables.filter(({ name }) => name !== "layouts.main")
      .map(({ name, slot, offset, type }) => [name, String(slot), offset, bytes(type)]);
    expect(own).toEqual(
      solc.storage.map(({ label, slot, offset, type }) => [
        label,
        slot,
        offset,
        Number(solc.types[type]?.numberOfBytes),
      ]),
    );
  });
});

describe("a slot's name", () => {
  const preimages = new Preimages();
  const seen = (...parts: Hex[]): bigint => {
    preimages.add(hexToBytes(concat(parts)));
    return BigInt(keccak256(concat(parts)));
  };
  const paths = (slot: bigint, changed?: bigint): string[] => {
    preimages.addArraysOf(contract().layout.variables);
    const names = new SlotNames(contract().layout, preimages, (address) =>
      address === ALICE ? "alice" : undefined,
    );
    return names.at(slot, changed).map(({ path }) => path);
  };

  test("is that of a variable, of all that share it, or of the one whose bits changed", () => {
    expect(paths(slotOf("base"))).toEqual(["base"]);
    expect(paths(slotOf("paused"))).toEqual(["paused", "small", "phase", "thing"]);
    expect(paths(slotOf("paused"), 0xffn << 8n)).toEqual(["small"]);
    expect(paths(slotOf("paused"), 1n | (1n << 80n))).toEqual(["paused", "thing"]);
  });

  test("has the keys of mappings", () => {
    const outer = seen(word(ALICE), word(slotOf("allowances")));
    expect(paths(seen(word(BOB), word(outer)))).toEqual([`allowances[alice][${BOB}]`]);
    expect(paths(seen(stringToHex("gold"), word(slotOf("byName"))))).toEqual(['byName["gold"]']);
    expect(paths(seen(word(-7n), word(slotOf("ticks"))))).toEqual(["ticks[-7]"]);
  });

  test("has members of structs, elements and lengths of arrays", () => {
    const position = seen(word(7n), word(slotOf("positions")));
    expect(paths(position)).toEqual(["positions[7].size", "positions[7].since"]);
    expect(paths(position + 1n)).toEqual(["positions[7].owner"]);
    expect(paths(position + 3n)).toEqual(["positions[7].history.length"]);
    expect(paths(seen(word(position + 3n)) + 2n)).toEqual(["positions[7].history[2]"]);
    expect(paths(seen(word(5n), word(position + 2n)))).toEqual([`positions[7].marks[${word(5n)}]`]);
    expect(paths(slotOf("single") + 1n)).toEqual(["single.owner"]);
    expect(paths(slotOf("table") + 1n)).toEqual(["table[16]", "table[17]", "table[18]", "table[19]"]);
    expect(paths(slotOf("packed"))).toEqual(["packed.length"]);
    expect(paths(BigInt(keccak256(word(slotOf("packed")))) + 1n, 1n)).toEqual(["packed[8]"]);
    expect(paths(BigInt(keccak256(word(slotOf("list")))) + 5n)).toEqual(["list[1].owner"]);
    expect(paths(BigInt(keccak256(word(slotOf("rows")))) + 4n)).toEqual(["rows[1][1]"]);
    expect(paths(slotOf("title"))).toEqual(["title"]);
    expect(paths(BigInt(keccak256(word(slotOf("title")))))).toEqual(["title"]);
  });

  test("is found for namespaces, constants, and the slots of proxies", () => {
    const main = namespaceSlot("layouts.main");
    const inner = keccak256(stringToHex("layouts.main"));
    expect(toHex(main)).toBe(
      toHex(BigInt(keccak256(encodeAbiParameters([{ type: "uint256" }], [BigInt(inner) - 1n]))) & ~0xffn),
    );
    expect(paths(main)).toEqual(["layouts.main.total"]);
    expect(paths(seen(word(BOB), word(main + 1n)))).toEqual([`layouts.main.balances[${BOB}]`]);
    expect(paths(BigInt(keccak256(stringToHex("layouts.chosen"))))).toEqual(["CHOSEN"]);
    expect(paths(BigInt(keccak256(stringToHex("eip1967.proxy.admin"))) - 1n)).toEqual(["ERC1967.admin"]);
  });

  test("is found by keys that are tried, and is missing for what nobody knows", () => {
    const outer = keccak256(concat([word(BOB), word(slotOf("allowances"))]));
    const slot = BigInt(keccak256(concat([word(BOB), outer])));
    expect(paths(slot)).toEqual([]);
    preimages.tryKeys(contract().layout.variables, [hexToBytes(word(BOB))]);
    expect(paths(slot)).toEqual([`allowances[${BOB}][${BOB}]`]);
    expect(paths(1n << 255n)).toEqual([]);
  });

  test("leaves keys and indices out in the variable's name", () => {
    const names = new SlotNames(contract().layout, preimages);
    const outer = seen(word(ALICE), word(slotOf("allowances")));
    const [name] = names.at(seen(word(BOB), word(outer)));
    expect(name).toMatchObject({ variable: "allowances[][]", type: "uint256", offset: 0, bytes: 32 });
    const place = name?.declaration && contract().placeOfNode(name.declaration);
    expect(place).toMatchObject({ file: FILE, function: undefined });
  });
});

describe("code on the chain", () => {
  test("is matched whatever its immutables, libraries and metadata are", () => {
    const matcher = new CodeMatcher(built);
    const { code } = contract();
    expect(code.filledIn.length).toBeGreaterThanOrEqual(2);
    const deployed = code.bytes.slice();
    for (const { start, length } of code.filledIn) deployed.fill(0xab, start, start + length);
    deployed.fill(7, deployed.length - 40, deployed.length - 10);
    expect(matcher.find(deployed)?.name).toBe("Layouts");
    deployed[10] = (deployed[10] as number) ^ 1;
    expect(matcher.find(deployed.slice())).toBeUndefined();
    const library = contract("Sums").code.bytes.slice();
    library.set(hexToBytes(getAddress(BOB)), 1);
    expect(matcher.find(library)?.name).toBe("Sums");
    expect(matcher.find(new Uint8Array(0))).toBeUndefined();
  });

  test("comes from lines of functions", () => {
    const { code } = contract();
    const lines = new Set<string>();
    for (let pc = 0; pc < code.bytes.length; pc++) {
      const place = contract().placeOfCode(pc);
      if (place?.function === "Layouts.grow") lines.add(`${place.file}:${place.line}`);
    }
    expect([...lines].sort()).toEqual([`${FILE}:67`, `${FILE}:68`, `${FILE}:69`]);
  });
});
