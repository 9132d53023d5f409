// What goes over JSON-RPC, as types: quantities and bytes are 0x-hex.

import type { Hex } from "@braid/primitives";

export type BlockTag = "latest" | "earliest" | "pending" | "safe" | "finalized";
/** A number, or a tag. */
export type BlockNumber = Hex | BlockTag;
/** A number, a tag, a hash, or an object of EIP-1898. */
export type BlockName =
  | BlockNumber
  | { blockNumber: Hex }
  | { blockHash: Hex; requireCanonical?: boolean | undefined };
/** What tools for development nodes send. */
export type Loose = Hex | number | string;

export interface AccessListEntryJson {
  address: Hex;
  storageKeys: Hex[];
}

export interface AuthorizationJson {
  chainId: Hex;
  address: Hex;
  nonce: Hex;
  yParity: Hex;
  r: Hex;
  s: Hex;
}

export interface TransactionRequest {
  from?: Hex | undefined;
  to?: Hex | null | undefined;
  gas?: Hex | undefined;
  gasPrice?: Hex | undefined;
  maxFeePerGas?: Hex | undefined;
  maxPriorityFeePerGas?: Hex | undefined;
  maxFeePerBlobGas?: Hex | undefined;
  value?: Hex | undefined;
  nonce?: Hex | undefined;
  data?: Hex | undefined;
  input?: Hex | undefined;
  accessList?: AccessListEntryJson[] | undefined;
  blobVersionedHashes?: Hex[] | undefined;
  authorizationList?: AuthorizationJson[] | undefined;
  chainId?: Hex | undefined;
  type?: Hex | undefined;
}

export interface StateOverrideJson {
  balance?: Hex | undefined;
  nonce?: Hex | undefined;
  code?: Hex | undefined;
  state?: Record<Hex, Hex> | undefined;
  stateDiff?: Record<Hex, Hex> | undefined;
  movePrecompileToAddress?: Hex | undefined;
}
export type StateOverrides = Record<Hex, StateOverrideJson>;

export interface BlockOverridesJson {
  number?: Hex | undefined;
  time?: Hex | undefined;
  gasLimit?: Hex | undefined;
  feeRecipient?: Hex | undefined;
  prevRandao?: Hex | undefined;
  baseFeePerGas?: Hex | undefined;
  blobBaseFee?: Hex | undefined;
}

export interface HeaderJson {
  hash: Hex;
  parentHash: Hex;
  sha3Uncles: Hex;
  miner: Hex;
  stateRoot: Hex;
  transactionsRoot: Hex;
  receiptsRoot: Hex;
  logsBloom: Hex;
  difficulty: Hex;
  number: Hex;
  gasLimit: Hex;
  gasUsed: Hex;
  timestamp: Hex;
  extraData: Hex;
  mixHash: Hex;
  nonce: Hex;
  baseFeePerGas?: Hex;
  withdrawalsRoot?: Hex;
  blobGasUsed?: Hex;
  excessBlobGas?: Hex;
  parentBeaconBlockRoot?: Hex;
  requestsHash?: Hex;
  blockAccessListHash?: Hex;
  slotNumber?: Hex;
}

export interface WithdrawalJson {
  index: Hex;
  validatorIndex: Hex;
  address: Hex;
  amount: Hex;
}

/** Transactions whole or by their hashes. The block that is mined next has no hash, nonce, bloom and miner yet. */
export interface BlockJson<Transaction = Hex | TransactionJson>
  extends Omit<HeaderJson, "hash" | "nonce" | "logsBloom" | "miner"> {
  hash: Hex | null;
  nonce: Hex | null;
  logsBloom: Hex | null;
  miner: Hex | null;
  size: Hex;
  uncles: Hex[];
  withdrawals?: WithdrawalJson[];
  transactions: Transaction[];
}

