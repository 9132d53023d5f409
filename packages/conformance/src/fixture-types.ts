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

type Json = Record<string, unknown>;

/** Which kind of fixture a case is, by what it has. */
export function isBlockchainFixture(value: Json): boolean {
  return Array.isArray(value.blocks) && typeof value.genesisRLP === "string";
}

export function isStateFixture(value: Json): boolean {
  return (
    typeof value.post === "object" && typeof value.transaction === "object" && typeof value.env === "object"
  );
}
