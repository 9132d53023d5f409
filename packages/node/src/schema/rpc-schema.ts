// All methods of the node with their parameters and results: what gives `request` its types, and viem's clients theirs.

import type { Hex } from "@braid/primitives";
import type { RpcAccountAccess } from "@braid/protocol";
import type { BlockParallelism } from "../parallelism/report.ts";
import type { ExecutionWitness } from "../rpc/execution-witness.ts";
import type {
  AccessListEntryJson,
  BlockJson,
  BlockName,
  BlockNumber,
  BlockOverridesJson,
  FeeHistoryJson,
  Forking,
  HeaderJson,
  LogFilterJson,
  LogJson,
  Loose,
  ParityTrace,
  PoolContent,
  ProofJson,
  ReceiptJson,
  SimulatedCallJson,
  SimulationJson,
  StateOverrides,
  TraceCallConfig,
  TraceConfig,
  TransactionJson,
  TransactionRequest,
} from "./shapes.ts";

/** One method, in the form that viem's clients read (`rpcSchema<BraidRpcSchema>()`). */
interface Entry<Method extends string, Parameters, ReturnType> {
  Method: Method;
  Parameters: Parameters;
  ReturnType: ReturnType;
}

/** A method that takes no parameters. */
interface Plain<Method extends string, ReturnType> {
  Method: Method;
  Parameters?: undefined;
  ReturnType: ReturnType;
}

type EthSchema = [
  Plain<"eth_accounts", Hex[]>,
  Plain<"eth_baseFee", Hex | null>,
  Plain<"eth_blobBaseFee", Hex>,
  Plain<"eth_blockNumber", Hex>,
  Entry<
    "eth_call",
    [call: TransactionRequest, block?: BlockName, state?: StateOverrides, header?: BlockOverridesJson],
    Hex
  >,
  Plain<"eth_capabilities", Record<string, unknown>>,
  Plain<"eth_chainId", Hex>,
  Plain<"eth_coinbase", Hex>,
  Plain<"eth_config", Record<"current" | "next" | "last", Record<string, unknown> | null>>,
  Entry<
    "eth_createAccessList",
    [call: TransactionRequest, block?: BlockName, state?: StateOverrides],
    { accessList: AccessListEntryJson[]; gasUsed: Hex; error?: string }
  >,
  Entry<
    "eth_estimateGas",
    [call: TransactionRequest, block?: BlockName, state?: StateOverrides, header?: BlockOverridesJson],
    Hex
  >,
  Entry<
    "eth_feeHistory",
    [blocks: Loose, newest: BlockNumber, percentiles?: readonly number[]],
    FeeHistoryJson
  >,
  Entry<"eth_fillTransaction", [transaction: TransactionRequest], { raw: Hex; tx: Partial<TransactionJson> }>,
  Plain<"eth_gasPrice", Hex>,
  Entry<"eth_getBalance", [address: Hex, block?: BlockName], Hex>,
  Entry<"eth_getBlockAccessList", [block: BlockName], RpcAccountAccess[] | null>,
  Entry<"eth_getBlockByHash", [hash: Hex, whole?: boolean], BlockJson | null>,
  Entry<"eth_getBlockByNumber", [block: BlockNumber, whole?: boolean], BlockJson | null>,
  Entry<"eth_getBlockReceipts", [block: BlockName], ReceiptJson[] | null>,
  Entry<"eth_getBlockTransactionCountByHash", [hash: Hex], Hex | null>,
  Entry<"eth_getBlockTransactionCountByNumber", [block: BlockNumber], Hex | null>,
  Entry<"eth_getCode", [address: Hex, block?: BlockName], Hex>,
  Entry<"eth_getFilterChanges", [filter: Hex], (Hex | LogJson | TransactionJson)[]>,
  Entry<"eth_getFilterLogs", [filter: Hex], LogJson[]>,
  Entry<"eth_getHeaderByHash", [hash: Hex], HeaderJson | null>,
  Entry<"eth_getHeaderByNumber", [block: BlockNumber], HeaderJson | null>,
  Entry<"eth_getLogs", [filter: LogFilterJson], LogJson[]>,
  Entry<"eth_getProof", [address: Hex, slots: readonly Hex[], block?: BlockName], ProofJson>,
  Entry<"eth_getRawTransactionByHash", [hash: Hex], Hex | null>,
  Entry<"eth_getStorageAt", [address: Hex, slot: Hex, block?: BlockName], Hex>,
  Entry<"eth_getStorageValues", [slots: Record<Hex, readonly Hex[]>, block?: BlockName], Record<Hex, Hex[]>>,
  Entry<"eth_getTransactionByBlockHashAndIndex", [hash: Hex, index: Hex], TransactionJson | null>,
  Entry<"eth_getTransactionByBlockNumberAndIndex", [block: BlockNumber, index: Hex], TransactionJson | null>,
  Entry<"eth_getTransactionByHash", [hash: Hex], TransactionJson | null>,
  Entry<"eth_getTransactionBySenderAndNonce", [sender: Hex, nonce: Hex], TransactionJson | null>,
  Entry<"eth_getTransactionCount", [address: Hex, block?: BlockName], Hex>,
  Entry<"eth_getTransactionReceipt", [hash: Hex], ReceiptJson | null>,
  Entry<"eth_getUncleByBlockHashAndIndex", [hash: Hex, index: Hex], BlockJson | null>,
  Entry<"eth_getUncleByBlockNumberAndIndex", [block: BlockNumber, index: Hex], BlockJson | null>,
  Entry<"eth_getUncleCountByBlockHash", [hash: Hex], Hex | null>,
  Entry<"eth_getUncleCountByBlockNumber", [block: BlockNumber], Hex | null>,
  Plain<"eth_maxPriorityFeePerGas", Hex>,
  Plain<"eth_mining", boolean>,
  Plain<"eth_newBlockFilter", Hex>,
  Entry<"eth_newFilter", [filter: LogFilterJson], Hex>,
  Entry<"eth_newPendingTransactionFilter", [whole?: boolean] | undefined, Hex>,
  Plain<"eth_requestAccounts", Hex[]>,
  Entry<"eth_sendRawTransaction", [raw: Hex], Hex>,
  Entry<"eth_sendRawTransactionSync", [raw: Hex, milliseconds?: Loose], ReceiptJson>,
  Entry<"eth_sendTransaction", [transaction: TransactionRequest], Hex>,
  Entry<"eth_sendUnsignedTransaction", [transaction: TransactionRequest], Hex>,
  Entry<"eth_sign", [address: Hex, message: Hex], Hex>,
  Entry<"eth_signTransaction", [transaction: TransactionRequest], { raw: Hex; tx: TransactionJson }>,
  Entry<"eth_signTypedData_v4", [address: Hex, data: unknown], Hex>,
  Entry<
    "eth_simulateV1",
    [simulation: SimulationJson, block?: BlockName],
    (BlockJson & { calls: SimulatedCallJson[] })[]
  >,
  Entry<
    "eth_subscribe",
    | [topic: "newHeads" | "braid_parallelism"]
    | [topic: "newPendingTransactions", whole?: boolean]
    | [topic: "logs", filter?: LogFilterJson],
    Hex
  >,
  Plain<"eth_syncing", false>,
  Entry<"eth_uninstallFilter", [filter: Hex], boolean>,
  Entry<"eth_unsubscribe", [subscription: Hex], boolean>,
];

