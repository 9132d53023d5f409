// Chains that are given by a geth genesis file.

import type { Hex } from "@braid/primitives";
import { InvalidGenesisFileError } from "../errors.ts";
import type { ChainSpec, HardforkActivation } from "./chain-spec.ts";
import { type BlobParameters, FORKS, type ForkName } from "./forks.ts";

/** The parts of a geth genesis file that say which chain it is. Numbers of blocks and seconds are JSON numbers. */
export interface GethGenesis {
  config: {
    chainId: number;
    blobSchedule?: Record<string, BlobParameters>;
    depositContractAddress?: string;
    /** As in ChainSpec; geth has neither. */
    eips?: Record<string, number[]>;
    unlimitedCodeSize?: boolean;
    /** `homesteadBlock`, …, `osakaTime`, …: when the forks begin. */
    [field: string]: unknown;
  };
  /** The fields of the first block, as 0x-hex. */
  [field: string]: unknown;
}

/** geth's names for when a fork begins, where they are not the fork's with "Block" or "Time". */
const ACTIVATION_KEYS: Partial<Record<ForkName, string>> = {
  dao: "daoForkBlock",
  tangerineWhistle: "eip150Block",
  spuriousDragon: "eip158Block",
  paris: "mergeNetsplitBlock",
};

/** The chain that a geth genesis file describes. Throws InvalidGenesisFileError for what is no such file. */
export function specOfGenesis(genesis: GethGenesis, name = "genesis"): ChainSpec {
  const config: unknown = genesis.config;
  if (typeof config !== "object" || config === null) throw new InvalidGenesisFileError("it has no config");
  const { chainId, blobSchedule, depositContractAddress, eips, unlimitedCodeSize } = genesis.config;
  if (!Number.isSafeInteger(chainId))
    throw new InvalidGenesisFileError(`its chainId is ${String(chainId)}`, "config.chainId");
  return {
    name,
    chainId,
    hardforks: hardforksOf(genesis.config),
    ...(blobSchedule === undefined ? {} : { blobSchedule }),
    ...(eips === undefined ? {} : { eips }),
    ...(unlimitedCodeSize === true ? { unlimitedCodeSize } : {}),
    ...(depositContractAddress === undefined
      ? {}
      : { depositContractAddress: depositContractAddress as Hex }),
  };
}

function hardforksOf(config: GethGenesis["config"]): HardforkActivation[] {
  const hardforks: HardforkActivation[] = [{ name: "chainstart", block: 0 }];
  for (const { name, since } of FORKS.slice(1)) {
    // Without support the chain is the one that left the ether where it was.
    if (name === "dao" && config.daoForkSupport !== true) continue;
    const key = ACTIVATION_KEYS[name] ?? `${name}${since === "time" ? "Time" : "Block"}`;
    let at = config[key];
    // The merge is scheduled by difficulty; where there is none to wait for, it is the first block.
    if (name === "paris" && (at === undefined || at === null) && mergedFromStart(config)) at = 0;
    if (at === undefined || at === null) continue;
    if (typeof at !== "number" || !Number.isSafeInteger(at) || at < 0)
      throw new InvalidGenesisFileError(`its ${key} is ${String(at)}`, `config.${key}`);
    hardforks.push(since === "time" ? { name, timestamp: at } : { name, block: at });
  }
  return inOrder(hardforks);
}

function mergedFromStart({ terminalTotalDifficulty: difficulty }: GethGenesis["config"]): boolean {
  return difficulty === 0 || difficulty === "0" || difficulty === "0x0";
}

/** By when they begin: blob parameter forks may come after later forks. */
function inOrder(hardforks: HardforkActivation[]): HardforkActivation[] {
  return hardforks.sort((a, b) =>
    a.timestamp === undefined || b.timestamp === undefined ? 0 : a.timestamp - b.timestamp,
  );
}
