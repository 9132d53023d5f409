// Every error class that a worker may throw is made again on the main thread.

import * as kernel from "@braid/kernel";
import * as primitives from "@braid/primitives";
import { BaseError, deserializeError, serializeError } from "@braid/primitives";
import * as state from "@braid/state";
import { expect, test } from "vitest";
import * as executor from "../index.ts";
import { WORKER_ERRORS } from "./worker-errors.ts";

const exported = [primitives, kernel, state, executor]
  .flatMap((module): unknown[] => Object.values(module))
  .filter((one) => typeof one === "function" && one.prototype instanceof BaseError) as (typeof BaseError)[];

test.each(exported.map((one) => [one.name, one] as const))("%s", (name, one) => {
  const thrown: BaseError = Object.assign(Reflect.construct(Error, ["what happened"], one), {
    name,
    code: "BRAID_SAMPLE",
    data: { transactionIndex: 3 },
  });
  const caught = deserializeError(structuredClone(serializeError(thrown)), WORKER_ERRORS);
  expect(caught).toBeInstanceOf(one);
  expect(caught).toMatchObject({
    name,
    code: "BRAID_SAMPLE",
    message: "what happened",
    data: { transactionIndex: 3 },
    stack: thrown.stack,
  });
});

test("no two of them have the same name, and none is missed", () => {
  const names = exported.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain("InvalidTransactionError");
  expect(names).toContain("ArenaExhaustedError");
  expect(names).toContain("MissingTrieNodeError");
  expect(names).toContain("InvalidHexError");
});
