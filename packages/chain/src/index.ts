// Public names of @braid/chain: a tree of blocks over their states. The rules that blocks obey are @braid/protocol's.

export {
  Blockchain,
  type BlockchainOptions,
  type HeadChange,
  type ImportedBlock,
  type ImportOptions,
  type NewHead,
} from "./blockchain.ts";
export { type BlockAttributes, type BuildOptions, type BuiltChild, draftHeader } from "./build-block.ts";
export { type ChainFileBlock, type ImportProgress, importChainFile, readChainFile } from "./chain-file.ts";
export { isOfEmptyRange, TooManyBlocksError } from "./empty-range.ts";
export { type GenesisFile, type GenesisState, openGenesis } from "./genesis.ts";
export { type LogFilter, LogMatcher, type LogQuery, logsOfBlock, TooManyLogsError } from "./logs.ts";
export { type BlockReceipts, type FoundLog, StoredBlock, type TransactionPlace } from "./stored-block.ts";
