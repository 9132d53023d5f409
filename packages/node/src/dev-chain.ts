// The development chain: all rules from the first block on, the contracts that they need, and some rich accounts.

import type { GenesisFile } from "@braid/chain";
import { bytesToHex } from "@braid/primitives";
import { chainOf, FORKS, type ForkName, isTimed } from "@braid/protocol";
import type { FundedAccount } from "./accounts/dev-accounts.ts";
import { hardhatFirstBlock, hardhatRules } from "./hardhat-chain.ts";
import type { NodeOptions } from "./options.ts";
import { systemContracts } from "./system-contracts.ts";

const DEV_CHAIN_ID = 31_337;
const DEFAULT_HARDFORK: ForkName = "osaka";
const DEFAULT_GAS_LIMIT = 60_000_000n;
const DEFAULT_BASE_FEE = 1_000_000_000n;
/** Ether of each account. */
export const DEFAULT_BALANCE = 10_000n;
export const WEI_PER_ETHER = 10n ** 18n;

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** The genesis file of the development chain. */
export function devGenesis(options: NodeOptions, accounts: readonly FundedAccount[]): GenesisFile {
  const { chainId = DEV_CHAIN_ID, hardfork = DEFAULT_HARDFORK, hardhat } = options;
  const {
    gasLimit = DEFAULT_GAS_LIMIT,
    baseFee = DEFAULT_BASE_FEE,
    timestamp = BigInt(Math.floor(Date.now() / 1_000)),
  } = options;
  const last = FORKS.findIndex(({ name }) => name === hardfork);
  // No ether was moved by a DAO fork here, and forks of blob parameters have parameters of each chain's own.
  const forks = FORKS.slice(0, last + 1)
    .map(({ name }) => name)
    .filter((name) => !/^(chainstart|dao|bpo\d)$/.test(name));
  const config = {
    chainId,
    ...(forks.includes("paris") ? { terminalTotalDifficulty: 0 } : {}),
    ...Object.fromEntries(forks.map((name) => [activationKey(name), 0])),
    ...(hardhat === undefined ? {} : hardhatRules(forks, hardhat)),
  };
  const rules = chainOf({ config }).rulesAt({ number: 0n, timestamp });
  const rich = accounts.map(({ address, balance }) => [bytesToHex(address), { balance: balance.toString() }]);
  return {
    config,
    gasLimit: hex(gasLimit),
    timestamp: hex(timestamp),
    difficulty: rules.proofOfWork ? "0x1" : "0x0",
    ...(rules.eip1559 ? { baseFeePerGas: hex(baseFee) } : {}),
    ...(hardhat === undefined ? {} : hardhatFirstBlock(rules)),
    alloc: { ...systemContracts(rules), ...Object.fromEntries(rich) },
  };
}

/** What geth calls a fork's activation in a genesis file. */
function activationKey(name: ForkName): string {
  const special: Partial<Record<ForkName, string>> = {
    tangerineWhistle: "eip150Block",
    spuriousDragon: "eip158Block",
    paris: "mergeNetsplitBlock",
  };
  return special[name] ?? `${name}${isTimed(name) ? "Time" : "Block"}`;
}
