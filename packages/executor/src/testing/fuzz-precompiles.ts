// For tests: inputs of precompiles that are right more often than not, so that what they work out is compared and not only how they fail.

import { createHash } from "node:crypto";
import { concatBytes, hexToBytes } from "@braid/primitives";
import { keyed } from "@braid/testing/accounts";
import secp256k1 from "secp256k1";

type Below = (limit: number) => number;

function word(value: bigint | number): Uint8Array {
  return hexToBytes(`0x${BigInt(value).toString(16).padStart(64, "0")}`);
}

const signatures = new Map<number, Uint8Array>();

/** A message's hash, v, r, s. */
function signature(label: number): Uint8Array {
  let input = signatures.get(label);
  if (input === undefined) {
    const hash = new Uint8Array(32).fill(label);
    const { signature: rs, recid } = secp256k1.ecdsaSign(hash, keyed(label & 3).privateKey);
    input = concatBytes(hash, word(27 + recid), rs);
    signatures.set(label, input);
  }
  return input;
}

const BN254_P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;
/** Some points of the curve y² = x³ + 3. */
const BN254_POINTS: readonly Uint8Array[] = [
  concatBytes(word(1), word(2)),
  concatBytes(word(1), word(BN254_P - 2n)),
  concatBytes(word(0), word(0)),
  concatBytes(
    word(0x030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd3n),
    word(0x15ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4n),
  ),
];
/** The generator of its twisted curve. */
const BN254_G2 = concatBytes(
  word(0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2n),
  word(0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6edn),
  word(0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975bn),
  word(0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daan),
);

/** The generators of BLS12-381, and its points at infinity. */
const BLS_G1 = hexToBytes(
  "0x0000000000000000000000000000000017f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb0000000000000000000000000000000008b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1",
);
const BLS_G2 = hexToBytes(
  "0x00000000000000000000000000000000024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb80000000000000000000000000000000013e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e000000000000000000000000000000000ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801000000000000000000000000000000000606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be",
);
const P256 = hexToBytes(
  "0x4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4da73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d604aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff37618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e",
);

/** The proof that the polynomial of zeros is zero at z. */
function kzgProof(z: number): Uint8Array {
  const infinity = new Uint8Array(48);
  infinity[0] = 0xc0;
  const hash = new Uint8Array(createHash("sha256").update(infinity).digest());
  hash[0] = 1;
  return concatBytes(hash, word(z), word(0), infinity, infinity);
}

function modexp(below: Below): Uint8Array {
  const length = (): number => (below(6) === 0 ? below(70) : below(34));
  const lengths = [length(), length(), length()];
  const some = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => (below(5) === 0 ? (below(2) === 0 ? 0 : 255) : below(256)));
  return concatBytes(...lengths.map(word), ...lengths.map(some));
}

function blake2f(below: Below): Uint8Array {
  const input = Uint8Array.from({ length: 213 }, () => below(256));
  input.set([0, 0, 0, below(14)]);
  input[212] = below(8) === 0 ? below(4) : below(2);
  return input;
}

function right(number: number, below: Below): Uint8Array {
  const point = (): Uint8Array => BN254_POINTS[below(BN254_POINTS.length)] as Uint8Array;
  const g1 = (): Uint8Array => (below(3) === 0 ? new Uint8Array(128) : BLS_G1);
  const g2 = (): Uint8Array => (below(3) === 0 ? new Uint8Array(256) : BLS_G2);
  const scalar = (): Uint8Array => (below(3) === 0 ? word((1n << 256n) - 1n) : word(below(1 << 30)));
  switch (number) {
    case 1:
      return signature(below(24));
    case 5:
      return modexp(below);
    case 6:
      return concatBytes(point(), point());
    case 7:
      return concatBytes(point(), scalar());
    case 8:
      // e(P, Q) e(-P, Q) = 1.
      return concatBytes(
        ...[0, below(2)].map((i) => concatBytes(BN254_POINTS[i] as Uint8Array, BN254_G2)).slice(below(3)),
      );
    case 9:
      return blake2f(below);
    case 10:
      return kzgProof(below(1 << 20));
    case 11:
      return concatBytes(g1(), g1());
    case 12:
      return concatBytes(g1(), scalar());
    case 13:
      return concatBytes(g2(), g2());
    case 14:
      return concatBytes(g2(), scalar());
    case 15:
      return concatBytes(g1(), g2());
    case 16:
      return concatBytes(new Uint8Array(32), word(below(1 << 30)));
    case 17:
      return concatBytes(new Uint8Array(32), word(below(1 << 30)), new Uint8Array(32), word(below(1 << 30)));
    case 0x100:
      return P256;
    default:
      return Uint8Array.from({ length: below(200) }, () => below(256));
  }
}

/** An input of the precompile: a right one, or one of which a bit, the end or the length is not. */
export function precompileInput(number: number, below: Below): Uint8Array {
  const input = right(number, below);
  const kind = below(9);
  if (kind === 0 && input.length > 0) {
    const wrong = input.slice();
    const at = below(wrong.length);
    wrong[at] = (wrong[at] as number) ^ (1 << below(8));
    return wrong;
  }
  if (kind === 1) return input.subarray(0, below(input.length + 1));
  return kind === 2
    ? concatBytes(
        input,
        Uint8Array.from({ length: below(40) }, () => below(256)),
      )
    : input;
}
