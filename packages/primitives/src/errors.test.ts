// Errors keep their code, message and data on the way through a message between threads.

import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import * as primitives from "./index.ts";
import {
  BaseError,
  deserializeError,
  errorClasses,
  InvalidHexError,
  type SerializedError,
  serializeError,
} from "./index.ts";

class SampleError extends BaseError {
  constructor(at: bigint) {
    super("BRAID_SAMPLE", "A sample.", {
      data: { at, root: Uint8Array.of(1, 2) },
      cause: new Error("earlier"),
    });
  }
}

/** An error with a field of its own, and a method that needs it. */
class PlaceError extends BaseError {
  readonly place: string;
  constructor(place: string) {
    super("BRAID_PLACE", `At ${place}.`, { data: { place } });
    this.place = place;
  }
  shout(): string {
    return this.place.toUpperCase();
  }
}

/** What the other side of a worker boundary gets. */
function acrossThreads(error: unknown): BaseError {
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(serializeError(error));
    const received: { message: SerializedError } | undefined = receiveMessageOnPort(port2);
    if (received === undefined) throw new Error("no message arrived");
    return deserializeError(received.message, errorClasses({ SampleError, PlaceError }, primitives));
  } finally {
    port1.close();
  }
}

describe("BaseError", () => {
  test("is an Error with its class as name, and keeps its cause", () => {
    const error = new SampleError(3n);
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(BaseError);
    expect(error.name).toBe("SampleError");
    expect(error.code).toBe("BRAID_SAMPLE");
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("has no cause and no data unless they are given", () => {
    const error = new BaseError("BRAID_SAMPLE", "A sample.");
    expect("cause" in error).toBe(false);
    expect(error.data).toBeUndefined();
    expect("data" in serializeError(error)).toBe(false);
  });
});

describe("across a worker boundary", () => {
  test("a Braid error keeps its code, message and data", () => {
    const error = acrossThreads(new SampleError(2n ** 200n));
    expect(error).toBeInstanceOf(BaseError);
    expect(error.code).toBe("BRAID_SAMPLE");
    expect(error.message).toBe("A sample.");
    expect(error.data).toEqual({ at: 2n ** 200n, root: Uint8Array.of(1, 2) });
  });

  test("a Braid error keeps its class, its name, its fields and its stack", () => {
    const sample = new SampleError(3n);
    const error = acrossThreads(sample);
    expect(error).toBeInstanceOf(SampleError);
    expect(error.name).toBe("SampleError");
    expect(error.stack).toBe(sample.stack);
    const place = acrossThreads(new PlaceError("home"));
    if (!(place instanceof PlaceError)) throw new Error("the class is lost");
    expect(place.shout()).toBe("HOME");
    expect(acrossThreads(new InvalidHexError("0xg", "no digits"))).toBeInstanceOf(InvalidHexError);
  });

  test("a class that the other side does not know arrives as a BaseError with its name", () => {
    class LocalError extends BaseError {}
    const error = acrossThreads(new LocalError("BRAID_SAMPLE", "A sample.", { data: { at: 1 } }));
    expect(error).toBeInstanceOf(BaseError);
    expect(error).toMatchObject({ name: "LocalError", code: "BRAID_SAMPLE", data: { at: 1 } });
  });

  test("the classes of a module are found whatever else it exports", () => {
    const classes = errorClasses(primitives, { SampleError, other: class {}, nothing: undefined });
    expect(classes.get("SampleError")).toBe(SampleError);
    expect(classes.get("InvalidHexError")).toBe(InvalidHexError);
    expect(
      [...classes.values()].every((one) => one === BaseError || one.prototype instanceof BaseError),
    ).toBe(true);
  });

  test("values that cannot be cloned do not stop the others", () => {
    const error = acrossThreads(
      new BaseError("BRAID_SAMPLE", "A sample.", { data: { index: 7, callback: () => 1, key: Symbol("s") } }),
    );
    expect(error.code).toBe("BRAID_SAMPLE");
    expect(error.data?.index).toBe(7);
    expect(error.data?.callback).toBeTypeOf("string");
    expect(error.data?.key).toBeTypeOf("string");
  });

  test("another error keeps its stack, and its code if it has one", () => {
    const plain = acrossThreads(new RangeError("too far"));
    expect(plain.code).toBe("BRAID_UNKNOWN_ERROR");
    expect(plain.message).toBe("too far");
    expect(plain.data).toMatchObject({ name: "RangeError", stack: expect.stringContaining("errors.test") });
    const absent = acrossThreads(Object.assign(new Error("absent"), { code: "ENOENT" }));
    expect(absent.code).toBe("ENOENT");
  });

  test.each([["a string"], [undefined], [null], [Symbol("s")], [() => 1], [Object.create(null)]])(
    "what is no error arrives as one: %o",
    (thrown) => {
      expect(acrossThreads(thrown).code).toBe("BRAID_UNKNOWN_ERROR");
    },
  );
});
