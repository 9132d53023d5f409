// libsecp256k1, which recovers signatures, makes them, and knows keys: native code where npm's secp256k1 has it for this machine, otherwise the same
// C library compiled to WebAssembly. JavaScript alone would take 1,240 microseconds to recover a signature, and 600 to make one.

import { createRequire } from "node:module";

/**
 * Writes the public key (65 bytes, uncompressed) behind the signature (64 bytes, r and s) of a message hash (32 bytes) to `publicKey`.
 * False when there is none: r or s is zero or not below the curve's order, or no point of the curve fits. `recovery` is 0 to 3.
 */
export type RecoverPublicKey = (
  signature: Uint8Array,
  recovery: number,
  message: Uint8Array,
  publicKey: Uint8Array,
) => boolean;

/**
 * The signature (64 bytes, r and s) of a message hash (32 bytes): deterministic (RFC 6979), with a low s. Throws for what is no key: zero, or
 * not below the curve's order.
 */
type SignMessage = (
  message: Uint8Array,
  privateKey: Uint8Array,
) => { signature: Uint8Array; recovery: number };

/** The public key (65 bytes, uncompressed) of a private one (32 bytes). Throws for what is no key. */
type PublicKeyOf = (privateKey: Uint8Array) => Uint8Array;

interface Secp256k1 {
  recoverPublicKey: RecoverPublicKey;
  signMessage: SignMessage;
  publicKeyOf: PublicKeyOf;
}

/** Undefined where there is no native code. PERF: 55 microseconds to recover, 35 to sign. */
export function nativeSecp256k1(): Secp256k1 | undefined {
  let secp256k1: typeof import("secp256k1");
  try {
    // Not the package's main file, which would fall back to JavaScript by itself.
    secp256k1 = createRequire(import.meta.url)("secp256k1/bindings.js");
  } catch {
    // No binary for this machine, or one that it cannot load: whatever the reason is, WebAssembly runs everywhere.
    return undefined;
  }
  return {
    recoverPublicKey: (signature, recovery, message, publicKey) => {
      try {
        secp256k1.ecdsaRecover(signature, recovery, message, false, publicKey);
        return true;
      } catch {
        // The library's only way to say that no public key fits.
        return false;
      }
    },
    signMessage: (message, privateKey) => {
      const { signature, recid } = secp256k1.ecdsaSign(message, privateKey);
      return { signature, recovery: recid };
    },
    publicKeyOf: (privateKey) => secp256k1.publicKeyCreate(privateKey, false),
  };
}

/** PERF: 125 microseconds to recover, 85 to sign; loading it takes 30 ms. */
export async function wasmSecp256k1(): Promise<Secp256k1> {
  // Only when it is needed, and only this part of the package, all of which takes 200 ms to load.
  const { instantiateSecp256k1 } = await import("@bitauth/libauth/build/lib/crypto/secp256k1.js");
  const secp256k1 = await instantiateSecp256k1();
  return {
    recoverPublicKey: (signature, recovery, message, publicKey) => {
      const found = secp256k1.recoverPublicKeyUncompressed(signature, recovery as 0 | 1 | 2 | 3, message);
      // The library's way to say that no public key fits is a text.
      if (typeof found === "string") return false;
      publicKey.set(found);
      return true;
    },
    signMessage: (message, privateKey) => {
      const signed = secp256k1.signMessageHashRecoverableCompact(privateKey, message);
      if (typeof signed === "string") throw new Error(signed);
      return { signature: signed.signature, recovery: signed.recoveryId };
    },
    publicKeyOf: (privateKey) => {
      const found = secp256k1.derivePublicKeyUncompressed(privateKey);
      if (typeof found === "string") throw new Error(found);
      return found;
    },
  };
}

const native = nativeSecp256k1();

/** What recovers signatures in this process. */
export const signatureRecovery: "native" | "wasm" = native === undefined ? "wasm" : "native";

export const { recoverPublicKey, signMessage, publicKeyOf }: Secp256k1 = native ?? (await wasmSecp256k1());
