// Turns at a place: as many as may at a time, who has had least first, and everything ends.

import { setTimeout as sleep } from "node:timers/promises";
import { type Payer, promised, wait } from "@braid/primitives";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

/** An action that waits in any case. */
function run<Result>(
  turns: Turns,
  signal: AbortSignal | undefined,
  action: () => Promise<Result>,
  of?: Payer,
): Promise<Result> {
  return promised(turns.run(signal, () => wait(action()), of));
}

const payer = (level: number, placeLevel = 0): Payer => ({ placeLevel, level, charge() {} });

test("the node's own comes first, then who has had least, and of those with the same who came first", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const one = (name: string, of?: Payer): Promise<void> =>
    run(turns, undefined, async () => void order.push(name), of);
  const all = [one("first"), one("b", payer(2)), one("far", payer(0, 1)), one("c", payer(2))];
  all.push(one("a", payer(1)), one("own"));
  expect([payer(0), payer(2), payer(0, 2), undefined].map((of) => turns.ahead(of))).toEqual([1, 4, 5, 1]);
  await Promise.all(all);
  expect(order).toEqual(["first", "own", "a", "b", "c", "far"]);
});

test("what somebody has had while they wait counts", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const [greedy, modest] = [{ ...payer(1) }, payer(2)];
  const one = (name: string, of: Payer) => run(turns, undefined, async () => void order.push(name), of);
  const slow = run(turns, undefined, () => sleep(10));
  const all = [one("greedy", greedy), one("modest", modest)];
  Object.assign(greedy, { level: 3 });
  await Promise.all([slow, ...all]);
  expect(order).toEqual(["modest", "greedy"]);
});

test("who cancels does not wait, and takes nobody's place", async () => {
  const turns = new Turns();
  const cancel = new AbortController();
  const slow = run(turns, undefined, () => sleep(50, "slow"));
  const cancelled = run(turns, cancel.signal, async () => "cancelled");
  const next = run(turns, undefined, async () => "next");
  cancel.abort();
  await expect(cancelled).rejects.toMatchObject({ code: "BRAID_ABORTED" });
  await expect(run(turns, cancel.signal, async () => "late")).rejects.toMatchObject({
    code: "BRAID_ABORTED",
  });
  expect([await slow, await next]).toEqual(["slow", "next"]);
  await turns.idle();
});

test("no more at a time than there are places, and idle is when all have ended", async () => {
  const jobs = fc.array(fc.record({ turns: fc.nat(4), priority: fc.nat(3), fails: fc.boolean() }), {
    maxLength: 30,
  });
  await fc.assert(
    fc.asyncProperty(jobs, fc.integer({ min: 1, max: 4 }), async (all, places) => {
      const turns = new Turns(places);
      let running = 0;
      let ended = 0;
      const runs = all.map((job) =>
        run(
          turns,
          undefined,
          async () => {
            expect(++running).toBeLessThanOrEqual(places);
            for (let i = 0; i < job.turns; i++) await Promise.resolve();
            running--;
            ended++;
            if (job.fails) throw new Error("it fails");
          },
          payer(job.priority),
        ).catch(() => {}),
      );
      await turns.idle();
      expect(ended).toBe(all.length);
      expect(turns.hasRoom).toBe(true);
      await Promise.all(runs);
    }),
  );
});
