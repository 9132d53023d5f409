// A worker's codes and their analyses: bounded by bytes, whatever was called, and what is called often stays.

import { Kernel, keccak256 } from "@braid/kernel";
import { expect, test } from "vitest";
import { wideConstant } from "./code-analysis.ts";
import { CodeStore } from "./code-store.ts";

const MAX = 200_000;
const PUSH32 = 0x7f;

/** A code of so many PUSH32, each with a constant of its own. */
function constants(number: number, count: number): Uint8Array {
  const code = new Uint8Array(33 * count).fill(number & 255);
  for (let i = 0; i < count; i++) code.set([PUSH32, i, number >> 8], 33 * i);
  return code;
}

function newStore(): { store: CodeStore; add: (code: Uint8Array) => Uint8Array } {
  const kernel = Kernel.create({ maxWorkers: 1, blockArenaBytes: 1 << 20, stateArenaBytes: 16 << 20 });
  const store = new CodeStore(kernel, () => Promise.reject(new Error("all codes are there")), MAX);
  const add = (code: Uint8Array): Uint8Array => {
    const hash = keccak256(code);
    kernel.storeCode(hash, code);
    return hash;
  };
  return { store, add };
}

function call(store: CodeStore, hash: Uint8Array, meet: number): Uint8Array {
  const code = store.get(hash);
  if (code instanceof Promise) throw new Error("a code that is there is no promise");
  const analysis = store.analysis(code);
  for (let i = 0; i < meet; i++) wideConstant(code, 33 * i + 1, 32, analysis);
  return code;
}

test("codes, analyses and the constants that were met stay within the limit", () => {
  const { store, add } = newStore();
  for (let i = 0; i < 400; i++) {
    call(store, add(constants(i, 1 + (i % 60))), i % 61);
    // The last one, its analysis and what it met are counted, and make room when the next one comes.
    expect(store.cachedBytes).toBeLessThanOrEqual(MAX + 60 * (33 + 96));
  }
  for (let i = 0; i < 2000; i++) call(store, add(Uint8Array.of(i & 255, i >> 8)), 0);
  expect(store.cachedBytes).toBeLessThanOrEqual(MAX + 2);
  // Tiny codes take more than their bytes.
  expect(store.cachedBytes).toBeGreaterThan(MAX / 2);
});

test("a code that is called again and again stays the same object, others come and go", () => {
  const { store, add } = newStore();
  const often = add(constants(1, 20));
  const once = add(constants(2, 20));
  const [first, gone] = [call(store, often, 20), call(store, once, 20)];
  const analysis = store.analysis(first);
  for (let i = 0; i < 500; i++) {
    call(store, add(constants(1000 + i, 10)), 10);
    expect(store.get(often)).toBe(first);
    expect(store.analysis(first)).toBe(analysis);
  }
  expect(store.get(once)).not.toBe(gone);
  expect(store.get(once)).toEqual(gone);
});

test("an analysis goes on after its code was forgotten", () => {
  const { store, add } = newStore();
  const code = call(store, add(constants(7, 50)), 0);
  const analysis = store.analysis(code);
  for (let i = 0; i < 500; i++) call(store, add(constants(1000 + i, 10)), 10);
  const before = store.cachedBytes;
  for (let i = 0; i < 50; i++) wideConstant(code, 33 * i + 1, 32, analysis);
  expect(store.cachedBytes).toBe(before);
});
