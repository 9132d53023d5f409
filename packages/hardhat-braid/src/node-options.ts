// A network's configuration as options of Braid's node. What Braid does not do is refused, never passed over.

import { accountOf, deriveAccounts, type FundedAccount, type NodeOptions } from "@braid/node";
import { hexToBytes } from "@braid/primitives";
import { FORKS } from "@braid/protocol";
import { HardhatPluginError } from "hardhat/plugins";
import type { EdrNetworkAccountsConfig, EdrNetworkConfig } from "hardhat/types/config";

/** As in Hardhat's own network. */
const DEFAULT_GAS_LIMIT = 60_000_000n;
/** With `blockGasLimit: false`: more than can be spent. */
const NO_GAS_LIMIT = 1n << 50n;

function refuse(networkName: string, sentence: string): never {
  throw new HardhatPluginError(
    "hardhat-braid",
    `The network "${networkName}" cannot run on Braid: ${sentence}`,
  );
}

export interface NetworkToRun {
  networkName: string;
  networkConfig: Readonly<EdrNetworkConfig>;
  chainType: string;
}

/** Throws HardhatPluginError. */
export async function nodeOptions({
  networkName,
  networkConfig: config,
  chainType,
}: NetworkToRun): Promise<NodeOptions> {
  if (chainType !== "l1" && chainType !== "generic")
    refuse(
      networkName,
      `Braid does not know the rules of the chain type "${chainType}". Leave out its key \`braid\`, or use "l1" or "generic".`,
    );
  if (config.braid?.forking?.enabled === true)
    refuse(networkName, "forking is not supported yet. Leave out the key `forking`, or `braid`.");
  if (config.loggingEnabled)
    refuse(networkName, "it prints no log of requests yet. Leave out the key `loggingEnabled`, or `braid`.");
  const { initialBaseFeePerGas, mining, blockGasLimit, allowUnlimitedContractSize } = config;
  const forkName = config.hardfork === "merge" ? "paris" : config.hardfork;
  const hardfork = FORKS.find(({ name }) => name === forkName)?.name;
  if (hardfork === undefined) refuse(networkName, `the hardfork "${config.hardfork}" is not known.`);
  const workers = config.braid?.workers;
  const { transactionGasCap } = config;
  return {
    ...(workers === undefined ? {} : { workers }),
    chainId: config.chainId,
    networkId: config.networkId,
    hardfork,
    accounts: await accountsOf(config.accounts),
    gasLimit: blockGasLimit === false ? NO_GAS_LIMIT : (blockGasLimit ?? DEFAULT_GAS_LIMIT),
    ...(initialBaseFeePerGas === undefined ? {} : { baseFee: initialBaseFeePerGas }),
    timestamp: BigInt(Math.floor(new Date(config.initialDate).getTime() / 1_000)),
    coinbase: config.coinbase,
    mining: { auto: mining.auto, interval: mining.interval, order: mining.mempool.order },
    hardhat: {
      throwOnTransactionFailures: config.throwOnTransactionFailures,
      throwOnCallFailures: config.throwOnCallFailures,
      ...(transactionGasCap === undefined ? {} : { transactionGasCap }),
      unlimitedContractSize: allowUnlimitedContractSize === true,
      sameTimestamps: config.allowBlocksWithSameTimestamp,
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