type DebugSchema = [
  Entry<"debug_executionWitness", [block: BlockName], ExecutionWitness>,
  Entry<"debug_executionWitnessByBlockHash", [hash: Hex], ExecutionWitness>,
  Entry<"debug_getRawBlock", [block: BlockName], Hex>,
  Entry<"debug_getRawBlockAccessList", [block: BlockName], Hex>,
  Entry<"debug_getRawHeader", [block: BlockName], Hex>,
  Entry<"debug_getRawReceipts", [block: BlockName], Hex[]>,
  Entry<"debug_getRawTransaction", [hash: Hex], Hex>,
  Entry<"debug_traceBlock", [rlp: Hex, config?: TraceConfig], { txHash: Hex; result: unknown }[]>,
  Entry<"debug_traceBlockByHash", [hash: Hex, config?: TraceConfig], { txHash: Hex; result: unknown }[]>,
  Entry<
    "debug_traceBlockByNumber",
    [block: BlockNumber, config?: TraceConfig],
    { txHash: Hex; result: unknown }[]
  >,
  Entry<"debug_traceCall", [call: TransactionRequest, block?: BlockName, config?: TraceCallConfig], unknown>,
  Entry<"debug_traceTransaction", [hash: Hex, config?: TraceConfig], unknown>,
  Entry<"trace_block", [block: BlockName], ParityTrace[] | null>,
  Entry<"trace_transaction", [hash: Hex], ParityTrace[] | null>,
];

type OtherSchema = [
  Entry<
    "braid_compareBlock",
    [block: BlockName, runs?: Loose],
    {
      blockNumber: Hex;
      runs: number;
      workers: number;
      sequentialMs: number;
      parallelMs: number;
      speedup: number;
    } | null
  >,
  Entry<"braid_getBlockParallelism", [block: BlockName], BlockParallelism | null>,
  Plain<"net_listening", boolean>,
  Plain<"net_peerCount", Hex>,
  Plain<"net_version", string>,
  Entry<"personal_sign", [message: Hex, address: Hex], Hex>,
  Plain<"rpc_modules", Record<string, string>>,
  Entry<
    "testing_buildBlockV1",
    [parent: Hex, attributes: object, transactions?: readonly Hex[] | null, extraData?: Hex],
    Record<string, unknown>
  >,
  Plain<"txpool_content", PoolContent<TransactionJson>>,
  Entry<"txpool_contentFrom", [sender: Hex], Record<"pending" | "queued", Record<string, TransactionJson>>>,
  Plain<"txpool_inspect", PoolContent<string>>,
  Plain<"txpool_status", Record<"pending" | "queued", Hex>>,
  Plain<"web3_clientVersion", string>,
  Entry<"web3_sha3", [data: Hex], Hex>,
];

