// Turns of a mutex: at once when it is free, one after the other when it is not.

import { expect, test } from "vitest";
import { Mutex } from "./mutex.ts";
import { atOnce, type Steps, wait } from "./steps.ts";

test("actions follow each other in the order in which they came, also after one that fails", async () => {
  const mutex = new Mutex();
  const order: string[] = [];
  function* action(name: string, until?: Promise<unknown>): Steps<string> {
    order.push(`${name} begins`);
    if (until !== undefined) yield* wait(until);
    order.push(`${name} ends`);
    return name;
  }
  expect(atOnce(mutex.steps(() => action("free")))).toBe("free");
  const slow = Promise.withResolvers<void>();
  const first = atOnce(mutex.steps(() => action("first", slow.promise)));
  const failing = mutex.run(async () => {
    order.push("fails");
    throw new RangeError("it fails");
  });
  const last = mutex.run(async () => {
    order.push("last");
    return 3;
  });
  expect(order).toEqual(["free begins", "free ends", "first begins"]);
  slow.resolve();
  await expect(failing).rejects.toThrow(RangeError);
  expect([await first, await last]).toEqual(["first", 3]);
  expect(order.slice(3)).toEqual(["first ends", "fails", "last"]);
  expect(atOnce(mutex.steps(() => action("free again")))).toBe("free again");
});
