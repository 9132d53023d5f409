// Public names of @braid/protocol: Ethereum's data as it is encoded, and the rules that it obeys, as pure functions.

export {
  type AccountAccess,
  accessListHash,
  type BlockAccessList,
  decodeAccessList,
  encodeAccessList,
  type SlotChanges,
  type ValueChange,
} from "./access-list/access-list.ts";
export {
  decodeRpcAccessList,
  encodeRpcAccessList,
  type RpcAccountAccess,
  type RpcValueChange,
} from "./access-list/rpc-access-list.ts";
export { type Block, decodeBlock, encodeBlock, transactionsRoot, unclesHash } from "./block/block.ts";
export { checkBlock } from "./block/check-block.ts";
export {
  decodePartialRpcBlock,
  decodeRpcBlock,
  type PartialBlock,
  type RpcBlock,
} from "./block/rpc-block.ts";
export { validateBody } from "./block/validate-body.ts";
export {
  type BlockOutcome,
  compareResult,
  type FieldComparison,
  type ResultField,
  validateResult,
} from "./block/validate-result.ts";
export { type Ancestor, ancestorOf, UNCLE_GENERATIONS, validateUncles } from "./block/validate-uncles.ts";
export {
  encodeWithdrawal,
  type RpcWithdrawal,
  type Withdrawal,
  withdrawalsRoot,
} from "./block/withdrawal.ts";
export { type BlockPosition, Chain, eipsOf } from "./chain/chain.ts";
export { type ChainInput, chainOf } from "./chain/chain-of.ts";
export type { ChainSpec, ForkActivation, HardforkActivation } from "./chain/chain-spec.ts";
export type { CommonLike } from "./chain/common.ts";
export { type BlobParameters, FORKS, type ForkName, isTimed } from "./chain/forks.ts";
export { type GethGenesis, specOfGenesis } from "./chain/genesis.ts";
export { CHAIN_NAMES, type ChainName } from "./chain/known-chains.ts";
export type { ForkRules } from "./chain/rules.ts";
export {
  BEACON_ROOTS_ADDRESS,
  BLOCK_HASHES_ADDRESS,
  CONSOLIDATION_REQUESTS_ADDRESS,
  SYSTEM_ADDRESS,
  WITHDRAWAL_REQUESTS_ADDRESS,
} from "./chain/system-addresses.ts";
export {
  type BlockErrorCode,
  InvalidBlockError,
  InvalidChainError,
  InvalidGenesisFileError,
  InvalidTransactionError,
  MalformedDataError,
  type TransactionErrorCode,
} from "./errors.ts";
export { createHeader } from "./header/create-header.ts";
export { ethashDifficulty } from "./header/difficulty.ts";
export { blobBaseFee, nextBaseFee, nextExcessBlobGas } from "./header/fees.ts";
export { genesisHeader } from "./header/genesis-header.ts";
export {
  checkHeaderFields,
  decodeHeader,
  encodeHeader,
  fieldsOfHeader,
  HEADER_FIELDS,
  type Header,
  type HeaderField,
  hashHeader,
} from "./header/header.ts";
export { decodeRpcHeader, type RpcHeader } from "./header/rpc-header.ts";
export { validateHeader } from "./header/validate-header.ts";
export { logsBloom, unionBloom } from "./receipt/bloom.ts";
export {
  decodeLogs,
  decodeReceipt,
  EncodedReceipt,
  encodeLogs,
  encodeReceipt,
  type Log,
  type Receipt,
  receiptsRoot,
} from "./receipt/receipt.ts";
export { depositRequest, requestsHash } from "./receipt/requests.ts";
export {
  EMPTY_LIST_ROOT,
  orderedTrieRoot,
} from "./rlp/list-root.ts";
export {
  AUTHORIZATION_BASE,
  AUTHORIZATION_EMPTY_ACCOUNT,
  type IntrinsicGas,
  intrinsicGas,
} from "./transaction/intrinsic-gas.ts";
export {
  decodeRpcTransaction,
  type RpcAccessListEntry,
  type RpcAuthorization,
  type RpcTransaction,
} from "./transaction/rpc-transaction.ts";
export {
  type AccessListEntry,
  type Authorization,
  decodeTransaction,
  encodeTransaction,
  hashTransaction,
  signedPayload,
  type Transaction,
  type TransactionType,
  transactionType,
} from "./transaction/transaction.ts";
export { type BlockLimits, validateGas, validateTransaction } from "./transaction/validate-transaction.ts";
