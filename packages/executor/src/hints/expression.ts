// How a location follows from a call: an address or a slot as an expression over the sender, the receiver, the call data, slots of the state before
// the block, and hashes of all these. `mapping(address => uint256)[msg.sender]` is hash(sender, base slot); a pair that its router computes
// is the address of hash(0xff, factory, hash(lesser token, greater token), hash of its code).

/** A part of what is hashed: the last `bytes` bytes of a word. */
export interface Piece {
  word: Expression;
  bytes: number;
}

export type Expression =
  | { kind: "constant"; value: bigint }
  | { kind: "sender" }
  | { kind: "receiver" }
  /** `bytes` bytes of the call's data. */
  | { kind: "data"; offset: number; bytes: number }
  /** What a slot held before the block. */
  | { kind: "slot"; address: Expression; slot: Expression }
  /** The low 20 bytes. */
  | { kind: "address"; of: Expression }
  | { kind: "hash"; pieces: readonly Piece[] }
  | { kind: "sum"; of: Expression; plus: bigint }
  | { kind: "lesser" | "greater"; one: Expression; other: Expression };

/** What the expressions are about: one call, and the state before its block. */
export interface CallFacts {
  /** undefined: not recovered yet. */
  sender: bigint | undefined;
  receiver: bigint;
  data: Uint8Array;
  state: KnownState;
}

/** The state before the block as far as it is at hand, and hashes. */
export interface KnownState {
  /** undefined: not at hand. */
  slot(address: bigint, slot: bigint): bigint | undefined;
  /** Keccak-256 of the words' last bytes, one after the other. */
  hash(words: readonly bigint[], pieces: readonly Piece[]): bigint;
}

const ADDRESS_MASK = (1n << 160n) - 1n;
const WORD_MASK = (1n << 256n) - 1n;

/** The expression's value for a call; undefined where the call has no such data, or the state is not at hand. */
export function evaluate(expression: Expression, call: CallFacts): bigint | undefined {
  switch (expression.kind) {
    case "constant":
      return expression.value;
    case "sender":
      return call.sender;
    case "receiver":
      return call.receiver;
    case "data":
      return bytesAt(call.data, expression.offset, expression.bytes);
    case "slot": {
      const address = evaluate(expression.address, call);
      const slot = address === undefined ? undefined : evaluate(expression.slot, call);
      return address === undefined || slot === undefined ? undefined : call.state.slot(address, slot);
    }
    case "address": {
      const word = evaluate(expression.of, call);
      return word === undefined ? undefined : word & ADDRESS_MASK;
    }
    case "hash":
      return hashOf(expression.pieces, call);
    case "sum": {
      const word = evaluate(expression.of, call);
      return word === undefined ? undefined : (word + expression.plus) & WORD_MASK;
    }
    default:
      return ordered(expression.kind, expression.one, expression.other, call);
  }
}

function hashOf(pieces: readonly Piece[], call: CallFacts): bigint | undefined {
  const words: bigint[] = [];
  for (const { word } of pieces) {
    const value = evaluate(word, call);
    if (value === undefined) return undefined;
    words.push(value);
  }
  return call.state.hash(words, pieces);
}

function ordered(
  kind: "lesser" | "greater",
  one: Expression,
  other: Expression,
  call: CallFacts,
): bigint | undefined {
  const a = evaluate(one, call);
  const b = evaluate(other, call);
  if (a === undefined || b === undefined) return undefined;
  return a < b === (kind === "lesser") ? a : b;
}

/** Big-endian; undefined beyond the end. */
export function bytesAt(data: Uint8Array, offset: number, bytes: number): bigint | undefined {
  if (offset + bytes > data.length) return undefined;
  let value = 0n;
  let at = offset;
  const end = offset + bytes;
  for (; at + 4 <= end; at += 4) {
    const part =
      ((data[at] as number) << 24) |
      ((data[at + 1] as number) << 16) |
      ((data[at + 2] as number) << 8) |
      (data[at + 3] as number);
    value = (value << 32n) | BigInt(part >>> 0);
  }
  for (; at < end; at++) value = (value << 8n) | BigInt(data[at] as number);
  return value;
}

/** Equal for equal expressions. */
export function expressionId(expression: Expression): string {
  switch (expression.kind) {
    case "constant":
      return expression.value.toString(16);
    case "sender":
    case "receiver":
      return expression.kind;
    case "data":
      return `data(${expression.offset},${expression.bytes})`;
    case "slot":
      return `slot(${expressionId(expression.address)},${expressionId(expression.slot)})`;
    case "address":
      return `address(${expressionId(expression.of)})`;
    case "hash":
      return `hash(${expression.pieces.map(({ word, bytes }) => `${expressionId(word)}:${bytes}`).join()})`;
    case "sum":
      return `${expressionId(expression.of)}+${expression.plus}`;
    default:
      return `${expression.kind}(${expressionId(expression.one)},${expressionId(expression.other)})`;
  }
}
