// Turns at a place: as many as may at a time, the lowest number first, and everything ends.

import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("who has the lowest number comes first, and of those with the same who came first", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const one = (name: string, priority?: number): Promise<void> =>
    turns.run(undefined, async () => void order.push(name), priority);
  await Promise.all([one("first"), one("b", 2), one("c", 2), one("a", 1), one("default")]);
  expect(order).toEqual(["first", "default", "a", "b", "c"]);
});

test("who cancels does not wait, and takes nobody's place", async () => {
  const turns = new Turns();
  const cancel = new AbortController();
  const slow = turns.run(undefined, () => sleep(50, "slow"));
  const cancelled = turns.run(cancel.signal, async () => "cancelled");
  const next = turns.run(undefined, async () => "next");
  cancel.abort();
  await expect(cancelled).rejects.toMatchObject({ code: "BRAID_ABORTED" });
  await expect(turns.run(cancel.signal, async () => "late")).rejects.toMatchObject({ code: "BRAID_ABORTED" });
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
      const run = all.map((job) =>
        turns
          .run(
            undefined,
            async () => {
              expect(++running).toBeLessThanOrEqual(places);
              for (let i = 0; i < job.turns; i++) await Promise.resolve();
              running--;
              ended++;
              if (job.fails) throw new Error("it fails");
            },
            job.priority,
          )
          .catch(() => {}),
      );
      await turns.idle();
      expect(ended).toBe(all.length);
      expect(turns.hasRoom).toBe(true);
      await Promise.all(run);
    }),
  );
});
