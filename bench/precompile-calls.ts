// Calls of precompiles that do what they are there for.

import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { bigIntToBytes32, concatBytes, hexToBytes, Random } from "@braid/primitives";
import type { Fork } from "@braid/testing/block-builder";
import { secp256k1 } from "@noble/curves/secp256k1.js";

export interface PrecompileCall {
  name: string;
  number: number;
  data: Uint8Array;
  fork: Fork;
}

const random = new Random(5);
const bytes = (length: number): Uint8Array => new Uint8Array(length).map(() => random.below(256));
const word = (value: bigint | number): Uint8Array => bigIntToBytes32(BigInt(value));
const hex = (...digits: string[]): Uint8Array => hexToBytes(`0x${digits.join("")}`);
const repeat = (times: number, data: Uint8Array): Uint8Array => concatBytes(...Array(times).fill(data));

/** The generators of the curves' groups, as their precompiles take them. */
const BN_G1 = concatBytes(word(1), word(2));
const BN_MINUS_G1 = concatBytes(
  word(1),
  word(0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd45n),
);
const BN_G2 = hex(
  "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2",
  "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed",
  "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b",
  "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa",
);
const padded = (...coordinates: string[]): Uint8Array =>
  hex(...coordinates.map((one) => one.padStart(128, "0")));
const BLS_G1 = padded(
  "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
  "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1",
);
const BLS_G2 = padded(
  "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8",
  "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e",
  "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801",
  "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be",
);

/** A signature of secp256k1, as ECRECOVER takes it. */
function recoverable(): Uint8Array {
  const hash = bytes(32);
  const signature = secp256k1.sign(hash, word(7), { prehash: false, format: "recovered" });
  return concatBytes(hash, word(27 + (signature[0] as number)), signature.subarray(1));
}

/** A signature of P-256, its message's hash and who made it. */
function verifiable(): Uint8Array {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const message = bytes(20);
  const signature = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const { x = "", y = "" } = publicKey.export({ format: "jwk" });
  const hash = createHash("sha256").update(message).digest();
  return concatBytes(hash, signature, Buffer.from(x, "base64url"), Buffer.from(y, "base64url"));
}

/** The proof that the polynomial that is 0 everywhere is 0 somewhere. */
function provable(): Uint8Array {
  const infinity = hex("c0", "00".repeat(47));
  const versioned = new Uint8Array(createHash("sha256").update(infinity).digest());
  versioned[0] = 1;
  return concatBytes(versioned, word(5), word(0), infinity, infinity);
}

/** A modulus of so many bytes, all of whose bits count, and as long a base. */
function power(length: number, exponent: Uint8Array, end = 1): Uint8Array {
  const modulus = bytes(length);
  modulus[0] = (modulus[0] as number) | 0x80;
  modulus[length - 1] = ((modulus[length - 1] as number) & 0xfe) | end;
  const lengths = [length, exponent.length, length].map(word);
  return concatBytes(...lengths, bytes(length), exponent, modulus);
}

const full = (length: number): Uint8Array => bytes(length).fill(0xff, 0, 1);
const RSA = Uint8Array.of(1, 0, 1);
/** The inverse of a number by Fermat, modulo the order of BN254's groups: what verifiers of proofs ask for. */
const BN_ORDER = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;
const inversion = concatBytes(word(32), word(32), word(32), full(32), word(BN_ORDER - 2n), word(BN_ORDER));

const call = (number: number, name: string, data: Uint8Array, fork: Fork = "prague"): PrecompileCall => ({
  name,
  number,
  data,
  fork,
});

export const CALLS: readonly PrecompileCall[] = [
  call(0x01, "ECRECOVER", recoverable()),
  call(0x02, "SHA256, 128 bytes", bytes(128)),
  call(0x03, "RIPEMD160, 128 bytes", bytes(128)),
  call(0x04, "IDENTITY, 128 bytes", bytes(128)),
  call(0x05, "MODEXP, inverse in BN254's field", inversion),
  call(0x05, "MODEXP, 8-byte modulus, 72-byte exponent", power(8, full(72))),
  call(0x05, "MODEXP, 32 bytes, odd modulus", power(32, full(32))),
  call(0x05, "MODEXP, 32 bytes, even modulus", power(32, full(32), 0)),
  call(0x05, "MODEXP, 64 bytes", power(64, full(64))),
  call(0x05, "MODEXP, 128 bytes", power(128, full(128))),
  call(0x05, "MODEXP, 256 bytes", power(256, full(256))),
  call(0x05, "MODEXP, 1024 bytes, 64-byte exponent", power(1024, full(64))),
  call(0x05, "MODEXP, RSA-2048, 65537", power(256, RSA)),
  call(0x05, "MODEXP, RSA-4096, 65537", power(512, RSA)),
  call(0x06, "BN254_ADD", concatBytes(BN_G1, BN_G1)),
  call(0x07, "BN254_MUL", concatBytes(BN_G1, word(BN_ORDER - 5n))),
  call(0x08, "BN254_PAIRING, 2 pairs", concatBytes(BN_G1, BN_G2, BN_MINUS_G1, BN_G2)),
  call(0x09, "BLAKE2F, 12 rounds", concatBytes(Uint8Array.of(0, 0, 0, 12), bytes(208), Uint8Array.of(1))),
  call(0x0a, "KZG_POINT_EVALUATION", provable()),
  call(0x0b, "BLS12_G1ADD", repeat(2, BLS_G1)),
  call(0x0c, "BLS12_G1MSM, 16 pairs", repeat(16, concatBytes(BLS_G1, full(32)))),
  call(0x0d, "BLS12_G2ADD", repeat(2, BLS_G2)),
  call(0x0e, "BLS12_G2MSM, 16 pairs", repeat(16, concatBytes(BLS_G2, full(32)))),
  call(0x0f, "BLS12_PAIRING, 2 pairs", repeat(2, concatBytes(BLS_G1, BLS_G2))),
  call(0x10, "BLS12_MAP_FP_TO_G1", concatBytes(new Uint8Array(32), word(77))),
  call(0x11, "BLS12_MAP_FP2_TO_G2", repeat(2, concatBytes(new Uint8Array(32), word(77)))),
  call(0x100, "P256VERIFY", verifiable(), "osaka"),
];
