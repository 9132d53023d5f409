// How locations that calls wrote are explained: by what the calls were given, read and hashed.

import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, bytesToBigInt, concatBytes } from "@braid/primitives";
import { describe, expect, test } from "vitest";
import { bytesAt, type KnownState } from "./expression.ts";
import {
  findRules,
  type LocationNumbers,
  locationOfCall,
  numbersId,
  type ObservedCall,
} from "./find-rules.ts";

const TOKEN = 0xaaaa_bbbb_cccc_dddd_eeee_ffff_0000_1111_2222_3333n;
const FACTORY = 0x1234_5678_9abc_def0_1234_5678_9abc_def0_1234_5678n;
const CODE_HASH = bytesToBigInt(keccak256(Uint8Array.of(7)));
const BASE = 3n;

const word = bigIntToBytes32;
const short = (value: bigint): Uint8Array => word(value).subarray(12);
const account = (n: number): bigint => bytesToBigInt(keccak256(word(BigInt(n))).subarray(12));

/** Calls that are told apart by their number, over one state. */
class Calls {
  readonly #slots = new Map<string, bigint>();
  readonly #state: KnownState = {
    slot: (address, slot) => this.#slots.get(numbersId({ address, slot })),
    hash: (words, pieces) =>
      bytesToBigInt(
        keccak256(
          concatBytes(...words.map((value, i) => word(value).subarray(32 - (pieces[i]?.bytes ?? 32)))),
        ),
      ),
  };
  #preimages = new Map<bigint, Uint8Array>();
  #reads: { address: bigint; slot: bigint; value: bigint }[] = [];

  hash(...parts: Uint8Array[]): bigint {
    const preimage = concatBytes(...parts);
    const hash = bytesToBigInt(keccak256(preimage));
    this.#preimages.set(hash, preimage);
    return hash;
  }

  read(address: bigint, slot: bigint, value: bigint): bigint {
    this.#slots.set(numbersId({ address, slot }), value);
    this.#reads.push({ address, slot, value });
    return value;
  }

  /** The call that was hashed and read for since the last one. */
  call(sender: bigint, args: bigint[], location: LocationNumbers): ObservedCall {
    const preimages = this.#preimages;
    const reads = this.#reads;
    this.#preimages = new Map();
    this.#reads = [];
    const data = concatBytes(new Uint8Array(4), ...args.map(word));
    const writes = new Set([numbersId(location), numbersId({ address: TOKEN, slot: 1n })]);
    return {
      sender,
      receiver: TOKEN,
      data,
      state: this.#state,
      reads,
      preimages,
      writes,
      unforeseen: [location],
    };
  }
}

/** The rules found from calls 0 to 5 must say where call 6, of which nothing was seen, writes. */
function expectForeseen(make: (calls: Calls, n: number) => ObservedCall): void {
  const calls = new Calls();
  const rules = findRules(Array.from({ length: 6 }, (_, n) => make(calls, n)));
  expect(rules.length).toBeGreaterThan(0);
  const { unforeseen, ...next } = make(calls, 6);
  const unseen = { sender: next.sender, receiver: next.receiver, data: next.data, state: next.state };
  for (const rule of rules)
    expect(numbersId(locationOfCall(rule, unseen) as LocationNumbers)).toBe(
      numbersId(unforeseen[0] as LocationNumbers),
    );
}

describe("a location is foreseen for a call that was never seen", () => {
  test("a mapping's entry for the sender", () => {
    expectForeseen((calls, n) => {
      const slot = calls.hash(word(account(n)), word(BASE));
      return calls.call(account(n), [5n, BigInt(n)], { address: TOKEN, slot });
    });
  });

  test("an entry of a mapping of mappings, for an argument and the sender", () => {
    expectForeseen((calls, n) => {
      const inner = calls.hash(word(account(n + 100)), word(BASE));
      const slot = calls.hash(word(account(n)), word(inner));
      return calls.call(account(n), [1n, account(n + 100)], { address: TOKEN, slot });
    });
  });

  test("a member of a struct in a mapping", () => {
    expectForeseen((calls, n) => {
      const slot = calls.hash(word(account(n)), word(BASE)) + 4n;
      return calls.call(account(n + 50), [account(n)], { address: TOKEN, slot });
    });
  });

  test("a slot of the contract that a registry names for two arguments", () => {
    expectForeseen((calls, n) => {
      const [a, b] = [account(n + 20), account(n + 40)];
      const entry = calls.hash(word(b), word(calls.hash(word(a), word(BASE))));
      // The address shares its slot with a flag.
      const pool = account(n + 60);
      calls.read(FACTORY, entry, (1n << 160n) | pool);
      return calls.call(account(n), [a, b], { address: pool, slot: 8n });
    });
  });

  test("a slot of the contract whose address follows from two sorted arguments (CREATE2)", () => {
    expectForeseen((calls, n) => {
      const pair = [account(n + 20), account(n + 40)];
      const [lesser, greater] = pair.toSorted((a, b) => (a < b ? -1 : 1)) as [bigint, bigint];
      const salt = calls.hash(short(lesser), short(greater));
      const hash = calls.hash(Uint8Array.of(0xff), short(FACTORY), word(salt), word(CODE_HASH));
      const pool = bytesAt(word(hash), 12, 20) as bigint;
      return calls.call(account(n), [9n, ...pair], { address: pool, slot: 8n });
    });
  });
});

test("what no two calls confirm is no rule", () => {
  const calls = new Calls();
  const observed = Array.from({ length: 6 }, (_, n) =>
    calls.call(account(n), [BigInt(n)], { address: TOKEN, slot: account(n + 500) }),
  );
  expect(findRules(observed)).toEqual([]);
});

test("what is the same in all calls needs no rule", () => {
  const calls = new Calls();
  const observed = Array.from({ length: 6 }, (_, n) => {
    const slot = calls.hash(word(account(1)), word(BASE));
    return calls.call(account(n), [account(1)], { address: TOKEN, slot });
  });
  expect(findRules(observed)).toEqual([]);
});

test("a call whose data is shorter than a rule asks for is passed over", () => {
  const calls = new Calls();
  const observed = Array.from({ length: 4 }, (_, n) => {
    const slot = calls.hash(word(account(n)), word(BASE));
    return calls.call(account(n + 30), [5n, account(n)], { address: TOKEN, slot });
  });
  const [rule] = findRules(observed);
  const short = calls.call(account(1), [5n], { address: TOKEN, slot: 1n });
  expect(rule === undefined ? "no rule" : locationOfCall(rule, short)).toBeUndefined();
});
