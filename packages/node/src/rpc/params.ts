// Parameters of methods as types: each reader takes what JSON has in a place, and says what is wrong with it. Messages follow geth's.

import { hexToBytes } from "@braid/primitives";
import { invalidParams } from "@braid/rpc";

/** Reads one value. Throws ParameterError. */
export type Reader<T> = (value: unknown) => T;

/** What is wrong with a parameter; the method says which one. */
export class ParameterError extends Error {}

type Values<Readers extends readonly Reader<unknown>[]> = {
  [Index in keyof Readers]: Readers[Index] extends Reader<infer T> ? T : never;
};

/** All parameters of a call. Throws RpcError -32602. */
export function readParams<const Readers extends readonly Reader<unknown>[]>(
  params: unknown,
  readers: Readers,
): Values<Readers> {
  const list = params === undefined || params === null ? [] : params;
  if (!Array.isArray(list)) throw invalidParams("non-array args");
  if (list.length > readers.length) throw invalidParams(`too many arguments, want at most ${readers.length}`);
  return readers.map((read, i) => {
    try {
      return read(list[i] ?? undefined);
    } catch (error) {
      if (error instanceof MissingError) throw invalidParams(`missing value for required argument ${i}`);
      if (error instanceof ParameterError) throw invalidParams(`invalid argument ${i}: ${error.message}`);
      throw error;
    }
  }) as Values<Readers>;
}

class MissingError extends ParameterError {}

/** What may be left out. */
export function optional<T>(read: Reader<T>): Reader<T | undefined>;
export function optional<T>(read: Reader<T>, fallback: T): Reader<T>;
export function optional<T>(read: Reader<T>, fallback?: T): Reader<T | undefined> {
  return (value) => (value === undefined || value === null ? fallback : read(value));
}

export function text(value: unknown): string {
  if (value === undefined || value === null) throw new MissingError("it is missing");
  if (typeof value !== "string") throw new ParameterError(`a string is wanted, not ${kindOf(value)}`);
  return value;
}

export function boolean(value: unknown): boolean {
  if (value === undefined || value === null) throw new MissingError("it is missing");
  if (typeof value !== "boolean") throw new ParameterError(`a boolean is wanted, not ${kindOf(value)}`);
  return value;
}

/** 0x-hex bytes of any length. */
export function bytes(value: unknown): Uint8Array {
  const hex = text(value);
  if (!hex.startsWith("0x")) throw new ParameterError("hex string without 0x prefix");
  if (hex.length % 2 !== 0) throw new ParameterError("hex string of odd length");
  try {
    return hexToBytes(hex);
  } catch {
    throw new ParameterError("invalid hex string");
  }
}

function bytesOf(length: number): Reader<Uint8Array> {
  return (value) => {
    const found = bytes(value);
    if (found.length !== length)
      throw new ParameterError(`hex string has length ${2 * found.length}, want ${2 * length}`);
    return found;
  };
}

export const address = bytesOf(20);
export const hash = bytesOf(32);

const QUANTITY = /^0x(0|[1-9a-f][0-9a-f]*)$/i;

/** A 0x-hex quantity of at most 256 bits. */
export function quantity(value: unknown): bigint {
  const hex = text(value);
  if (!hex.startsWith("0x")) throw new ParameterError("hex string without 0x prefix");
  if (hex === "0x") throw new ParameterError('hex string "0x"');
  if (!QUANTITY.test(hex))
    throw new ParameterError(/^0x0/.test(hex) ? "hex number with leading zero digits" : "invalid hex string");
  if (hex.length > 66) throw new ParameterError("hex number > 256 bits");
  return BigInt(hex);
}

/** As quantity, of at most 64 bits. */
export function quantity64(value: unknown): bigint {
  const number = quantity(value);
  if (number >> 64n !== 0n) throw new ParameterError("hex number > 64 bits");
  return number;
}

/** A quantity, a JSON number, or decimal text: what tools for development nodes send. */
export function looseQuantity(value: unknown): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "string" && /^\d{1,78}$/.test(value)) return atMost(256n)(BigInt(value));
  if (typeof value === "string" && /^0x[0-9a-f]{1,64}$/i.test(value)) return BigInt(value);
  return quantity(value);
}

/** A number of so many bits, out of one that may be larger. */
function atMost(bits: bigint): (number: bigint) => bigint {
  return (number) => {
    if (number >> bits !== 0n) throw new ParameterError(`number > ${bits} bits`);
    return number;
  };
}

/** As looseQuantity, of at most so many bits. */
export function looseBits(bits: bigint): Reader<bigint> {
  const check = atMost(bits);
  return (value) => check(looseQuantity(value));
}

/** 32 bytes, of which leading zeros may be left out: a storage slot or value. */
export function word(value: unknown): Uint8Array {
  const hex = text(value);
  const digits = hex.startsWith("0x") ? hex.slice(2) : hex;
  if (!/^[0-9a-f]*$/i.test(digits))
    throw new ParameterError(`invalid hex in storage key: ${JSON.stringify(hex)}`);
  if (digits.length > 64)
    throw new ParameterError(`storage key too long (want at most 32 bytes): ${JSON.stringify(hex)}`);
  return hexToBytes(digits.padStart(64, "0"));
}

export function list<T>(read: Reader<T>): Reader<T[]> {
  return (value) => {
    if (value === undefined || value === null) throw new MissingError("it is missing");
    if (!Array.isArray(value)) throw new ParameterError(`an array is wanted, not ${kindOf(value)}`);
    return value.map((item) => read(item));
  };
}

type Shape = Record<string, Reader<unknown>>;
type ObjectOf<Fields extends Shape> = { [Key in keyof Fields]: ReturnType<Fields[Key]> };

/** An object with these fields; others are not looked at. */
export function object<const Fields extends Shape>(fields: Fields): Reader<ObjectOf<Fields>> {
  const readers = Object.entries(fields);
  return (value) => {
    const given = plainObject(value);
    // PERF: each call of a contract is read here; all objects of a kind have their fields in one order.
    const found: Record<string, unknown> = {};
    for (const [name, read] of readers) found[name] = readField(name, read, given[name]);
    return found as ObjectOf<Fields>;
  };
}

function readField(name: string, read: Reader<unknown>, value: unknown): unknown {
  try {
    return read(value);
  } catch (error) {
    if (error instanceof MissingError) throw new ParameterError(`missing field ${name}`);
    if (error instanceof ParameterError) throw new ParameterError(`${name}: ${error.message}`);
    throw error;
  }
}

/** An object whose keys are names of things, such as addresses. */
export function record<K, T>(readKey: Reader<K>, read: Reader<T>): Reader<[K, T][]> {
  return (value) => Object.entries(plainObject(value)).map(([key, item]) => [readKey(key), read(item)]);
}

/** Anything; the method looks at it itself. */
export function anything(value: unknown): unknown {
  return value;
}

function plainObject(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null) throw new MissingError("it is missing");
  if (typeof value !== "object" || Array.isArray(value))
    throw new ParameterError(`an object is wanted, not ${kindOf(value)}`);
  return value as Record<string, unknown>;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "an array" : value === null ? "null" : typeof value;
}
