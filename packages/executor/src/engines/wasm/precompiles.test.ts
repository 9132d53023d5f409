// The precompiles in the kernel against BigInt, OpenSSL and the other engine, over edge values; the table of their gas against ethereumjs.

import { createHash } from "node:crypto";
import { bigIntToBytes32, bytesToBigInt, bytesToHex, concatBytes } from "@braid/primitives";
import { chainOf } from "@braid/protocol";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder, FORKS, type Fork } from "@braid/testing/block-builder";
import { createEVM, EVMError } from "@ethereumjs/evm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runBraid } from "../../testing/agree.ts";
import { commonOf } from "../ethereumjs/evm/chain-config.ts";
import { customCrypto } from "../ethereumjs/evm/crypto.ts";
import { gasIn, PRECOMPILES } from "./precompile-table.ts";

const addressOf = (number: number): Uint8Array => bigIntToBytes32(BigInt(number)).subarray(12);

/** What a precompile is called with that has so many units. */
function inputOf(number: number, unit: number): Uint8Array {
  const input = new Uint8Array(number === 0x09 ? 213 : number === 0x0a ? 192 : unit);
  if (number === 0x09) input[3] = 1;
  return input;
}

test.each(FORKS)("the table says what ethereumjs does in %s", async (fork) => {
  const common = commonOf(chainOf("mainnet").from(fork), fork, customCrypto(true));
  const evm = await createEVM({ common });
  const numbers = [...evm.precompiles.keys()].map((address) => Number.parseInt(address, 16));
  const there = PRECOMPILES.filter((precompile) => gasIn(fork, precompile) !== undefined);
  expect(there.map(({ number }) => number)).toEqual(numbers.sort((a, b) => a - b));
  for (const precompile of there) {
    const { number, name, unit } = precompile;
    const [, , call, perUnit] = gasIn(fork, precompile) as NonNullable<ReturnType<typeof gasIn>>;
    const run = evm.precompiles.get(bytesToHex(addressOf(number)).slice(2));
    const isEnough = async (gasLimit: number): Promise<boolean> => {
      const data = inputOf(number, unit);
      const result = await run?.({ data, gasLimit: BigInt(gasLimit), common, _EVM: evm });
      return result?.exceptionError?.error !== EVMError.errorMessages.OUT_OF_GAS;
    };
    const gas = call + perUnit;
    expect([name, await isEnough(gas), gas > 0 && (await isEnough(gas - 1))]).toEqual([name, true, false]);
  }
});

interface Call {
  number: number;
  data: Uint8Array;
  /** Undefined where nobody but the other engine is asked. */
  expected?: Uint8Array;
  gas?: number;
}

/**
 * Calls the precompile that the first word of its call data says, with the rest, half of its gas, and 24 bytes of its memory for the answer; returns these
 * and all that was returned.
 */
const CALLER = Uint8Array.from([
  // size = CALLDATASIZE - 32; CALLDATACOPY(0, 32, size)
  ...[0x60, 32, 0x36, 0x03, 0x80, 0x60, 32, 0x5f, 0x37],
  // STATICCALL(GAS / 2, CALLDATALOAD(0), 0, size, 4096, 24)
  ...[0x61, 0x10, 0x00, 0x60, 24, 0x91, 0x5f, 0x5f, 0x35, 0x60, 2, 0x5a, 0x04, 0xfa],
  // MSTORE(4128, success); RETURNDATACOPY(4160, 0, RETURNDATASIZE); RETURN(4096, 64 + RETURNDATASIZE)
  ...[0x61, 0x10, 0x20, 0x52, 0x3d, 0x5f, 0x61, 0x10, 0x40, 0x3e],
  ...[0x60, 64, 0x3d, 0x01, 0x61, 0x10, 0x00, 0xf3],
]);

