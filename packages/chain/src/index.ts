// Public names of @braid/chain: a chain that blocks are imported onto. The rules that they obey are @braid/protocol's.

export { Blockchain, type BlockchainOptions, type ImportedBlock, type ImportOptions } from "./blockchain.ts";
export { type GenesisFile, type GenesisState, openGenesis } from "./genesis.ts";
