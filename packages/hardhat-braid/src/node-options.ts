// A network's configuration as options of Braid's node. What Braid does not do is refused, never passed over.

import { accountOf, deriveAccounts, type FundedAccount, type NodeOptions } from "@braid/node";
import { hexToBytes } from "@braid/primitives";
import { FORKS } from "@braid/protocol";
import { HardhatPluginError } from "hardhat/plugins";
import type { BraidConfig, EdrNetworkAccountsConfig, EdrNetworkConfig } from "hardhat/types/config";

/** As in Hardhat's own network. */
const DEFAULT_GAS_LIMIT = 60_000_000n;
/** With `blockGasLimit: false`: more than can be spent. */
const NO_GAS_LIMIT = 1n << 50n;

/** What a network is not opened with. */
export function refusal(networkName: string, sentence: string, cause?: Error): HardhatPluginError {
  return new HardhatPluginError(
    "hardhat-braid",
    `The network "${networkName}" cannot run on Braid: ${sentence}`,
    cause,
  );
}

function isForked({ braid }: Readonly<BraidNetworkConfig>): boolean {
  return braid.forking?.enabled === true;
}

/** Of a network that Braid answers. */
export type BraidNetworkConfig = EdrNetworkConfig & { braid: BraidConfig };

export interface NetworkToRun {
  networkName: string;
  networkConfig: Readonly<BraidNetworkConfig>;
  chainType: string;
  /** When the connection was made, in milliseconds since 1970. Default: now. */
  madeAt?: number | undefined;
}

/** Throws HardhatPluginError. */
export async function nodeOptions({
  networkName,
  networkConfig: config,
  chainType,
  madeAt,
}: NetworkToRun): Promise<NodeOptions> {
  if (chainType !== "l1" && chainType !== "generic")
    throw refusal(
      networkName,
      `Braid does not know the rules of the chain type "${chainType}". Leave out its key \`braid\`, or use "l1" or "generic".`,
    );
  const { initialBaseFeePerGas, braid, blockGasLimit, allowUnlimitedContractSize } = config;
  const { workers, engine, mining, throwOnCallFailures } = braid;
  const forkName = config.hardfork === "merge" ? "paris" : config.hardfork;
  const hardfork = FORKS.find(({ name }) => name === forkName)?.name;
  if (hardfork === undefined) throw refusal(networkName, `the hardfork "${config.hardfork}" is not known.`);
  if (hardfork === "amsterdam")
    throw refusal(
      networkName,
      'Braid does not know all rules of the hardfork "amsterdam" yet. Use "osaka", or leave out the key `braid`.',
    );
  const { transactionGasCap } = config;
  const first = new Date(config.initialDate).getTime();
  return {
    ...(workers === undefined ? {} : { workers }),
    ...(engine === undefined ? {} : { engine }),
    chainId: config.chainId,
    networkId: config.networkId,
    hardfork,
    accounts: await accountsOf(config.accounts),
    gasLimit: blockGasLimit === false ? NO_GAS_LIMIT : (blockGasLimit ?? DEFAULT_GAS_LIMIT),
    ...(initialBaseFeePerGas === undefined ? {} : { baseFee: initialBaseFeePerGas }),
    // A chain that goes on from another one goes on in its time.
    ...(isForked(config) ? {} : { timestamp: BigInt(Math.floor(first / 1_000)) }),
    coinbase: config.coinbase,
    mining: { auto: mining.auto, interval: mining.interval, order: mining.mempool.order },
    hardhat: {
      throwOnTransactionFailures: config.throwOnTransactionFailures,
      throwOnCallFailures,
      ...(transactionGasCap === undefined ? {} : { transactionGasCap }),
      defaultGas: blockGasLimit === false ? DEFAULT_GAS_LIMIT : (blockGasLimit ?? DEFAULT_GAS_LIMIT),
      gasEstimationMode: config.gasEstimationMode,
      unlimitedContractSize: allowUnlimitedContractSize === true,
      sameTimestamps: config.allowBlocksWithSameTimestamp,
      ...(madeAt === undefined ? {} : { startedAt: madeAt }),
      minGasPrice: config.minGasPrice,
    },
  };
}

/** Deriving an account takes 3 ms, and many connections have the same ones. */
const derived = new WeakMap<object, Promise<readonly FundedAccount[]>>();

function accountsOf(config: EdrNetworkAccountsConfig): Promise<readonly FundedAccount[]> {
  let accounts = derived.get(config);
  if (accounts === undefined) {
    accounts = resolveAccounts(config);
    derived.set(config, accounts);
  }
  return accounts;
}

async function resolveAccounts(config: EdrNetworkAccountsConfig): Promise<readonly FundedAccount[]> {
  if (Array.isArray(config))
    return Promise.all(
      config.map(async ({ privateKey, balance }) => ({
        ...accountOf(hexToBytes(await privateKey.getHexString())),
        balance,
      })),
    );
  const { count, initialIndex, path, accountsBalance } = config;
  return deriveAccounts({
    mnemonic: await config.mnemonic.get(),
    passphrase: await config.passphrase.get(),
    path: path.endsWith("/") ? path : `${path}/`,
    first: initialIndex,
    count,
  }).map((account) => ({ ...account, balance: accountsBalance }));
}