/** Sends each call to its precompile, some by way of a contract, on both engines; fails where they say something else, or something unexpected. */
async function check(fork: Fork, calls: readonly Call[]): Promise<void> {
  const builder = new BlockBuilder(fork, { gasLimit: 30_000_000_000n });
  const caller = builder.contract(plainAddress(500), CALLER);
  builder.fund(keyed(0));
  for (const [i, { number, data, gas = 15_000_000 }] of calls.entries()) {
    const inside = i % 4 === 3;
    builder.send({
      from: keyed(0),
      to: inside ? caller : addressOf(number),
      data: inside ? concatBytes(bigIntToBytes32(BigInt(number)), data) : data,
      gasLimit: gas,
    });
  }
  const block = await builder.build();
  const [wasm, ethereumjs] = await Promise.all(
    ["wasm", "ethereumjs"].map((engine) => runBraid(block, 0, { mode: "sequential", engine })),
  );
  if (wasm === undefined || ethereumjs === undefined) throw new Error("no result");
  expect(wasm.statistics.engine).toEqual({ name: "wasm", unsupported: 0 });
  const show = ({ transactions, receipts }: typeof wasm, i: number): unknown => {
    const { output, error } = transactions[i] as (typeof transactions)[number];
    const { status, cumulativeGasUsed, logs } = receipts[i] as (typeof receipts)[number];
    const call = calls[i] as Call;
    return {
      number: call.number,
      data: bytesToHex(call.data),
      output,
      error,
      status,
      cumulativeGasUsed,
      logs,
    };
  };
  for (const [i, { expected }] of calls.entries()) {
    expect(show(wasm, i)).toEqual(show(ethereumjs, i));
    const { output, error } = wasm.transactions[i] as (typeof wasm.transactions)[number];
    if (expected === undefined || error !== undefined) continue;
    if (i % 4 !== 3) expect(bytesToHex(output)).toBe(bytesToHex(expected));
    else if (output[63] === 1) expect(bytesToHex(output.subarray(64))).toBe(bytesToHex(expected));
  }
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  if (modulus === 0n) return 0n;
  let result = 1n % modulus;
  for (let square = base % modulus, left = exponent; left > 0n; left >>= 1n, square = square ** 2n % modulus)
    if (left & 1n) result = (result * square) % modulus;
  return result;
}

function toBytes(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = length - 1, left = value; i >= 0; i--, left >>= 8n) bytes[i] = Number(left & 0xffn);
  return bytes;
}

/** MODEXP of numbers as they are written down, and what it must answer. */
function modexpOf(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Call {
  const lengths = [base, exponent, modulus].map(({ length }) => bigIntToBytes32(BigInt(length)));
  const [b, e, m] = [base, exponent, modulus].map((bytes) => bytesToBigInt(bytes)) as [
    bigint,
    bigint,
    bigint,
  ];
  return {
    number: 0x05,
    data: concatBytes(...lengths, base, exponent, modulus),
    expected: toBytes(power(b, e, m), modulus.length),
  };
}

/** Numbers of a length at the edges of bytes, limbs of 51 bits and words, and any. */
function numberOf(lengths: fc.Arbitrary<number>): fc.Arbitrary<Uint8Array> {
  return lengths.chain((length) => {
    const bits = length * 8;
    const wrap = (value: bigint): Uint8Array => toBytes(BigInt.asUintN(bits, value), length);
    const shift = fc.oneof(fc.integer({ min: 0, max: bits }), fc.constantFrom(50, 51, 52, 64, 102, 253, 255));
    return fc.oneof(
      fc.uint8Array({ minLength: length, maxLength: length }),
      fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
        if (length > 0) bytes[length - 1] = (bytes[length - 1] as number) | 1;
        return bytes;
      }),
      fc.tuple(shift, fc.bigInt({ min: -3n, max: 3n })).map(([by, more]) => wrap((1n << BigInt(by)) + more)),
      fc.bigInt({ min: 0n, max: 5n }).map(wrap),
      // An odd part and a power of two.
      fc
        .tuple(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), shift)
        .map(([odd, by]) => wrap(odd << BigInt(by))),
    );
  });
}

const short = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(0, 1, 8, 31, 32, 33, 63, 64, 65));
const modexps = fc
  .tuple(numberOf(short), numberOf(fc.integer({ min: 0, max: 40 })), numberOf(short))
  .map(([base, exponent, modulus]) => modexpOf(base, exponent, modulus));

