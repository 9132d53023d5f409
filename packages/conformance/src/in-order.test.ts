// Reports in the order of files and cases, in whatever order they come.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { InOrder } from "./in-order.ts";
import type { CaseReport } from "./reports.ts";

const report = (name: string): CaseReport => ({ file: "", name, fork: "", verdict: "passed" });

test("however they come, they are told in order, each as soon as it can be", () => {
  const files = fc.array(fc.record({ cases: fc.nat(5), parts: fc.integer({ min: 1, max: 3 }) }), {
    maxLength: 5,
  });
  fc.assert(
    fc.property(files, fc.infiniteStream(fc.nat()), (sizes, choices) => {
      const told: string[] = [];
      const order = new InOrder(
        sizes.map(({ parts }) => parts),
        ({ name }, file) => told.push(`${file} ${name}`),
      );
      // What each part of each file has to do, in its own order.
      const queues = sizes.flatMap(({ cases, parts }, file) =>
        Array.from({ length: parts }, (_, part) => [
          ...Array.from({ length: cases }, (_, number) => number)
            .filter((number) => number % parts === part)
            .map((number) => () => order.add(file, number, report(String(number)))),
          () => order.finishPart(file),
        ]),
      );
      const expected = sizes.flatMap(({ cases }, file) =>
        Array.from({ length: cases }, (_, number) => `${file} ${number}`),
      );
      for (let left = queues; left.length > 0; left = left.filter((queue) => queue.length > 0)) {
        const queue = left[(choices.next().value as number) % left.length];
        queue?.shift()?.();
        expect(told).toEqual(expected.slice(0, told.length));
      }
      expect(told).toEqual(expected);
    }),
  );
});

test("when a run ends early, what is there is told although something before it is missing", () => {
  const told: string[] = [];
  const order = new InOrder([1, 2, 1], ({ name }) => told.push(name));
  order.add(2, 0, report("c"));
  order.add(1, 3, report("b3"));
  order.add(1, 1, report("b1"));
  order.finishPart(2);
  expect(told).toEqual([]);
  order.flush();
  expect(told).toEqual(["b1", "b3", "c"]);
});
