// Steps: at once where nothing is waited for, like an async function where something is.

import { describe, expect, it } from "vitest";
import { atOnce, promised, type Steps, wait } from "./steps.ts";

function* sum(...values: (number | Promise<number>)[]): Steps<number> {
  let total = 0;
  for (const value of values) total += yield* wait(value);
  return total;
}

describe("steps", () => {
  it("are done at once when nothing is waited for", () => {
    expect(atOnce(sum(1, 2, 3))).toBe(6);
  });

  it("wait for promises in between", async () => {
    const given = atOnce(sum(1, Promise.resolve(2), 3, Promise.resolve(4)));
    expect(given).toBeInstanceOf(Promise);
    expect(await given).toBe(10);
  });

  it("are told of a rejection where they wait, and clean up", async () => {
    const seen: string[] = [];
    function* guarded(): Steps<number> {
      try {
        return yield* sum(1, Promise.reject(new RangeError("later")));
      } catch (error) {
        seen.push((error as Error).message);
        return yield* wait(Promise.resolve(7));
      } finally {
        seen.push("end");
      }
    }
    expect(await atOnce(guarded())).toBe(7);
    expect(seen).toEqual(["later", "end"]);
  });

  it("reject with what they throw after they have waited, and with what nobody catches", async () => {
    function* failing(): Steps<number> {
      yield* wait(Promise.resolve(1));
      throw new RangeError("own");
    }
    await expect(atOnce(failing())).rejects.toThrow(RangeError);
    await expect(atOnce(sum(Promise.reject(new TypeError("not theirs"))))).rejects.toThrow(TypeError);
    function* failingAtOnce(): Steps<number> {
      yield* wait(1);
      throw new RangeError("before");
    }
    await expect(promised(failingAtOnce())).rejects.toThrow(RangeError);
    await expect(atOnce(failingAtOnce())).rejects.toThrow(RangeError);
  });
});