export interface TransactionJson {
  blockHash: Hex | null;
  blockNumber: Hex | null;
  blockTimestamp: Hex | null;
  transactionIndex: Hex | null;
  hash: Hex;
  from: Hex;
  to: Hex | null;
  type: Hex;
  nonce: Hex;
  gas: Hex;
  value: Hex;
  input: Hex;
  gasPrice: Hex;
  maxFeePerGas?: Hex;
  maxPriorityFeePerGas?: Hex;
  maxFeePerBlobGas?: Hex;
  blobVersionedHashes?: Hex[];
  chainId?: Hex;
  accessList?: AccessListEntryJson[];
  authorizationList?: AuthorizationJson[];
  v: Hex;
  r: Hex;
  s: Hex;
  yParity?: Hex;
}

export interface LogJson {
  address: Hex;
  topics: Hex[];
  data: Hex;
  blockNumber: Hex;
  blockHash: Hex;
  blockTimestamp: Hex;
  transactionHash: Hex;
  transactionIndex: Hex;
  logIndex: Hex;
  removed: boolean;
}

export interface ReceiptJson {
  transactionHash: Hex;
  transactionIndex: Hex;
  blockHash: Hex;
  blockNumber: Hex;
  from: Hex;
  to: Hex | null;
  contractAddress: Hex | null;
  type: Hex;
  cumulativeGasUsed: Hex;
  gasUsed: Hex;
  effectiveGasPrice: Hex;
  logs: LogJson[];
  logsBloom: Hex;
  /** Before Byzantium there is a root instead. */
  status?: Hex;
  root?: Hex;
  blobGasUsed?: Hex;
  blobGasPrice?: Hex;
}

export interface LogFilterJson {
  address?: Hex | Hex[] | null | undefined;
  topics?: (Hex | Hex[] | null)[] | undefined;
  blockHash?: Hex | undefined;
  fromBlock?: BlockNumber | undefined;
  toBlock?: BlockNumber | undefined;
}

export interface ProofJson {
  address: Hex;
  accountProof: Hex[];
  balance: Hex;
  codeHash: Hex;
  nonce: Hex;
  storageHash: Hex;
  storageProof: { key: Hex; value: Hex; proof: Hex[] }[];
}

export interface FeeHistoryJson {
  oldestBlock: Hex;
  gasUsedRatio: number[];
  baseFeePerGas?: Hex[];
  baseFeePerBlobGas?: Hex[];
  blobGasUsedRatio?: number[];
  reward?: Hex[][];
}

export interface SimulationJson {
  blockStateCalls: {
    blockOverrides?: BlockOverridesJson | undefined;
    stateOverrides?: StateOverrides | undefined;
    calls?: TransactionRequest[] | undefined;
  }[];
  traceTransfers?: boolean | undefined;
  validation?: boolean | undefined;
  returnFullTransactions?: boolean | undefined;
}

export interface SimulatedCallJson {
  returnData: Hex;
  logs: LogJson[];
  gasUsed: Hex;
  maxUsedGas: Hex;
  status: Hex;
  error?: { message: string; code: number; data?: Hex };
}

/** A tracer by geth's name for it, and its options; without a name each opcode is logged. */
export interface TraceConfig {
  tracer?:
    | "callTracer"
    | "flatCallTracer"
    | "prestateTracer"
    | "4byteTracer"
    | "noopTracer"
    | (string & {})
    | undefined;
  tracerConfig?: Record<string, unknown> | undefined;
  enableMemory?: boolean | undefined;
  disableStack?: boolean | undefined;
  disableStorage?: boolean | undefined;
  enableReturnData?: boolean | undefined;
  limit?: number | Hex | undefined;
}

export interface TraceCallConfig extends TraceConfig {
  stateOverrides?: StateOverrides | undefined;
  blockOverrides?: BlockOverridesJson | undefined;
}

/** One call, creation, self-destruction or reward, as Parity has it. */
export interface ParityTrace {
  action: Record<string, unknown>;
  result: Record<string, unknown> | null;
  error?: string;
  subtraces: number;
  traceAddress: number[];
  blockHash: Hex;
  blockNumber: number;
  transactionHash: Hex | null;
  transactionPosition: number | null;
  type: "call" | "create" | "suicide" | "reward";
}

export interface Forking {
  jsonRpcUrl?: string | undefined;
  blockNumber?: number | null | undefined;
}

export type PoolContent<Item> = Record<"pending" | "queued", Record<string, Record<string, Item>>>;
