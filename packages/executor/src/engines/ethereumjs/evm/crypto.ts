// The fast implementations behind `common.customCrypto`: keccak in the kernel, secp256k1 in native code or WebAssembly, KZG on mcl.

import { keccak256 } from "@braid/kernel";
import type { CustomCrypto } from "@ethereumjs/common";
import { recoverPublicKey } from "../../../transaction/secp256k1.ts";
import { verifyKzgProof } from "./kzg.ts";

/** ECRECOVER and signature recovery as ethereumjs calls it: the 64-byte public key; throws when there is none. */
function ecrecover(hash: Uint8Array, v: bigint, r: Uint8Array, s: Uint8Array, chainId?: bigint): Uint8Array {
  const parity = chainId === undefined ? v - 27n : v - (chainId * 2n + 35n);
  if (parity !== 0n && parity !== 1n) throw new Error("invalid signature v value");
  const signature = new Uint8Array(64);
  signature.set(r, 32 - r.length);
  signature.set(s, 64 - s.length);
  const publicKey = new Uint8Array(65);
  if (!recoverPublicKey(signature, Number(parity), hash, publicKey)) throw new Error("no public key fits");
  return publicKey.subarray(1);
}

function notForExecution(): never {
  throw new Error("execution only verifies KZG proofs");
}

/** The crypto for a fork's Common; `withKzg` from Cancun on. */
export function customCrypto(withKzg: boolean): CustomCrypto {
  const crypto: CustomCrypto = { keccak256, ecrecover };
  if (withKzg) {
    crypto.kzg = {
      verifyProof: verifyKzgProof,
      computeBlobProof: notForExecution,
      blobToKzgCommitment: notForExecution,
      verifyBlobProofBatch: notForExecution,
      computeCells: notForExecution,
      computeCellsAndProofs: notForExecution,
      recoverCellsAndProofs: notForExecution,
      verifyCellKzgProofBatch: notForExecution,
    };
  }
  return crypto;
}
