// All methods of the node.

import { braidMethods } from "./braid.ts";
import { clientMethods } from "./client.ts";
import { debugMethods } from "./debug.ts";
import { developmentMethods } from "./development.ts";
import { accessListMethods } from "./eth/access-lists.ts";
import { accountMethods } from "./eth/accounts.ts";
import { blockMethods } from "./eth/blocks.ts";
import { callMethods } from "./eth/call.ts";
import { chainMethods } from "./eth/chain.ts";
import { feeMethods } from "./eth/fees.ts";
import { logMethods } from "./eth/logs.ts";
import { sendingMethods } from "./eth/sending.ts";
import { simulateMethods } from "./eth/simulate.ts";
import { stateMethods } from "./eth/state.ts";
import { witnessMethods } from "./execution-witness.ts";
import type { Methods } from "./method.ts";
import { parityMethods } from "./parity.ts";
import { testingMethods } from "./testing.ts";
import { traceMethods } from "./trace.ts";
import { txpoolMethods } from "./txpool.ts";
import { wholeStateMethods } from "./whole-state.ts";

export const METHODS: Methods = {
  ...chainMethods,
  ...blockMethods,
  ...accessListMethods,
  ...stateMethods,
  ...callMethods,
  ...simulateMethods,
  ...feeMethods,
  ...accountMethods,
  ...sendingMethods,
  ...logMethods,
  ...debugMethods,
  ...witnessMethods,
  ...traceMethods,
  ...parityMethods,
  ...clientMethods,
  ...txpoolMethods,
  ...developmentMethods,
  ...wholeStateMethods,
  ...testingMethods,
  ...braidMethods,
};

/**
 * Methods that execute, or look through many blocks. All others look something up, which is done at once, or wait for the next block, which costs
 * nobody anything.
 */
export const HEAVY_METHODS: readonly string[] = [
  ...[callMethods, simulateMethods, traceMethods, parityMethods, testingMethods].flatMap(Object.keys),
  ...[witnessMethods, accessListMethods, braidMethods].flatMap(Object.keys),
  ...["eth_getLogs", "eth_getFilterLogs", "eth_getFilterChanges", "eth_feeHistory"],
  ...["txpool_content", "txpool_inspect"],
];
