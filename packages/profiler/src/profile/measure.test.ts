// What is measured of a block, and which of its writes count as additions.

import { Executor } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { type AsmItem, asm } from "@braid/testing/assembler";
import { BlockBuilder } from "@braid/testing/block-builder";
import { afterAll, expect, test } from "vitest";
import { type BlockProfile, locationKey } from "./block-profile.ts";
import { type MeasureOptions, measureBlock } from "./measure.ts";

const executor = new Executor({ workers: 0 });
afterAll(() => executor.close());

const CONTRACT = plainAddress(1);
const SLOT0 = `${bytesToHex(CONTRACT)}:0x${"0".repeat(64)}` as const;
/** slot 0 = slot 0 + 5 */
const ADD: AsmItem[] = [5, 0, "SLOAD", "ADD", 0, "SSTORE"];

async function profileOf(
  code: AsmItem[],
  before = 100n,
  senders = 4,
  options: MeasureOptions = {},
): Promise<BlockProfile> {
  const builder = new BlockBuilder("cancun");
  builder.contract(CONTRACT, asm(...code), { storage: [[0n, before]] });
  for (let i = 0; i < senders; i++) builder.fund(keyed(i));
  for (let i = 0; i < senders; i++)
    builder.send({ from: keyed(i), to: CONTRACT, data: Uint8Array.of(1, 2, 3, 4, 5) });
  const { input, chain, source } = await builder.build();
  return measureBlock(executor, { block: input, chain, source: source() }, { runs: 2, ...options });
}

/** Of each transaction: what it adds to slot 0. */
function additions({ units, locations }: BlockProfile): (Hex | undefined)[] {
  const slot = locations.findIndex((location) => locationKey(location) === SLOT0);
  return units.slice(1, -1).map(({ writes }) => writes.find(({ location }) => location === slot)?.adds?.by);
}

test("a profile has every unit with its time, gas, reads and writes, and survives JSON", async () => {
  const profile = await profileOf(ADD);
  expect(JSON.parse(JSON.stringify(profile))).toEqual(profile);
  expect(profile).toMatchObject({ version: 1, number: 1000, transactions: 4, runs: 2 });
  expect(profile.units.map(({ kind }) => kind)).toEqual([
    "prologue",
    ...Array.from({ length: 4 }, () => "transaction"),
    "epilogue",
  ]);
  // EIP-4788 writes two slots.
  expect(profile.units[0]?.writes).toHaveLength(2);
  const slot = profile.locations.findIndex((location) => locationKey(location) === SLOT0);
  expect(profile.locations[slot]?.before).toBe("0x64");
  const [, first] = profile.units;
  expect(first).toMatchObject({
    from: bytesToHex(keyed(0).address),
    to: bytesToHex(CONTRACT),
    selector: "0x01020304",
    status: 1,
  });
  expect(first?.reads).toContainEqual({ location: slot, min: "0x64" });
  expect(first?.writes).toContainEqual(expect.objectContaining({ location: slot, value: "0x69" }));
  // The sender's nonce and funds.
  expect(first?.reads.filter(({ assumed }) => assumed)).toHaveLength(2);
  for (const { executeMs } of profile.units) expect(executeMs).toBeGreaterThan(0);
  expect(profile.sequentialMs).toBeGreaterThan(profile.mainThreadMs);
});

test("adding what does not depend on the value is an addition", async () => {
  expect(additions(await profileOf(ADD))).toEqual(Array.from({ length: 4 }, () => "0x5"));
});

test("the first write of a slot that was empty costs other gas: it is none", async () => {
  expect(additions(await profileOf(ADD, 0n))).toEqual([undefined, "0x5", "0x5", "0x5"]);
});

test.each<[string, AsmItem[]]>([
  ["doubling", [0, "SLOAD", "DUP1", "ADD", 0, "SSTORE"]],
  ["adding and telling in a log", [...ADD, 0, "SLOAD", 0, "MSTORE", 32, 0, "LOG0"]],
  ["adding and keeping the value elsewhere", [...ADD, 0, "SLOAD", "CALLER", "SSTORE"]],
  ["adding as long as it is below a limit", [110, 0, "SLOAD", "LT", "@go", "JUMPI", "STOP", ":go", ...ADD]],
])("%s is none", async (_, code) => {
  expect(additions(await profileOf(code))).toEqual(Array.from({ length: 4 }, () => undefined));
});

test("a slot that one transaction writes is left alone", async () => {
  expect(additions(await profileOf(ADD, 100n, 1))).toEqual([undefined]);
});

test("runs that do not count are left out, unless few would be left", async () => {
  const runsWith = async (counting: boolean[]): Promise<number> => {
    const seen: number[] = [];
    const { runs } = await profileOf(ADD, 100n, 2, {
      runs: counting.length,
      afterRun: ({ phases }) => {
        seen.push(phases.total);
        return Promise.resolve(counting[seen.length - 1] === true);
      },
    });
    expect(seen).toHaveLength(counting.length);
    return runs;
  };
  expect(await runsWith([true, false, true, true, false])).toBe(3);
  expect(await runsWith([true, false, true, false])).toBe(4);
});
