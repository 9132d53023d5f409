// The libraries of precompiles that few blocks call: each thread loads one before its first call of it, and not when it starts.

import type { EVM, PrecompileFunc } from "@ethereumjs/evm";
import { WorkerStartError } from "../../../errors.ts";
import { loadBls12 } from "./bls12-381.ts";
import { loadBn254 } from "./bn254.ts";
import { loadKzg } from "./kzg.ts";

/** By precompile, and not by address: a call's overrides may move it. */
export type LibraryLoaders = Map<PrecompileFunc, () => Promise<void>>;

const BY_ADDRESS: [address: string, load: () => Promise<void>][] = [
  ["06", loadBn254],
  ["07", loadBn254],
  ["08", loadBn254],
  ["0a", loadKzg],
  ["0b", loadBls12],
  ["0c", loadBls12],
  ["0d", loadBls12],
  ["0e", loadBls12],
  ["0f", loadBls12],
  ["10", loadBls12],
  ["11", loadBls12],
];

/** What must be loaded before one of a fork's precompiles is called; it takes every error for its caller's. Loaders throw WorkerStartError. */
export function libraryLoaders(precompiles: EVM["precompiles"]): LibraryLoaders {
  const loaders: LibraryLoaders = new Map();
  for (const [address, load] of BY_ADDRESS) {
    const precompile = precompiles.get(address.padStart(40, "0"));
    if (precompile === undefined) continue;
    loaders.set(precompile, () =>
      load().catch((error: unknown) => {
        throw new WorkerStartError(error);
      }),
    );
  }
  return loaders;
}
