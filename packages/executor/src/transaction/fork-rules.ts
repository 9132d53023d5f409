// What a fork changes for transactions and blocks, looked up once per block instead of once per use
// (Common.param and Common.isActivatedEIP are 5% of a stock run).

import { type Common, Hardfork } from "@ethereumjs/common";

const ETHER = 10n ** 18n;

/** The rules of one fork of one chain. Gas in gas units. */
export interface ForkRules {
  chainId: bigint;
  hardfork: string;
  /** EIP-2: contract creation costs 32000 more and a signature's s is at most n/2. */
  homestead: boolean;
  /** EIP-155 and EIP-161: replay protection; empty accounts are removed when touched. */
  spuriousDragon: boolean;
  /** EIP-658: receipts carry a status instead of a state root. */
  byzantium: boolean;
  /** Blocks pay their miner and uncles. */
  proofOfWork: boolean;
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
  eip6110: boolean;
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
  /** Headers commit to a block access list. */
  eip7928: boolean;
  /** EIP-7825: highest gas limit of a transaction, undefined before Osaka. */
  maxTransactionGas: bigint | undefined;
  calldataNonZeroGas: bigint;
  maxRefundQuotient: bigint;
  maxInitCodeSize: number;
  blobGasPerBlob: bigint;
  maxBlobGasPerBlock: bigint;
  /** Wei for the block's miner, without uncles (Yellow Paper equation 176, EIP-649, EIP-1234). */
  minerReward: bigint;
}

function param(common: Common, name: string, fallback: bigint): bigint {
  try {
    return common.param(name);
  } catch {
    // Common throws for a parameter that the fork does not have yet.
    return fallback;
  }
}

/** The rules that hold for the hardfork which `common` is set to. Block parameters must be loaded into `common` already, as creating a BlockHeader with it does. */
export function forkRules(common: Common): ForkRules {
  const has = (eip: number): boolean => common.isActivatedEIP(eip);
  return {
    chainId: common.chainId(),
    hardfork: common.hardfork(),
    homestead: common.gteHardfork(Hardfork.Homestead),
    spuriousDragon: common.gteHardfork(Hardfork.SpuriousDragon),
    byzantium: common.gteHardfork(Hardfork.Byzantium),
    proofOfWork: common.consensusType() === "pow",
    maxTransactionType: has(7702) ? 4 : has(4844) ? 3 : has(1559) ? 2 : has(2930) ? 1 : 0,
    eip1559: has(1559),
    eip2929: has(2929),
    eip3651: has(3651),
    eip3860: has(3860),
    eip4788: has(4788),
    eip2935: has(2935),
    eip4844: has(4844),
    eip4895: has(4895),
    eip6110: has(6110),
    eip6780: has(6780),
    eip7002: has(7002),
    eip7251: has(7251),
    eip7594: has(7594),
    eip7623: has(7623),
    eip7685: has(7685),
    eip7702: has(7702),
    eip7708: has(7708),
    eip7778: has(7778),
    eip7928: has(7928),
    maxTransactionGas: has(7825) ? param(common, "maxTransactionGasLimit", 16_777_216n) : undefined,
    calldataNonZeroGas: common.gteHardfork(Hardfork.Istanbul) ? 16n : 68n,
    maxRefundQuotient: has(3529) ? 5n : 2n,
    maxInitCodeSize: Number(param(common, "maxInitCodeSize", 49_152n)),
    blobGasPerBlob: param(common, "blobGasPerBlob", 131_072n),
    maxBlobGasPerBlock: has(4844) ? maxBlobGas(common) : 0n,
    minerReward: common.gteHardfork(Hardfork.Constantinople)
      ? 2n * ETHER
      : common.gteHardfork(Hardfork.Byzantium)
        ? 3n * ETHER
        : 5n * ETHER,
  };
}

/** EIP-7840: ethereumjs counts blobs from the first blob-parameter-only fork on, and blob gas before. */
function maxBlobGas(common: Common): bigint {
  return common.gteHardfork("bpo1")
    ? param(common, "max", 9n) * param(common, "blobGasPerBlob", 131_072n)
    : param(common, "maxBlobGasPerBlock", 786_432n);
}
