// Finds out how a location that a call wrote follows from the call: looks where its address and slot come from among what the call was given,
// read and hashed. Several explanations may fit one call (the sender may also be an argument); other calls of the function tell them apart.

import { bigIntToBytes32 } from "@braid/primitives";
import { bytesAt, type CallFacts, type Expression, expressionId, type Piece } from "./expression.ts";

/** One call as it was executed. Words are numbers, addresses too. */
export interface SampleCall extends CallFacts {
  /** Slots that it read, with what it found. */
  reads: readonly { address: bigint; slot: bigint; value: bigint }[];
  /** What it hashed, by the hash. */
  preimages: ReadonlyMap<bigint, Uint8Array>;
}

/** An address, and a slot or (undefined) the nonce, as they follow from a call. */
export interface LocationExpression {
  address: Expression;
  slot: Expression | undefined;
}

/** Equal for equal ones. */
export function locationExpressionId({ address, slot }: LocationExpression): string {
  return `${expressionId(address)}/${slot === undefined ? "" : expressionId(slot)}`;
}

/** Explanations that are kept for one word, and for one location. */
const MAX_WORD = 4;
const MAX_LOCATION = 8;
/** mapping of mapping of mapping, behind a slot of a slot. */
const MAX_DEPTH = 6;
/** What is below it is a number that a contract was written with, not something that came with the call. */
const MAX_PLAIN = 1n << 32n;
/** Struct members and short arrays lie behind the hash of their mapping's key. */
const MAX_MEMBER = 1n << 12n;
const ADDRESS_MASK = (1n << 160n) - 1n;
const SELECTOR = 4;
/** Arguments of a call that are looked at: 128 words. */
const MAX_DATA = 4 + 128 * 32;

/** How the pieces of a preimage of some length lie in it; what is not here is made of words. */
const PACKED: ReadonlyMap<number, readonly number[]> = new Map([
  [20, [20]],
  [40, [20, 20]],
  [43, [20, 20, 3]],
  [52, [20, 32]],
  [85, [1, 20, 32, 32]],
]);

/** What the location may have followed from, the most telling first; the location itself as a constant is not among it. */
export function explainLocation(
  address: bigint,
  slot: bigint | undefined,
  call: SampleCall,
): LocationExpression[] {
  const explainer = new Explainer(call);
  const addresses = explainer.explain(address, 0);
  const slots = slot === undefined ? [undefined] : explainer.explain(slot, 0);
  const found: LocationExpression[] = [];
  for (const of of addresses)
    for (const at of slots)
      if (!(isConstant(of) && (at === undefined || isConstant(at)))) found.push({ address: of, slot: at });
  return found.slice(0, MAX_LOCATION);
}

function isConstant(expression: Expression): boolean {
  return expression.kind === "constant";
}

class Explainer {
  readonly #call: SampleCall;
  readonly #known = new Map<bigint, readonly Expression[]>();
  #words: Map<bigint, number> | undefined;

  constructor(call: SampleCall) {
    this.#call = call;
  }

  explain(word: bigint, depth: number): readonly Expression[] {
    const known = this.#known.get(word);
    if (known !== undefined) return known;
    const constant: Expression = { kind: "constant", value: word };
    if (word < MAX_PLAIN || depth > MAX_DEPTH) return [constant];
    // Whoever asks for the same word while it is being explained gets no explanation by itself.
    this.#known.set(word, [constant]);
    const found = new Map<string, Expression>();
    for (const expression of this.#explanations(word, depth)) {
      found.set(expressionId(expression), expression);
      if (found.size === MAX_WORD - 1) break;
    }
    const all = [...found.values(), constant];
    this.#known.set(word, all);
    return all;
  }

