// Native code and WebAssembly give the same answer for every signature, valid or not, and make the same ones. Both are there on Linux x64;
// elsewhere the WebAssembly is held against ethereumjs's JavaScript.

import { createRequire } from "node:module";
import { bigIntToBytes32 } from "@braid/primitives";
import { ecrecover, privateToPublic } from "@ethereumjs/util";
import fc from "fast-check";
import secp256k1 from "secp256k1";
import { expect, test } from "vitest";
import {
  nativeSecp256k1,
  publicKeyOf,
  type RecoverPublicKey,
  recoverPublicKey,
  signatureRecovery,
  signMessage,
  wasmSecp256k1,
} from "./secp256k1.ts";

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;

/** The same interface in JavaScript. */
const inElliptic: typeof secp256k1 = createRequire(import.meta.url)("secp256k1/elliptic.js");

const native = nativeSecp256k1();
const wasm = await wasmSecp256k1();

interface Case {
  signature: Uint8Array;
  recovery: number;
  message: Uint8Array;
}

function recovered(recover: RecoverPublicKey, { signature, recovery, message }: Case): string | undefined {
  const publicKey = new Uint8Array(65);
  return recover(signature, recovery, message, publicKey)
    ? Buffer.from(publicKey).toString("hex")
    : undefined;
}

/** ethereumjs's noble, which knows recovery 0 and 1 and an s of the lower half only for what is signed, not for what is recovered. */
function inJavaScript({ signature, recovery, message }: Case): string | undefined {
  try {
    const key = ecrecover(message, BigInt(27 + recovery), signature.subarray(0, 32), signature.subarray(32));
    return `04${Buffer.from(key).toString("hex")}`;
  } catch {
    return undefined;
  }
}

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** Around everything that an implementation compares with. */
const edge = fc
  .tuple(fc.constantFrom(0n, 1n, N / 2n, N, P - N, P, 2n ** 256n - 1n), fc.bigInt(-3n, 3n))
  .map(([base, offset]) => (base + offset < 0n ? 0n : (base + offset) % 2n ** 256n));
const scalar = fc.oneof(
  { weight: 3, arbitrary: bytes32 },
  { weight: 2, arbitrary: edge.map(bigIntToBytes32) },
);
const message = fc.oneof(bytes32, edge.map(bigIntToBytes32));

/** Anything: half of the r are of no point. */
const anything: fc.Arbitrary<Case> = fc
  .tuple(scalar, scalar, fc.integer({ min: 0, max: 3 }), message)
  .map(([r, s, recovery, hash]) => ({ signature: Uint8Array.of(...r, ...s), recovery, message: hash }));

/** Signatures of a key, with their s as it is or in the upper half, which turns the recovery id around. */
const signed: fc.Arbitrary<Case & { publicKey: string }> = fc
  .tuple(bytes32, message, fc.boolean())
  .filter(([key]) => secp256k1.privateKeyVerify(key))
  .map(([key, hash, high]) => {
    const { signature, recid } = secp256k1.ecdsaSign(hash, key);
    const publicKey = `04${Buffer.from(privateToPublic(key)).toString("hex")}`;
    if (!high) return { signature, recovery: recid, message: hash, publicKey };
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`);
    const flipped = Uint8Array.of(...signature.subarray(0, 32), ...bigIntToBytes32(N - s));
    return { signature: flipped, recovery: recid ^ 1, message: hash, publicKey };
  });

test("WebAssembly recovers the key that signed, with a low s and with a high one", () => {
  fc.assert(
    fc.property(signed, (one) => {
      expect(recovered(wasm.recoverPublicKey, one)).toBe(one.publicKey);
    }),
    { numRuns: 1_000 },
  );
});

test("WebAssembly and native code agree about everything that can stand in a signature", () => {
  const reference =
    native === undefined ? inJavaScript : (one: Case) => recovered(native.recoverPublicKey, one);
  let valid = 0;
  fc.assert(
    fc.property(anything, (one) => {
      // JavaScript's does not know what lies beyond the curve's order.
      fc.pre(native !== undefined || one.recovery < 2);
      const found = recovered(wasm.recoverPublicKey, one);
      expect(found).toBe(reference(one));
      if (found !== undefined) valid++;
    }),
    { numRuns: native === undefined ? 500 : 5_000 },
  );
  // Both sides of the question were asked.
  expect(valid).toBeGreaterThan(50);
});

test("what is in use can be asked, and is native code on Linux x64", () => {
  expect(signatureRecovery).toBe(native === undefined ? "wasm" : "native");
  if (process.platform === "linux" && process.arch === "x64") expect(signatureRecovery).toBe("native");
  const one = fc.sample(signed, 1)[0];
  expect(one && recovered(recoverPublicKey, one)).toBe(one?.publicKey);
});

test("native code and WebAssembly make the signatures and public keys that JavaScript makes, and zero is no key", () => {
  fc.assert(
    fc.property(bytes32, message, (key, hash) => {
      // Of a hash beyond the order, which nobody will ever see, the C library makes another nonce. It is no key either.
      fc.pre(secp256k1.privateKeyVerify(key) && secp256k1.privateKeyVerify(hash));
      const { signature, recid } = inElliptic.ecdsaSign(hash, key);
      const found = wasm.signMessage(hash, key);
      expect(found).toEqual({ signature, recovery: recid });
      expect(signMessage(hash, key)).toEqual(found);
      const publicKey = inElliptic.publicKeyCreate(key, false);
      for (const of of [wasm.publicKeyOf, publicKeyOf])
        expect(Buffer.from(of(key))).toEqual(Buffer.from(publicKey));
    }),
    { numRuns: 200 },
  );
  const zero = new Uint8Array(32);
  expect(() => wasm.signMessage(zero, zero)).toThrow();
  expect(() => signMessage(zero, zero)).toThrow();
  expect(() => wasm.publicKeyOf(zero)).toThrow();
  expect(() => publicKeyOf(zero)).toThrow();
});
