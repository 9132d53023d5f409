// Fields of an object that came as JSON: hex bytes and hex quantities, each read under its name, so that an error can tell which one is wrong.

import { type BaseError, hexToBytes } from "@braid/primitives";

/** Makes the error of a field that is missing or wrong: what is wrong with it, and its path, such as `withdrawals[2].amount`. */
export type BadField = (reason: string, field: string) => BaseError;

const QUANTITY = /^0x[0-9a-f]+$/i;

export class JsonFields {
  readonly #object: object;
  readonly #path: string;
  readonly #bad: BadField;

  /** @param path of the object itself, "" for the outermost. Throws what `bad` makes when it is no object. */
  constructor(object: unknown, path: string, bad: BadField) {
    if (typeof object !== "object" || object === null || Array.isArray(object))
      throw bad(`is ${describe(object)} and not an object`, path);
    this.#object = object;
    this.#path = path;
    this.#bad = bad;
  }

  /** The error of one of the fields. */
  bad(name: string, reason: string): BaseError {
    return this.#bad(reason, this.#pathOf(name));
  }

  /** Is it there? JSON-RPC writes null for what is not known. */
  has(name: string): boolean {
    const value = this.#get(name);
    return value !== undefined && value !== null;
  }

  /** What `read` gives, or undefined when the field is not there. */
  optional<T>(name: string, read: (name: string) => T): T | undefined {
    return this.has(name) ? read(name) : undefined;
  }

  /** Bytes of any length, or of exactly `length`. */
  bytes(name: string, length?: number): Uint8Array {
    const hex = this.#text(name);
    let bytes: Uint8Array;
    try {
      bytes = hexToBytes(hex.startsWith("0x") ? hex : "?");
    } catch {
      throw this.bad(name, `is ${describe(hex)} and not 0x-hex of whole bytes`);
    }
    if (length !== undefined && bytes.length !== length)
      throw this.bad(name, `has ${bytes.length} bytes instead of ${length}`);
    return bytes;
  }

  /** A quantity of at most `maxBytes` bytes; leading zeros do no harm. */
  number(name: string, maxBytes: number): bigint {
    const hex = this.#text(name);
    if (!QUANTITY.test(hex)) throw this.bad(name, `is ${describe(hex)} and not a 0x-hex quantity`);
    let start = 2;
    while (start < hex.length - 1 && hex[start] === "0") start++;
    if (hex.length - start > 2 * maxBytes) throw this.bad(name, `does not fit ${maxBytes} bytes`);
    return BigInt(`0x${hex.slice(start)}`);
  }

  /** The elements of an array. */
  array(name: string): readonly unknown[] {
    const value = this.#get(name);
    if (!Array.isArray(value)) throw this.bad(name, `is ${describe(value)} and not an array`);
    // A copy without holes, over which a map would pass.
    return Array.from(value);
  }

  /** What `read` gives for each element of an array of objects. */
  objects<T>(name: string, read: (fields: JsonFields) => T): T[] {
    return this.array(name).map((item, i) =>
      read(new JsonFields(item, `${this.#pathOf(name)}[${i}]`, this.#bad)),
    );
  }

  /** The elements of an array of 0x-hex strings of `length` bytes each. */
  bytesArray(name: string, length: number): Uint8Array[] {
    const items = this.array(name);
    const byIndex = new JsonFields({ ...items }, "", (reason, i) =>
      this.#bad(reason, `${this.#pathOf(name)}[${i}]`),
    );
    return items.map((_, i) => byIndex.bytes(String(i), length));
  }

  #text(name: string): string {
    const value = this.#get(name);
    if (value === undefined || value === null) throw this.bad(name, "is missing");
    if (typeof value !== "string") throw this.bad(name, `is ${describe(value)} and not a string`);
    return value;
  }

  /** Only what the object has of its own: no field is called `toString`. */
  #get(name: string): unknown {
    return Object.hasOwn(this.#object, name) ? Reflect.get(this.#object, name) : undefined;
  }

  #pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return `"${value.length > 80 ? `${value.slice(0, 77)}...` : value}"`;
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "symbol" || typeof value === "function" ? `a ${typeof value}` : String(value);
}
