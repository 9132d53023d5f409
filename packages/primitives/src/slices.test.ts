// Work in slices: the event loop turns between them, who has had least goes on first, and neither the node's own work nor its clients' is held up.

import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { comesFirst, type Payer, Slices } from "./slices.ts";

const payer = (level: number, placeLevel = 0): Payer & { level: number } => ({
  placeLevel,
  level,
  charge(milliseconds) {
    this.level += milliseconds;
  },
});

/** Keeps the thread busy for so many milliseconds, with as many chances for others. */
async function work(slices: Slices, milliseconds: number): Promise<void> {
  const turn = slices.begin();
  if (turn !== undefined) await turn;
  for (let i = 0; i < milliseconds; i++) {
    const begin = performance.now();
    while (performance.now() - begin < 1);
    const pause = slices.pause();
    if (pause !== undefined) await pause;
  }
  slices.end();
}

test("who comes first", () => {
  expect(comesFirst(payer(1), payer(2))).toBe(true);
  expect(comesFirst(payer(2), payer(2))).toBe(false);
  expect(comesFirst(payer(1, 1), payer(2, 0))).toBe(false);
  expect(comesFirst(undefined, payer(0))).toBe(true);
  expect(comesFirst(payer(0), undefined)).toBe(false);
  expect(comesFirst(undefined, undefined)).toBe(false);
});

describe("work in slices", () => {
  test("leaves the event loop its turns, however much of it there is", async () => {
    let isOver = false;
    let turns = 0;
    const watch = async (): Promise<void> => {
      for (; !isOver; turns++) await nextTurn();
    };
    const watching = watch();
    await Promise.all(Array.from({ length: 20 }, () => work(new Slices(), 10)));
    isOver = true;
    await watching;
    // Two hundred milliseconds of work, in slices of eight.
    expect(turns).toBeGreaterThan(10);
  });

  test("goes on first for who has had least, and is paid for", async () => {
    const order: string[] = [];
    const run = async (name: string, of: Payer, milliseconds: number): Promise<void> => {
      await work(new Slices({ payer: of }), milliseconds);
      order.push(name);
    };
    const [greedy, modest] = [payer(100), payer(10)];
    await Promise.all([run("greedy", greedy, 60), run("modest", modest, 20)]);
    expect(order).toEqual(["modest", "greedy"]);
    expect(greedy.level).toBeGreaterThanOrEqual(159);
    expect(modest.level).toBeGreaterThanOrEqual(29);
  });

  test("of the node's own and of clients takes turns: neither waits for all of the other", async () => {
    const order: string[] = [];
    const run = async (name: string, of: Payer | undefined, milliseconds: number): Promise<void> => {
      await work(new Slices({ payer: of }), milliseconds);
      order.push(name);
    };
    const own = Array.from({ length: 10 }, () => run("own", undefined, 30));
    const one = run("client", payer(0), 30);
    await Promise.all([...own, one]);
    expect(order.indexOf("client")).toBeLessThan(9);
    order.length = 0;
    const clients = Array.from({ length: 10 }, (_, i) => run("client", payer(i), 30));
    await Promise.all([...clients, run("own", undefined, 30)]);
    expect(order.indexOf("own")).toBeLessThan(9);
  });

  test("ends with who waits for it", async () => {
    const end = new AbortController();
    const slices = new Slices({ signal: end.signal });
    const running = work(slices, 1_000);
    await nextTurn();
    end.abort(new Error("gone"));
    await expect(running).rejects.toThrow("gone");
  });

  test("does not pay for the time in which it waits for others", async () => {
    const of = payer(0);
    let idle = 0;
    const slices = new Slices({ payer: of, idleMs: () => idle });
    const begin = performance.now();
    while (performance.now() - begin < 20);
    idle = 19;
    slices.end();
    expect(of.level).toBeLessThan(performance.now() - begin - 18);
  });
});
