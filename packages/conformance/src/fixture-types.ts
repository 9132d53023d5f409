// The JSON of execution-spec-tests fixtures, as far as it is read. Numbers are 0x-hex strings throughout.

import type { GenesisAlloc } from "@braid/state";

export interface FixtureConfig {
  chainid?: string;
  blobSchedule?: Record<string, { target: string; max: string; baseFeeUpdateFraction: string }>;
}

export interface BlockchainFixture {
  network: string;
  config?: FixtureConfig;
  pre: GenesisAlloc;
  postState?: GenesisAlloc;
  postStateHash?: string;
  genesisRLP: string;
  genesisBlockHeader: { hash: string };
  lastblockhash: string;
  blocks: FixtureBlock[];
}

export interface FixtureBlock {
  rlp: string;
  /** Alternatives separated by "|". */
  expectException?: string;
  blockAccessList?: unknown;
}

export interface StateFixture {
  env: Record<string, string>;
  pre: GenesisAlloc;
  transaction: { sender?: string };
  post: Record<string, StatePost[]>;
  config?: FixtureConfig;
}

export interface StatePost {
  /** State root after the transaction. */
  hash: string;
  /** keccak256 of the RLP of its logs. */
  logs: string;
  txbytes: string;
  state?: GenesisAlloc;
  expectException?: string;
}

/** Which kind of fixture a case is shows in what it has. */
export function isBlockchainFixture(value: object): value is BlockchainFixture {
  return "blocks" in value && Array.isArray(value.blocks) && "genesisRLP" in value;
}

export function isStateFixture(value: object): value is StateFixture {
  return "post" in value && "transaction" in value && "env" in value;
}
