// What is expected of a function after what it did.

import { expect, it } from "vitest";
import { HintMemory } from "./hint-memory.ts";

const address = new Uint8Array(20).fill(1);
const slot = (n: number): Uint8Array => new Uint8Array(32).fill(n);

it("expects a slot that nearly every call wrote, and not one that some calls wrote", () => {
  const memory = new HintMemory();
  expect(memory.isEmpty).toBe(true);
  memory.learn(
    [
      { address, slot: slot(1), units: [1, 2, 3, 4] },
      { address, slot: slot(2), units: [1, 2] },
    ],
    ["swap", "swap", "swap", "swap"],
    () => false,
  );
  expect(memory.expect("swap").map((key) => key.slot?.[0])).toEqual([1]);
  expect(memory.expect("other")).toEqual([]);
});

it("tells an account's nonce from its slots", () => {
  const memory = new HintMemory();
  const contended = [slot(1), undefined].map((key) => ({ address, slot: key, units: [1, 2] }));
  memory.learn(contended, ["deploy", "deploy"], () => false);
  expect(memory.expect("deploy")).toMatchObject([
    { address, slot: slot(1) },
    { address, slot: undefined },
  ]);
});

it("expects nothing after a single call", () => {
  const memory = new HintMemory();
  memory.learn([{ address, slot: slot(1), units: [1, 2] }], ["a", "b"], () => false);
  expect(memory.expect("a")).toEqual([]);
});

it("stops expecting what calls no longer do", () => {
  const memory = new HintMemory();
  memory.learn([{ address, slot: slot(1), units: [1, 2] }], ["swap", "swap"], () => false);
  expect(memory.expect("swap")).toHaveLength(1);
  memory.learn([], ["swap", "swap", "swap"], () => false);
  expect(memory.expect("swap")).toEqual([]);
});

it("forgets the functions that were not seen for longest", () => {
  const memory = new HintMemory();
  for (let i = 0; i <= 4_096; i++)
    memory.learn([{ address, slot: slot(1), units: [1, 2] }], [`f${i}`, `f${i}`], () => false);
  expect(memory.expect("f0")).toEqual([]);
  expect(memory.expect("f4096")).toHaveLength(1);
});
