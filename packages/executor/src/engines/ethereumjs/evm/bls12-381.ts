// The BLS12-381 precompiles (EIP-2537) on mcl: a pairing takes a quarter of what the engine's own implementation takes, a sum of two points a fortieth
// (bench:precompiles). What is no point fails with the same words as there.

import { bytesToBigInt, concatBytes, hexToBytes } from "@braid/primitives";
import { type EVMBLSInterface, EVMError } from "@ethereumjs/evm";
import type { Fp, Fp2, Fr, G1, G2, GT } from "mcl-wasm";
import { type Mcl, newMcl } from "./mcl.ts";

const FIELD_MODULUS =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;
/** Of a coordinate, the first 16 of which are zero, which the EVM has seen to. */
const FIELD_BYTES = 64;
const ZEROS = 16;
const G1_BYTES = 128;
const G2_BYTES = 256;
const SCALAR_BYTES = 32;
const WORD = 32;

/** Set to the curve by loadBls12. */
let mcl: Mcl;

function notOnCurve(): EVMError {
  return new EVMError(EVMError.errorMessages.BLS_12_381_POINT_NOT_ON_CURVE);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function elementOf(bytes: Uint8Array, tooLarge: () => EVMError | Error): Fp {
  if (bytesToBigInt(bytes) >= FIELD_MODULUS) throw tooLarge();
  const element = new mcl.Fp();
  element.setBigEndianMod(bytes.subarray(ZEROS));
  return element;
}

function field(input: Uint8Array, at: number): Fp {
  return elementOf(
    input.subarray(at, at + FIELD_BYTES),
    () => new EVMError(EVMError.errorMessages.BLS_12_381_FP_NOT_IN_FIELD),
  );
}

function extensionField(input: Uint8Array, at: number): Fp2 {
  const element = new mcl.Fp2();
  element.set_a(field(input, at));
  element.set_b(field(input, at + FIELD_BYTES));
  return element;
}

/** A coordinate of the first group that is too large has no words of its own: the EVM calls it a revert. */
function coordinate(input: Uint8Array, at: number): Fp {
  return elementOf(input.subarray(at, at + FIELD_BYTES), () => new RangeError("not in the field"));
}

/** @param inGroup sums take every point of the curve, all else those of the group. */
function point1(input: Uint8Array, at: number, inGroup: boolean): G1 {
  const point = new mcl.G1();
  if (isZero(input.subarray(at, at + G1_BYTES))) return point;
  const one = new mcl.Fp();
  one.setInt(1);
  point.setX(coordinate(input, at));
  point.setY(coordinate(input, at + FIELD_BYTES));
  point.setZ(one);
  if (!point.isValid() || (inGroup && !point.isValidOrder())) throw notOnCurve();
  return point;
}

/** As point1. */
function point2(input: Uint8Array, at: number, inGroup: boolean): G2 {
  const point = new mcl.G2();
  if (isZero(input.subarray(at, at + G2_BYTES))) return point;
  const one = new mcl.Fp();
  one.setInt(1);
  const unit = new mcl.Fp2();
  unit.set_a(one);
  unit.set_b(new mcl.Fp());
  point.setX(extensionField(input, at));
  point.setY(extensionField(input, at + 2 * FIELD_BYTES));
  point.setZ(unit);
  if (!point.isValid() || (inGroup && !point.isValidOrder())) throw notOnCurve();
  return point;
}

function scalar(input: Uint8Array, at: number): Fr {
  const factor = new mcl.Fr();
  factor.setBigEndianMod(input.subarray(at, at + SCALAR_BYTES));
  return factor;
}

function encodeField(element: Fp): Uint8Array {
  return hexToBytes(`0x${element.getStr(16).padStart(2 * FIELD_BYTES, "0")}`);
}

function encode1(point: G1): Uint8Array {
  if (point.isZero()) return new Uint8Array(G1_BYTES);
  point.normalize();
  return concatBytes(encodeField(point.getX()), encodeField(point.getY()));
}

function encode2(point: G2): Uint8Array {
  if (point.isZero()) return new Uint8Array(G2_BYTES);
  point.normalize();
  const [x, y] = [point.getX(), point.getY()];
  return concatBytes(...[x.get_a(), x.get_b(), y.get_a(), y.get_b()].map(encodeField));
}

/** The sum of the points times their scalars. All are looked at before anything is computed; what adds nothing is left out. */
function sumOf<Point extends G1 | G2>(
  input: Uint8Array,
  pointBytes: number,
  zero: Point,
  read: (input: Uint8Array, at: number, inGroup: boolean) => Point,
): Point {
  const points: Point[] = [];
  const scalars: Fr[] = [];
  for (let at = 0; at < input.length; at += pointBytes + SCALAR_BYTES) {
    const point = read(input, at, true);
    const factor = scalar(input, at + pointBytes);
    if (point.isZero() || factor.isZero()) continue;
    points.push(point);
    scalars.push(factor);
  }
  return points.length === 0 ? zero : mcl.mulVec(points, scalars);
}

/** For the EVM; to be called when loadBls12 has resolved. Input has the length that the precompile asks for. */
export const bls12: EVMBLSInterface = {
  addG1: (input) => encode1(mcl.add(point1(input, 0, false), point1(input, G1_BYTES, false))),

  addG2: (input) => encode2(mcl.add(point2(input, 0, false), point2(input, G2_BYTES, false))),

  mapFPtoG1: (input) => encode1(field(input, 0).mapToG1()),

  mapFP2toG2: (input) => encode2(extensionField(input, 0).mapToG2()),

  msmG1: (input) => encode1(sumOf(input, G1_BYTES, new mcl.G1(), point1)),

  msmG2: (input) => encode2(sumOf(input, G2_BYTES, new mcl.G2(), point2)),

  /** 1 as a word when the product of the pairings is 1. */
  pairingCheck(input) {
    let product: GT | undefined;
    for (let at = 0; at < input.length; at += G1_BYTES + G2_BYTES) {
      const p = point1(input, at, true);
      const q = point2(input, at + G1_BYTES, true);
      if (p.isZero() || q.isZero()) continue;
      const pairing = mcl.millerLoop(p, q);
      product = product === undefined ? pairing : mcl.mul(product, pairing);
    }
    const result = new Uint8Array(WORD);
    if (product === undefined || mcl.finalExp(product).isOne()) result[WORD - 1] = 1;
    return result;
  },
};

let ready: Promise<void> | undefined;

async function load(): Promise<void> {
  const library = newMcl();
  await library.init(library.BLS12_381);
  library.setMapToMode(library.IRTF);
  // Being on the curve and being in the group are two questions here.
  library.verifyOrderG1(false);
  library.verifyOrderG2(false);
  mcl = library;
}

/** Loads mcl and sets it to BLS12-381; one instance a thread, besides that for KZG proofs, which is set otherwise. */
export function loadBls12(): Promise<void> {
  ready ??= load();
  return ready;
}
