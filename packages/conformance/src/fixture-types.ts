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
  genesisBlockHeader: { hash: string } & Record<string, string | undefined>;
  lastblockhash: string;
  blocks: FixtureBlock[];
}

export interface FixtureBlock {
  rlp: string;
  /** Alternatives separated by "|". */
  expectException?: string;
  blockAccessList?: unknown;
  /** The code of what is wrong with it besides the block itself. */
  refused?: string;
}

/** A blockchain test in the form of engine_newPayload calls. */
export type EngineFixture = Omit<BlockchainFixture, "genesisRLP" | "blocks"> & {
  engineNewPayloads: EnginePayload[];
};

export interface EnginePayload {
  /** Payload; from version 3 on blob hashes and beacon root; from version 4 on requests. */
  params: [
    payload: ExecutionPayload,
    versionedHashes?: string[],
    parentBeaconBlockRoot?: string,
    requests?: string[],
  ];
  validationError?: string;
  /** Of JSON-RPC. */
  errorCode?: string | number;
}

interface ExecutionPayload {
  parentHash: string;
  feeRecipient: string;
  stateRoot: string;
  receiptsRoot: string;
  logsBloom: string;
  prevRandao: string;
  blockNumber: string;
  gasLimit: string;
  gasUsed: string;
  timestamp: string;
  extraData: string;
  baseFeePerGas: string;
  blockHash: string;
  transactions: string[];
  withdrawals?: { index: string; validatorIndex: string; address: string; amount: string }[];
  blobGasUsed?: string;
  excessBlobGas?: string;
  blockAccessList?: string;
  slotNumber?: string;
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

export function isEngineFixture(value: object): value is EngineFixture {
  return "engineNewPayloads" in value && "genesisBlockHeader" in value;
}

export function isStateFixture(value: object): value is StateFixture {
  return "post" in value && "transaction" in value && "env" in value;
}
