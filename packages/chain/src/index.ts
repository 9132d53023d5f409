// Public names of @braid/chain: decoding blocks, the rules they obey, and a chain that they are imported onto.

export {
  Chain,
  type ChainOptions,
  type ImportedBlock,
  type ImportOptions,
} from "./chain.ts";
export {
  type BlobParameters,
  type ChainDescription,
  chainConfig,
  FORKS,
  type ForkName,
  isTimed,
} from "./chain-config.ts";
export { blockInput, type DecodedBlock, decodeBlock } from "./decode-block.ts";
export { type DecodedHeader, decodeHeader } from "./decode-header.ts";
export { type BlockErrorCode, BlockRejectedError } from "./errors.ts";
export {
  describeGenesis,
  type GenesisState,
  type GethGenesis,
  InvalidGenesisFileError,
  openGenesis,
} from "./genesis.ts";
export { type Ancestor, validateBody, validateUncles } from "./validate-body.ts";
export { validateHeader } from "./validate-header.ts";
export { validateResult } from "./validate-result.ts";
