// A resolved network that Braid answers from now on.

import type {
  BraidConfig,
  BraidUserConfig,
  EdrNetworkConfig,
  EdrNetworkMiningConfig,
} from "hardhat/types/config";

/** Hardhat's own network mines what it is asked for. */
const IDLE: EdrNetworkMiningConfig = { auto: true, interval: 0, mempool: { order: "priority" } };
const FIRST_SECOND = new Date(1_000);

/** What Hardhat's own network would do as well goes into the network's key `braid`. */
export function giveToBraid(network: EdrNetworkConfig, { workers, engine }: BraidUserConfig = {}): void {
  const { forking, mining, loggingEnabled, throwOnCallFailures } = network;
  const own: BraidConfig = {
    ...(workers === undefined ? {} : { workers }),
    ...(engine === undefined ? {} : { engine }),
    ...(forking === undefined ? {} : { forking }),
    mining,
    loggingEnabled,
    throwOnCallFailures,
  };
  network.braid = own;
  delete network.forking;
  network.mining = IDLE;
  network.loggingEnabled = false;
  network.throwOnCallFailures = true;
  // Its clock can be set to any block's of another chain.
  if (forking?.enabled === true) network.initialDate = FIRST_SECOND;
}
