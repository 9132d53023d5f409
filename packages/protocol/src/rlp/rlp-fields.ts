// The items of an RLP list, read in place as the Yellow Paper's types (appendix B): every deviation is an error of the caller's making.
// Nothing is decoded before it is asked for, so that no depth of nesting can exhaust the stack.

import { type BaseError, bytesToBigInt, type RlpItem, readRlpItem } from "@braid/primitives";

/** Makes the error of bytes that are not what they should be; `what` goes on "cannot be decoded: …". */
export type Malformed = (what: string) => BaseError;

export class RlpFields {
  readonly #raw: Uint8Array;
  readonly #malformed: Malformed;
  readonly #items: RlpItem[] = [];

  /** @param list the item in `raw` whose items are meant; undefined for broken RLP. */
  constructor(raw: Uint8Array, list: RlpItem | undefined, malformed: Malformed, name: string) {
    if (list === undefined) throw malformed(`the RLP of ${name} is broken`);
    if (!list.isList) throw malformed(`${name} is not a list`);
    this.#raw = raw;
    this.#malformed = malformed;
    for (let at = list.content; at < list.end; ) {
      const item = readRlpItem(raw, at);
      if (item === undefined || item.end > list.end) throw malformed(`the RLP of ${name} is broken`);
      this.#items.push(item);
      at = item.end;
    }
  }

  /** The items of bytes that are one list and nothing else. */
  static of(raw: Uint8Array, malformed: Malformed, name: string): RlpFields {
    const list = readRlpItem(raw, 0);
    const fields = new RlpFields(raw, list, malformed, name);
    if (list?.end !== raw.length) throw malformed(`there are bytes behind ${name}`);
    return fields;
  }

  get length(): number {
    return this.#items.length;
  }

  isList(index: number): boolean {
    return this.#items[index]?.isList === true;
  }

  /** A byte string of any length, or of exactly `length`: a view. */
  bytes(index: number, name: string, length?: number): Uint8Array {
    const { content, end } = this.#string(index, name);
    if (length !== undefined && end - content !== length)
      throw this.#malformed(`${name} has ${end - content} bytes instead of ${length}`);
    return this.#raw.subarray(content, end);
  }

  /** A big-endian integer of at most `maxBytes` bytes without leading zeros. */
  integer(index: number, name: string, maxBytes = 32): bigint {
    const { content, end } = this.#string(index, name);
    if (end - content > maxBytes) throw this.#malformed(`${name} has more than ${maxBytes} bytes`);
    if (end > content && this.#raw[content] === 0) throw this.#malformed(`${name} has a leading zero`);
    // PERF: no view is made for it.
    return bytesToBigInt(this.#raw, content, end);
  }

  list(index: number, name: string): RlpFields {
    return new RlpFields(this.#raw, this.#item(index, name), this.#malformed, name);
  }

  /** One value for each item. */
  map<T>(read: (fields: this, index: number) => T): T[] {
    return this.#items.map((_, index) => read(this, index));
  }

  /** An item's encoding as it stands: a view. */
  encoding(index: number, name: string): Uint8Array {
    const item = this.#item(index, name);
    return this.#raw.subarray(item.start, item.end);
  }

  #string(index: number, name: string): RlpItem {
    const item = this.#item(index, name);
    if (item.isList) throw this.#malformed(`${name} is not a byte string`);
    return item;
  }

  #item(index: number, name: string): RlpItem {
    const item = this.#items[index];
    if (item === undefined) throw this.#malformed(`${name} is missing`);
    return item;
  }
}
