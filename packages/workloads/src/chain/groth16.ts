// Groth16 proofs without a circuit: who knows the numbers behind a verifying key can prove anything. That is what a trusted setup must
// prevent, and what makes proofs that really verify, for bridges that are only work.

import { bn254 } from "@noble/curves/bn254.js";

/** A point as the pairing precompile takes it: x and y, in G2 each with the imaginary part first. */
type G1Point = { x: bigint; y: bigint };
type G2Point = { x: [bigint, bigint]; y: [bigint, bigint] };

/** `Groth16Verifier.Key` for one public input. */
export interface VerifyingKey {
  alpha: G1Point;
  beta: G2Point;
  gamma: G2Point;
  delta: G2Point;
  inputs: [G1Point, G1Point];
}

/** `Groth16Verifier.Proof`. */
export interface Proof {
  a: G1Point;
  b: G2Point;
  c: G1Point;
}

const { Fr } = bn254.fields;

export class Groth16 {
  /** Where the points of the key lie, as multiples of the generators. */
  private readonly trapdoor: {
    alpha: bigint;
    beta: bigint;
    gamma: bigint;
    delta: bigint;
    inputs: [bigint, bigint];
  };

  /** `numbers` gives numbers of 256 bits; the same ones give the same key. */
  constructor(numbers: () => bigint) {
    const next = () => scalarOf(numbers());
    this.trapdoor = { alpha: next(), beta: next(), gamma: next(), delta: next(), inputs: [next(), next()] };
  }

  get key(): VerifyingKey {
    const { alpha, beta, gamma, delta, inputs } = this.trapdoor;
    return {
      alpha: g1(alpha),
      beta: g2(beta),
      gamma: g2(gamma),
      delta: g2(delta),
      inputs: [g1(inputs[0]), g1(inputs[1])],
    };
  }

  /** A proof for a public input; different `numbers` give different proofs of the same. */
  prove(input: bigint, numbers: () => bigint): Proof {
    const { alpha, beta, gamma, delta, inputs } = this.trapdoor;
    const [a, b] = [scalarOf(numbers()), scalarOf(numbers())];
    // a·b = alpha·beta + (inputs[0] + input·inputs[1])·gamma + c·delta
    const sum = Fr.add(inputs[0], Fr.mul(Fr.create(input), inputs[1]));
    const rest = Fr.sub(Fr.sub(Fr.mul(a, b), Fr.mul(alpha, beta)), Fr.mul(sum, gamma));
    return { a: g1(a), b: g2(b), c: g1(Fr.div(rest, delta)) };
  }
}

/** Never zero. */
function scalarOf(number: bigint): bigint {
  return (number % (Fr.ORDER - 1n)) + 1n;
}

function g1(scalar: bigint): G1Point {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
  return { x, y };
}

function g2(scalar: bigint): G2Point {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  return { x: [x.c1, x.c0], y: [y.c1, y.c0] };
}