  *#explanations(word: bigint, depth: number): Generator<Expression> {
    const { sender, receiver } = this.#call;
    yield* this.#fromHashes(word, depth);
    yield* this.#fromData(word);
    if (word === sender) yield { kind: "sender" };
    if (word === receiver) yield { kind: "receiver" };
    yield* this.#fromSlots(word, depth);
  }

  *#fromData(word: bigint): Generator<Expression> {
    const offset = this.#dataWords().get(word);
    if (offset !== undefined) yield { kind: "data", offset, bytes: 32 };
    if (word > ADDRESS_MASK) return;
    // Paths of packed addresses.
    const { data } = this.#call;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
    const packed = bytes.indexOf(bigIntToBytes32(word).subarray(12), SELECTOR);
    if (packed >= 0 && (packed - SELECTOR) % 32 !== 12) yield { kind: "data", offset: packed, bytes: 20 };
  }

  /** Where each word of the call's data stands first. */
  #dataWords(): ReadonlyMap<bigint, number> {
    if (this.#words !== undefined) return this.#words;
    const { data } = this.#call;
    const words = new Map<bigint, number>();
    const end = Math.min(data.length, MAX_DATA);
    for (let offset = SELECTOR; offset + 32 <= end; offset += 32) {
      const word = bytesAt(data, offset, 32) as bigint;
      if (!words.has(word)) words.set(word, offset);
    }
    this.#words = words;
    return words;
  }

  *#fromSlots(word: bigint, depth: number): Generator<Expression> {
    for (const { address, slot, value } of this.#call.reads) {
      const whole = value === word;
      // A slot may hold more than the address.
      if (!whole && (word > ADDRESS_MASK || (value & ADDRESS_MASK) !== word)) continue;
      for (const of of this.explain(address, depth + 1))
        for (const at of this.explain(slot, depth + 1)) {
          const read: Expression = { kind: "slot", address: of, slot: at };
          yield whole ? read : { kind: "address", of: read };
        }
    }
  }

  *#fromHashes(word: bigint, depth: number): Generator<Expression> {
    for (const [hash, preimage] of this.#call.preimages) {
      const member = word - hash;
      if (member >= 0n && member < MAX_MEMBER) {
        for (const of of this.#hashes(preimage, depth))
          yield member === 0n ? of : { kind: "sum", of, plus: member };
      } else if (word <= ADDRESS_MASK && (hash & ADDRESS_MASK) === word) {
        for (const of of this.#hashes(preimage, depth)) yield { kind: "address", of };
      }
    }
  }

  /** Ways in which the preimage came about. */
  *#hashes(preimage: Uint8Array, depth: number): Generator<Expression> {
    const lengths = PACKED.get(preimage.length) ?? new Array<number>(preimage.length >>> 5).fill(32);
    const values: bigint[] = [];
    let at = 0;
    for (const bytes of lengths) {
      values.push(bytesAt(preimage, at, bytes) as bigint);
      at += bytes;
    }
    if (at !== preimage.length) return;
    const explained = values.map((value) => this.explain(value, depth + 1));
    for (const words of combinations(explained)) {
      const pieces = words.map((word, i) => ({ word, bytes: lengths[i] as number }));
      // Two words in their order may have been put into it.
      const sorted = inOrder(pieces, values);
      if (sorted !== undefined) yield { kind: "hash", pieces: sorted };
      yield { kind: "hash", pieces };
    }
  }
}

/** The first choice of each, then those that come close to it: no more than a few. */
function combinations(choices: readonly (readonly Expression[])[]): Expression[][] {
  let found: { words: Expression[]; rank: number }[] = [{ words: [], rank: 0 }];
  for (const options of choices) {
    found = found
      .flatMap(({ words, rank }) => options.map((word, i) => ({ words: [...words, word], rank: rank + i })))
      .sort((a, b) => a.rank - b.rank)
      .slice(0, MAX_WORD);
  }
  return found.map(({ words }) => words);
}

/** The pieces with the first two that both come from the call replaced by the lesser and the greater of them; undefined where they are not ascending. */
function inOrder(pieces: readonly Piece[], values: readonly bigint[]): Piece[] | undefined {
  for (let i = 0; i + 1 < pieces.length; i++) {
    const one = pieces[i] as Piece;
    const other = pieces[i + 1] as Piece;
    const ascending = (values[i] as bigint) < (values[i + 1] as bigint);
    if (!ascending || one.bytes !== other.bytes || isConstant(one.word) || isConstant(other.word)) continue;
    const both = { one: one.word, other: other.word };
    return pieces.with(i, { word: { kind: "lesser", ...both }, bytes: one.bytes }).with(i + 1, {
      word: { kind: "greater", ...both },
      bytes: other.bytes,
    });
  }
  return undefined;
}
