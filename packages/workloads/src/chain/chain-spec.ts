// The rules of the chains that are made here: everything from Frontier to Osaka from the first block on.
import type { ChainSpec } from "@braid/protocol";

/** From Shanghai on forks begin at a time, before at a block. Ethash's difficulty bombs and the DAO fork are left out: they do nothing here. */
const BY_BLOCK = [
  "chainstart",
  "homestead",
  "tangerineWhistle",
  "spuriousDragon",
  "byzantium",
  "constantinople",
  "petersburg",
  "istanbul",
  "berlin",
  "london",
  "paris",
];
const BY_TIME = ["shanghai", "cancun", "prague", "osaka"];

export const HARDFORK = "osaka";

export const DEMO_CHAIN: ChainSpec = {
  name: "braid-defi",
  chainId: 133_742,
  hardforks: [
    ...BY_BLOCK.map((name) => ({ name, block: 0 })),
    ...BY_TIME.map((name) => ({ name, timestamp: 0 })),
  ],
};

export const CHAIN_ID = BigInt(DEMO_CHAIN.chainId);

/** Gas a block may use; as much as mainnet's in 2026. */
export const BLOCK_GAS_LIMIT = 60_000_000n;

/** When the genesis block was, in seconds: the first second of 2026. Blocks follow every 12. */
export const GENESIS_TIME = 1_767_225_600n;
export const SECONDS_PER_BLOCK = 12n;
