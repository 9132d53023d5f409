// What a transaction calls, read out of its encoding without decoding the rest: hints look at every transaction of a block
// before it runs, on the main thread.

import { bytesToHex, readRlpItem } from "@braid/primitives";
import { transactionType } from "@braid/protocol";

/** Where the receiver stands among the fields of types 0 to 4; the data is two fields behind. */
const RECEIVER_FIELD = [3, 4, 5, 5, 5] as const;

/** What a transaction calls. */
export interface CallTarget {
  /** Receiver and selector as one hex string: the function. */
  key: string;
  /** 20 bytes, and the data from the selector on: views of the encoding. */
  receiver: Uint8Array;
  data: Uint8Array;
}

/** undefined for creations, plain transfers, and what is no transaction. */
export function callTarget(raw: Uint8Array): CallTarget | undefined {
  const first = raw[0];
  if (first === undefined) return undefined;
  const type = transactionType(first);
  const receiverField = RECEIVER_FIELD[type];
  const list = readRlpItem(raw, type === 0 ? 0 : 1);
  if (receiverField === undefined || list === undefined || !list.isList) return undefined;
  let at = list.content;
  for (let field = 0; field < receiverField; field++) {
    const item = readRlpItem(raw, at);
    if (item === undefined) return undefined;
    at = item.end;
  }
  const receiver = readRlpItem(raw, at);
  const value = receiver === undefined ? undefined : readRlpItem(raw, receiver.end);
  const data = value === undefined ? undefined : readRlpItem(raw, value.end);
  if (receiver === undefined || data === undefined) return undefined;
  if (receiver.end - receiver.content !== 20 || data.end - data.content < 4) return undefined;
  const to = raw.subarray(receiver.content, receiver.end);
  const input = raw.subarray(data.content, data.end);
  return { key: bytesToHex(to) + bytesToHex(input.subarray(0, 4)).slice(2), receiver: to, data: input };
}
