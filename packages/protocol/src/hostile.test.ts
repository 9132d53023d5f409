// Hostile input: encodings and JSON with anything wrong in them. Each is refused with a typed error, or is what it says: then it
// encodes to the same bytes. Nothing else may happen, and nothing may take long.

import { BaseError, bytesToHex, equalBytes } from "@braid/primitives";
import {
  block,
  blockAccessList,
  CHAINS,
  HEADER_FORKS,
  header,
  mutate,
  mutations,
  receipt,
  runs,
  transaction,
} from "@braid/testing/arbitraries";
import { toRpcBlock, toRpcHeader } from "@braid/testing/rpc-forms";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeAccessList, encodeAccessList } from "./access-list/access-list.ts";
import { type Block, decodeBlock, encodeBlock } from "./block/block.ts";
import { decodeRpcBlock, type RpcBlock } from "./block/rpc-block.ts";
import { validateBody } from "./block/validate-body.ts";
import { ancestorOf, validateUncles } from "./block/validate-uncles.ts";
import type { Chain } from "./chain/chain.ts";
import type { ForkName } from "./chain/forks.ts";
import { decodeHeader, encodeHeader, type Header } from "./header/header.ts";
import { decodeRpcHeader } from "./header/rpc-header.ts";
import { validateHeader } from "./header/validate-header.ts";
import { decodeReceipt, encodeReceipt } from "./receipt/receipt.ts";
import { decodeTransaction, encodeTransaction } from "./transaction/transaction.ts";

const forks = fc.constantFrom(...HEADER_FORKS);
const chainOf = (fork: ForkName): Chain => CHAINS.get(fork) as Chain;

/** What `decode` gives, or undefined for a typed error; anything else that it throws fails the test. */
function unlessRefused<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof BaseError && error.code !== "BRAID_INVALID_HEX") return undefined;
    throw error;
  }
}

/** Tries mutated encodings; gives how many were refused and how many were taken. */
function attack<T>(
  encodings: fc.Arbitrary<Uint8Array>,
  decode: (raw: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
  times: number,
): { refused: number; taken: number } {
  const count = { refused: 0, taken: 0 };
  fc.assert(
    fc.property(encodings, mutations, (encoded, changes) => {
      const raw = mutate(encoded, changes);
      const value = unlessRefused(() => decode(raw));
      count[value === undefined ? "refused" : "taken"]++;
      if (value !== undefined && !equalBytes(encode(value), raw))
        throw new Error(`${bytesToHex(raw)} was taken for ${bytesToHex(encode(value))}`);
    }),
    runs(times),
  );
  return count;
}

/** Both must happen, or the mutations are too weak or too strong to say anything. */
function expectBoth({ refused, taken }: { refused: number; taken: number }): void {
  expect(refused).toBeGreaterThan(0);
  expect(taken).toBeGreaterThan(0);
}

describe("mutated RLP", () => {
  test.each(HEADER_FORKS)("headers of %s", (fork) => {
    expectBoth(
      attack(header(fork).map(encodeHeader), (raw) => decodeHeader(raw, chainOf(fork)), encodeHeader, 300),
    );
  });

  test.each(HEADER_FORKS)("blocks of %s", (fork) => {
    expectBoth(
      attack(block(fork).map(encodeBlock), (raw) => decodeBlock(raw, chainOf(fork)), encodeBlock, 200),
    );
  });

  test("transactions", () => {
    expectBoth(attack(transaction.map(encodeTransaction), decodeTransaction, encodeTransaction, 3_000));
  });

  test("receipts", () => {
    expectBoth(attack(receipt.map(encodeReceipt), decodeReceipt, encodeReceipt, 1_000));
  });

  test("block access lists", () => {
    expectBoth(attack(blockAccessList.map(encodeAccessList), decodeAccessList, encodeAccessList, 1_000));
  });

  test("bytes of no kind", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), forks, (raw, fork) => {
        unlessRefused(() => decodeBlock(raw, chainOf(fork)));
        unlessRefused(() => decodeHeader(raw, chainOf(fork)));
        unlessRefused(() => decodeTransaction(raw));
        unlessRefused(() => decodeReceipt(raw));
        unlessRefused(() => decodeAccessList(raw));
      }),
      runs(500),
    );
  });

  test("lists in lists, a million deep, do not exhaust the stack", () => {
    let deep = Uint8Array.of(0xc0);
    const layers: number[] = [];
    for (let length = 1; layers.length < 1_000_000; ) {
      const header =
        length < 56
          ? [0xc0 + length]
          : length < 256
            ? [0xf8, length]
            : length < 65_536
              ? [0xf9, length >> 8, length & 255]
              : [0xfa, length >> 16, (length >> 8) & 255, length & 255];
      layers.push(...header.reverse());
      length += header.length;
    }
    deep = Uint8Array.from([...layers.reverse(), 0xc0]);
    const decoders: (() => unknown)[] = [
      () => decodeBlock(deep, chainOf("prague")),
      () => decodeHeader(deep, chainOf("prague")),
      () => decodeTransaction(deep),
      () => decodeReceipt(deep),
      () => decodeAccessList(deep),
    ];
    for (const decode of decoders) expect(unlessRefused(decode)).toBeUndefined();
  });
});