describe("MODEXP", () => {
  test.each(["byzantium", "berlin", "osaka"] as const)("powers of all sizes in %s", async (fork) => {
    await fc.assert(
      fc.asyncProperty(fc.array(modexps, { minLength: 100, maxLength: 100 }), (calls) => check(fork, calls)),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test("long numbers", async () => {
    const long = fc.constantFrom(96, 127, 128, 256, 511, 512, 1023, 1024);
    const calls = fc
      .tuple(numberOf(long), numberOf(fc.integer({ min: 1, max: 6 })), numberOf(long))
      .map(([base, exponent, modulus]) => modexpOf(base, exponent, modulus));
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { minLength: 20, maxLength: 20 }), (some) => check("osaka", some)),
      { numRuns: 4, endOnFailure: true },
    );
  });

  test("lengths that mean nothing, data that ends early, and gas that is short", async () => {
    const lengths = fc.oneof(
      fc.bigInt({ min: 0n, max: 40n }),
      fc.constantFrom(
        1023n,
        1024n,
        1025n,
        2n ** 31n - 1n,
        2n ** 31n,
        2n ** 32n,
        2n ** 63n,
        2n ** 64n,
        2n ** 256n - 1n,
      ),
    );
    const call = fc
      .record({
        lengths: fc.tuple(lengths, lengths, lengths),
        rest: fc.uint8Array({ maxLength: 120 }),
        end: fc.integer({ min: 0, max: 216 }),
        gas: fc.constantFrom(24_000, 30_000, 200_000, 15_000_000),
      })
      .map(({ lengths: three, rest, end, gas }): Call => {
        const data = concatBytes(...three.map(bigIntToBytes32), rest);
        return { number: 0x05, data: data.subarray(0, end), gas };
      });
    for (const fork of ["byzantium", "berlin", "osaka"] as const)
      await fc.assert(
        fc.asyncProperty(fc.array(call, { minLength: 100, maxLength: 100 }), (calls) =>
          check(
            fork,
            calls.map((one) => ({ ...one, gas: (one.gas ?? 0) + 16 * one.data.length * 4 })),
          ),
        ),
        { numRuns: 3, endOnFailure: true },
      );
  });
});

test("hashes and copies of all lengths", async () => {
  const digest = (algorithm: string, data: Uint8Array): Uint8Array =>
    new Uint8Array(createHash(algorithm).update(data).digest());
  const answer: Record<number, (data: Uint8Array) => Uint8Array> = {
    2: (data) => digest("sha256", data),
    3: (data) => concatBytes(new Uint8Array(12), digest("ripemd160", data)),
    4: (data) => data,
  };
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(55, 56, 63, 64, 65, 119, 120, 128).map((length) => new Uint8Array(length).fill(length)),
  );
  const call = fc
    .record({ number: fc.constantFrom(2, 3, 4), data: bytes, gas: fc.constantFrom(31_000, 200_000) })
    .map((one): Call => ({ ...one, expected: answer[one.number]?.(one.data) as Uint8Array }));
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 100, maxLength: 100 }), (calls) => check("osaka", calls)),
    { numRuns: 3, endOnFailure: true },
  );
});

test("BLAKE2F with rounds of all numbers, wrong lengths and flags, and gas that is short", async () => {
  const call = fc
    .record({
      body: fc.uint8Array({ minLength: 208, maxLength: 208 }),
      rounds: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(60_000, 2 ** 24, 2 ** 32 - 1)),
      last: fc.constantFrom(0, 1, 1, 0, 2, 255),
      length: fc.constantFrom(213, 213, 213, 213, 212, 214, 0),
      gas: fc.constantFrom(60_000, 200_000),
    })
    .map(({ body, rounds, last, length, gas }): Call => {
      const data = new Uint8Array(length);
      const all = concatBytes(bigIntToBytes32(BigInt(rounds)).subarray(28), body, Uint8Array.of(last, 0));
      data.set(all.subarray(0, length));
      return { number: 9, data, gas };
    });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 60, maxLength: 60 }), (calls) => check("osaka", calls)),
    { numRuns: 3, endOnFailure: true },
  );
});
