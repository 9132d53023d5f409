// Chains that are given by a geth genesis file: their forks, their first block, their first state.

import { BaseError, type Hex } from "@braid/primitives";
import { changesOfAlloc, type GenesisAlloc, MemoryStateStore } from "@braid/state";
import { type BlockHeader, createBlockHeader } from "@ethereumjs/block";
import { Common } from "@ethereumjs/common";
import {
  type BlobParameters,
  type ChainDescription,
  chainConfig,
  FORKS,
  type ForkName,
} from "./chain-config.ts";

/** The parts of a geth genesis file that are read. Numbers are 0x-hex or decimal. */
export interface GethGenesis {
  config: Record<string, unknown> & {
    chainId: number;
    blobSchedule?: Record<string, BlobParameters>;
    depositContractAddress?: Hex;
  };
  alloc: GenesisAlloc;
  [field: string]: unknown;
}

/** geth's names for when a fork begins. */
const ACTIVATION_KEYS: Partial<Record<ForkName, string>> = {
  dao: "daoForkBlock",
  tangerineWhistle: "eip150Block",
  spuriousDragon: "eip158Block",
  paris: "mergeNetsplitBlock",
};

/** The chain that a geth genesis file describes. Throws InvalidGenesisFileError when a fork has a number that is none. */
export function describeGenesis({ config }: GethGenesis, name = "genesis"): ChainDescription {
  const forks: { fork: ForkName; at: number }[] = [{ fork: "chainstart", at: 0 }];
  for (const [fork, unit] of FORKS.slice(1)) {
    const key = ACTIVATION_KEYS[fork] ?? `${fork}${unit === "time" ? "Time" : "Block"}`;
    const at = config[key];
    if (at === undefined || at === null) continue;
    if (typeof at !== "number" || !Number.isSafeInteger(at) || at < 0)
      throw new InvalidGenesisFileError(`its ${key} is ${String(at)}`);
    forks.push({ fork, at });
  }
  return {
    name,
    chainId: config.chainId,
    forks,
    ...(config.blobSchedule === undefined
      ? {}
      : { blobSchedule: config.blobSchedule as ChainDescription["blobSchedule"] & object }),
    ...(config.depositContractAddress === undefined
      ? {}
      : { depositContract: config.depositContractAddress }),
  };
}

/** A chain at its beginning. */
export interface GenesisState {
  common: Common;
  store: MemoryStateStore;
  header: BlockHeader;
}

/** Makes the first block and the state after it out of a geth genesis file. Throws InvalidGenesisFileError, InvalidGenesisError. */
export async function openGenesis(genesis: GethGenesis, name?: string): Promise<GenesisState> {
  const common = new Common({ chain: chainConfig(describeGenesis(genesis, name)) });
  const store = new MemoryStateStore();
  const state = store.prepare(undefined, changesOfAlloc(genesis.alloc));
  const field = (key: string): Hex | undefined =>
    typeof genesis[key] === "string" ? (genesis[key] as Hex) : undefined;
  const number = BigInt(field("number") ?? 0);
  const timestamp = BigInt(field("timestamp") ?? 0);
  common.setHardforkBy({ blockNumber: number, timestamp });
  const optional = Object.fromEntries(
    [
      "parentHash",
      "coinbase",
      "mixHash",
      "extraData",
      "difficulty",
      "gasLimit",
      "gasUsed",
      "baseFeePerGas",
      "excessBlobGas",
      "blobGasUsed",
    ].flatMap((key) => {
      const value = field(key);
      return value === undefined ? [] : [[key, value]];
    }),
  );
  const nonce = BigInt(field("nonce") ?? 0);
  const header = createBlockHeader(
    {
      ...optional,
      number,
      timestamp,
      nonce: `0x${nonce.toString(16).padStart(16, "0")}`,
      stateRoot: state.root,
    },
    { common, skipConsensusFormatValidation: true },
  );
  await state.commit({ hash: header.hash(), number });
  return { common, store, header };
}

/** A genesis file that cannot be read. Code BRAID_INVALID_GENESIS_FILE. */
export class InvalidGenesisFileError extends BaseError {
  constructor(reason: string) {
    super("BRAID_INVALID_GENESIS_FILE", `The genesis file cannot be read: ${reason}.`);
  }
}