describe("hostile headers and parents", () => {
  test("are valid, or break a rule: numbers of any size, divisors of 0", () => {
    let valid = 0;
    fc.assert(
      fc.property(
        forks.chain((fork) =>
          fc.tuple(fc.constant(fork), header(fork), header(fork), fc.array(header(fork), { maxLength: 3 })),
        ),
        ([fork, one, parent, uncles]) => {
          const chain = chainOf(fork);
          const follows: Header = {
            ...one,
            number: parent.number + 1n,
            timestamp: parent.timestamp + 1n,
            gasLimit: parent.gasLimit,
            gasUsed: one.gasUsed % (parent.gasLimit + 1n),
            extraData: new Uint8Array(0),
          };
          for (const candidate of [one, follows]) {
            const accepted = unlessRefused(() => {
              validateHeader(candidate, parent, chain);
              return true;
            });
            if (accepted) valid++;
          }
          const whole: Block = { header: follows, transactions: [], uncles, withdrawals: [] };
          unlessRefused(() => validateBody(whole, chain));
          unlessRefused(() => validateUncles(whole, [ancestorOf({ header: parent, uncles: [] })], chain));
        },
      ),
      runs(1_000),
    );
    // Headers that follow by chance are hardly ever valid; chain.test.ts has those that are.
    expect(valid).toBeGreaterThanOrEqual(0);
  });
});

/** Values that a server may put where another one belongs. */
const wrong = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    0,
    1,
    -1,
    1.5,
    Number.NaN,
    true,
    "",
    "0x",
    "0X1",
    "0x0",
    "0x00",
    "0xg",
    "1",
    "0x-1",
    " 0x1",
    "0x1 ",
    [],
    {},
    [null],
    ["0x"],
    "\u0000",
    "0x١",
  ),
  fc.string(),
  fc.bigInt(0n, 2n ** 300n).map((value) => `0x${value.toString(16)}`),
  fc.uint8Array({ maxLength: 40 }).map(bytesToHex),
  fc.anything({ maxDepth: 1 }),
);

/** Puts a wrong value at one of the places of a JSON tree, or takes one away. */
function spoil(json: object, choice: number, value: unknown, remove: boolean): void {
  const places: [object, string][] = [];
  const visit = (node: object): void => {
    for (const [key, child] of Object.entries(node)) {
      places.push([node, key]);
      if (typeof child === "object" && child !== null) visit(child);
    }
  };
  visit(json);
  const [node, key] = places[choice % places.length] as [object, string];
  if (remove) Reflect.deleteProperty(node, key);
  else Object.defineProperty(node, key, { value, enumerable: true, configurable: true, writable: true });
}

describe("mutated JSON-RPC", () => {
  test.each(HEADER_FORKS)("blocks of %s: refused, or the block that was meant", (fork) => {
    const count = { refused: 0, taken: 0 };
    fc.assert(
      fc.property(block(fork), fc.nat(), wrong, fc.boolean(), (original, choice, value, remove) => {
        const { json, uncles } = toRpcBlock(original);
        spoil(json, choice, value, remove);
        const decoded = unlessRefused(() => decodeRpcBlock(json as RpcBlock, chainOf(fork), uncles));
        count[decoded === undefined ? "refused" : "taken"]++;
        if (decoded === undefined) return;
        // Without a hash nothing says which header was meant; its fields are then read as they stand.
        if (json.hash === undefined || json.hash === null) return;
        expect(bytesToHex(encodeBlock(decoded))).toBe(bytesToHex(encodeBlock(original)));
      }),
      runs(300),
    );
    expectBoth(count);
  });

  test("headers: refused, or the header that was meant", () => {
    fc.assert(
      fc.property(
        forks.chain((fork) => fc.tuple(fc.constant(fork), header(fork))),
        fc.nat(),
        wrong,
        fc.boolean(),
        ([fork, original], choice, value, remove) => {
          const json = toRpcHeader(original);
          spoil(json, choice, value, remove);
          const decoded = unlessRefused(() => decodeRpcHeader(json, chainOf(fork)));
          if (decoded === undefined || json.hash === undefined || json.hash === null) return;
          expect(decoded).toEqual(original);
        },
      ),
      runs(1_000),
    );
  });
});
