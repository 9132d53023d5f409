// What a fork changes for headers, blocks and transactions, looked up once per fork instead of once per use.

import type { Hex } from "@braid/primitives";
import { type BlobParameters, type ForkName, forkNamed } from "./forks.ts";

const ETHER = 10n ** 18n;
/** EIP-4844. */
const GAS_PER_BLOB = 131_072n;
/** EIP-7825: 2^24. */
const MAX_TRANSACTION_GAS = 16_777_216n;
/** EIP-3860: twice the limit of a code's size (EIP-170). */
const MAX_INIT_CODE_SIZE = 49_152;

/** The rules of one fork of one chain, as plain data that can be sent to a worker. Gas in gas units. */
export interface ForkRules {
  chainId: bigint;
  /** The fork that was activated last. */
  fork: ForkName;
  /** EIP-2: contract creation costs 32000 more and a signature's s is at most n/2. */
  homestead: boolean;
  /** EIP-155 and EIP-161: replay protection; empty accounts are removed when touched. */
  spuriousDragon: boolean;
  /** EIP-658: receipts carry a status instead of a state root. EIP-100: uncles raise the difficulty. */
  byzantium: boolean;
  /** EIP-779: the block that moves the DAO's ether; undefined on chains that take no part in it. */
  daoForkBlock: bigint | undefined;
  /** Blocks have a difficulty, pay their miner and uncles. Ends with EIP-3675. */
  proofOfWork: boolean;
  /** How many blocks later the difficulty bomb goes off: EIP-649, 1234, 2384, 3554, 4345, 5133. */
  difficultyBombDelay: bigint;
  /** Highest transaction type: 0, 1 (EIP-2930), 2 (EIP-1559), 3 (EIP-4844), 4 (EIP-7702). */
  maxTransactionType: number;
  eip1559: boolean;
  eip2929: boolean;
  eip3651: boolean;
  eip3860: boolean;
  eip4788: boolean;
  eip2935: boolean;
  eip4844: boolean;
  eip4895: boolean;
  eip6780: boolean;
  eip7002: boolean;
  eip7251: boolean;
  eip7594: boolean;
  eip7623: boolean;
  eip7685: boolean;
  eip7702: boolean;
  /** ETH transfers and burns leave logs. */
  eip7708: boolean;
  /** A block's gas does not count refunds. */
  eip7778: boolean;
  /** Headers have a slot number. */
  eip7843: boolean;
  /** The blob price has a reserve that follows the base fee. */
  eip7918: boolean;
  /** Headers commit to a block access list. */
  eip7928: boolean;
  /** A block's encoding has a highest size. */
  eip7934: boolean;
  /** EIP-7825: highest gas limit of a transaction, undefined before Osaka. */
  maxTransactionGas: bigint | undefined;
  calldataNonZeroGas: bigint;
  maxRefundQuotient: bigint;
  maxInitCodeSize: number;
  blobGasPerBlob: bigint;
  /** EIP-7840; 0 before Cancun. */
  targetBlobGasPerBlock: bigint;
  maxBlobGasPerBlock: bigint;
  blobBaseFeeUpdateFraction: bigint;
  /** Wei for the block's miner, without uncles (Yellow Paper equation 176, EIP-649, EIP-1234). */
  minerReward: bigint;
  /** EIP-6110: the contract whose logs are deposits. */
  depositContract: Hex;
}

/** What of a chain its rules depend on, at one of its forks. */
export interface ForkOfChain {
  chainId: bigint;
  fork: ForkName;
  /** All that are active. */
  eips: ReadonlySet<number>;
  blobs: BlobParameters | undefined;
  proofOfStakeFromStart: boolean;
  unlimitedCodeSize: boolean;
  daoForkBlock: bigint | undefined;
  depositContract: Hex;
}

/** The forks that move the difficulty bomb, latest first. */
const BOMB_DELAYS: readonly (readonly [fork: ForkName, blocks: bigint])[] = [
  ["grayGlacier", 11_400_000n],
  ["arrowGlacier", 10_700_000n],
  ["london", 9_700_000n],
  ["muirGlacier", 9_000_000n],
  ["constantinople", 5_000_000n],
  ["byzantium", 3_000_000n],
];

/** The rules of one fork of a chain. */
export function forkRules(of: ForkOfChain): ForkRules {
  const { chainId, fork, blobs } = of;
  const { index } = forkNamed(fork);
  const since = (name: ForkName): boolean => index >= forkNamed(name).index;
  const has = (eip: number): boolean => of.eips.has(eip);
  const blobGas = (count: number | undefined): bigint => BigInt(count ?? 0) * GAS_PER_BLOB;
  return {
    chainId,
    fork,
    homestead: since("homestead"),
    spuriousDragon: since("spuriousDragon"),
    byzantium: since("byzantium"),
    daoForkBlock: of.daoForkBlock,
    proofOfWork: !of.proofOfStakeFromStart && !has(3675),
    difficultyBombDelay: BOMB_DELAYS.find(([name]) => since(name))?.[1] ?? 0n,
    maxTransactionType: has(7702) ? 4 : has(4844) ? 3 : has(1559) ? 2 : has(2930) ? 1 : 0,
    eip1559: has(1559),
    eip2929: has(2929),
    eip3651: has(3651),
    eip3860: has(3860),
    eip4788: has(4788),
    eip2935: has(2935),
    eip4844: has(4844),
    eip4895: has(4895),
    eip6780: has(6780),
    eip7002: has(7002),
    eip7251: has(7251),
    eip7594: has(7594),
    eip7623: has(7623),
    eip7685: has(7685),
    eip7702: has(7702),
    eip7708: has(7708),
    eip7778: has(7778),
    eip7843: has(7843),
    eip7918: has(7918),
    eip7928: has(7928),
    eip7934: has(7934),
    maxTransactionGas: has(7825) ? MAX_TRANSACTION_GAS : undefined,
    calldataNonZeroGas: since("istanbul") ? 16n : 68n,
    maxRefundQuotient: has(3529) ? 5n : 2n,
    maxInitCodeSize: of.unlimitedCodeSize ? Number.MAX_SAFE_INTEGER : MAX_INIT_CODE_SIZE,
    blobGasPerBlob: GAS_PER_BLOB,
    targetBlobGasPerBlock: has(4844) ? blobGas(blobs?.target) : 0n,
    maxBlobGasPerBlock: has(4844) ? blobGas(blobs?.max) : 0n,
    blobBaseFeeUpdateFraction: has(4844) ? BigInt(blobs?.baseFeeUpdateFraction ?? 1) : 1n,
    minerReward: since("constantinople") ? 2n * ETHER : since("byzantium") ? 3n * ETHER : 5n * ETHER,
    depositContract: of.depositContract,
  };
}