/** What hardhat_ and anvil_ have alike. */
type NodeSchema<Node extends "hardhat" | "anvil"> = [
  Entry<`${Node}_autoImpersonateAccount`, [on: boolean], boolean>,
  Entry<`${Node}_dropTransaction`, [hash: Hex], boolean>,
  Plain<`${Node}_dumpState`, Hex>,
  Plain<`${Node}_getAutomine`, boolean>,
  Entry<`${Node}_impersonateAccount`, [address: Hex], boolean>,
  Entry<`${Node}_loadState`, [dumped: Hex], boolean>,
  Plain<`${Node}_metadata`, Record<string, unknown>>,
  Entry<`${Node}_mine`, [blocks?: Loose, secondsBetween?: Loose] | undefined, boolean>,
  Plain<`${Node}_removeBlockTimestampInterval`, boolean>,
  Entry<`${Node}_reset`, [options?: { forking?: Forking | undefined }] | undefined, boolean>,
  Entry<`${Node}_setBalance`, [address: Hex, wei: Loose], boolean>,
  /** anvil counts seconds, hardhat milliseconds. */
  Entry<`${Node}_setBlockTimestampInterval`, [time: Loose], boolean>,
  Entry<`${Node}_setCode`, [address: Hex, code: Hex], boolean>,
  Entry<`${Node}_setCoinbase`, [address: Hex], boolean>,
  Entry<`${Node}_setLoggingEnabled`, [on: boolean], boolean>,
  Entry<`${Node}_setMinGasPrice`, [wei: Loose], boolean>,
  Entry<`${Node}_setNextBlockBaseFeePerGas`, [wei: Loose], boolean>,
  Entry<`${Node}_setNonce`, [address: Hex, nonce: Loose], boolean>,
  Entry<`${Node}_setPrevRandao`, [value: Hex], boolean>,
  Entry<`${Node}_setStorageAt`, [address: Hex, slot: Loose, value: Hex], boolean>,
  Entry<`${Node}_stopImpersonatingAccount`, [address: Hex], boolean>,
];

/** What evm_ and anvil_ have alike. */
type TimeSchema<Node extends "evm" | "anvil"> = [
  Entry<`${Node}_increaseTime`, [seconds: Loose], string>,
  Entry<`${Node}_revert`, [snapshot: Loose], boolean>,
  Entry<`${Node}_setAutomine`, [on: boolean], boolean>,
  Entry<`${Node}_setBlockGasLimit`, [gas: Loose], boolean>,
  /** anvil counts seconds, evm milliseconds. */
  Entry<`${Node}_setIntervalMining`, [time: Loose], boolean>,
  Entry<`${Node}_setNextBlockTimestamp`, [seconds: Loose], string>,
  Entry<`${Node}_setTime`, [seconds: Loose], number>,
  Plain<`${Node}_snapshot`, Hex>,
];

type DevelopmentSchema = [
  ...NodeSchema<"hardhat">,
  ...NodeSchema<"anvil">,
  ...TimeSchema<"evm">,
  ...TimeSchema<"anvil">,
  Plain<"anvil_nodeInfo", Record<string, unknown>>,
  Entry<"anvil_setRpcUrl", [url: string], unknown>,
  Entry<"evm_mine", [option?: Loose | { timestamp?: Loose; blocks?: Loose }] | undefined, string>,
  Plain<"evm_removeBlockTimestampInterval", boolean>,
  Entry<"evm_setAccountBalance", [address: Hex, wei: Loose], boolean>,
  Entry<"evm_setAccountCode", [address: Hex, code: Hex], boolean>,
  Entry<"evm_setAccountNonce", [address: Hex, nonce: Loose], boolean>,
  Entry<"evm_setAccountStorageAt", [address: Hex, slot: Loose, value: Hex], boolean>,
  Entry<"evm_setBlockTimestampInterval", [seconds: Loose], boolean>,
  Plain<"miner_start", boolean>,
  Plain<"miner_stop", boolean>,
];

/** In viem: `createClient({ transport: custom(braid), rpcSchema: rpcSchema<BraidRpcSchema>() })`. */
export type BraidRpcSchema = readonly [...EthSchema, ...DebugSchema, ...OtherSchema, ...DevelopmentSchema];

type Any = BraidRpcSchema[number];
type Of<Name> = Extract<Any, { Method: Name }>;

export type RpcMethodName = Any["Method"];
export type RpcParameters<Name extends RpcMethodName> = Of<Name>["Parameters"];
export type RpcResult<Name extends RpcMethodName> = Of<Name>["ReturnType"];

/** A request of a method that is known. Parameters may be left out where there need not be any. */
export type RpcCall<Name extends RpcMethodName> = { method: Name } & (undefined extends RpcParameters<Name>
  ? { params?: RpcParameters<Name> | readonly [] }
  : { params: RpcParameters<Name> });
