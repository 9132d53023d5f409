// From the command line to what a node is made with.

import type { GenesisFile } from "@braid/chain";
import type { NodeOptions } from "@braid/node";
import { BaseError, FileError, jsonObject, parseJsonBounded, readBounded } from "@braid/primitives";
import { FORKS, type ForkName } from "@braid/protocol";
import type { NodeFlags } from "./node-command.ts";
import { nodeLimits } from "./node-limits.ts";

/** Rejects with FileError for a genesis file that cannot be read, and with BaseError BRAID_UNKNOWN_HARDFORK. */
export async function readOptions(flags: NodeFlags, maxFileBytes: number): Promise<NodeOptions> {
  const { chainId, hardfork, accounts, balance, mnemonic, derivationPath, gasLimit, baseFee } = flags;
  const { timestamp, blockTime, mining, order, genesis, datadir, workers, engine, limit } = flags;
  return {
    accounts,
    balance,
    mining: {
      auto: mining && blockTime === undefined,
      interval: mining && blockTime !== undefined ? blockTime * 1_000 : 0,
      order: order === "fees" ? "priority" : "fifo",
    },
    ...(chainId === undefined ? {} : { chainId }),
    ...(hardfork === undefined ? {} : { hardfork: forkOf(hardfork) }),
    ...(mnemonic === undefined ? {} : { mnemonic }),
    ...(derivationPath === undefined ? {} : { derivationPath }),
    ...(gasLimit === undefined ? {} : { gasLimit }),
    ...(baseFee === undefined ? {} : { baseFee }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(genesis === undefined ? {} : { genesis: await readGenesis(genesis, maxFileBytes) }),
    ...(datadir === undefined ? {} : { dataDir: datadir }),
    ...(workers === undefined ? {} : { workers }),
    ...(engine === undefined ? {} : { engine }),
    limits: nodeLimits(limit),
  };
}

function forkOf(name: string): ForkName {
  // Hardhat calls the fork of the Merge otherwise.
  const wanted = name.toLowerCase() === "merge" ? "paris" : name.toLowerCase();
  const fork = FORKS.find((one) => one.name.toLowerCase() === wanted);
  if (fork !== undefined) return fork.name;
  const names = FORKS.map((one) => one.name).join(", ");
  throw new BaseError("BRAID_UNKNOWN_HARDFORK", `There is no hardfork "${name}". Give one of: ${names}.`);
}

async function readGenesis(path: string, maxFileBytes: number): Promise<GenesisFile> {
  try {
    const genesis = jsonObject(
      parseJsonBounded(await readBounded(path, maxFileBytes), maxFileBytes),
      "the genesis",
    );
    jsonObject(genesis.config, "config");
    jsonObject(genesis.alloc, "alloc");
    return genesis as GenesisFile;
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new FileError("BRAID_FILE_MALFORMED", `${path}: It is not JSON: ${error.message}.`, {
        cause: error,
      });
    if (error instanceof FileError)
      throw new BaseError(error.code, `${path}: ${error.message}`, { cause: error });
    throw error;
  }
}
