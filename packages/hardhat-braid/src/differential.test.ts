// The same random requests to a network on Hardhat's own EDR and to one on Braid: every answer and every error is compared, down to the hashes of
// blocks and the lines of Solidity stack traces.

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex } from "viem";
import { beforeAll, expect, test } from "vitest";
import {
  BEGINNING,
  type Outcome,
  openProject,
  outcomeOf,
  readTarget,
  type Target,
} from "./testing/project.ts";
import {
  type Known,
  type RandomRequest,
  RandomRequests,
  type SnapshotPlace,
} from "./testing/random-requests.ts";

/** BRAID_ROUNDS multiplies them. */
const REQUESTS = 250 * Number(process.env.BRAID_ROUNDS ?? 1);
const SEEDS = [1, 2, 3];
const INVALID_PARAMS = -32602;

let project: HardhatRuntimeEnvironment;
let target: Target;

beforeAll(async () => {
  project = await openProject();
  target = await readTarget(project);
}, 300_000);

/** What one network numbers in its own way. */
interface Side {
  connection: NetworkConnection;
  snapshots: unknown[];
  /** The numbers of blocks by their hashes. */
  blocks: Map<unknown, string>;
}

interface Head {
  number: Hex;
  timestamp: Hex;
  hash: Hex;
}

async function headOf({ connection, blocks }: Side): Promise<Head> {
  const { provider } = connection;
  const head = (await provider.request({
    method: "eth_getBlockByNumber",
    params: ["latest", false],
  })) as Head;
  for (let number = Number(head.number), hash: Hex = head.hash; !blocks.has(hash) && number >= 0; number--) {
    blocks.set(hash, `block ${number}`);
    const block = await provider.request({ method: "eth_getBlockByHash", params: [hash, false] });
    hash = (block as { parentHash: Hex }).parentHash;
  }
  return head;
}

async function ask({ connection, snapshots }: Side, { method, params }: RandomRequest): Promise<Outcome> {
  const own = params.map((param) => (isPlace(param) ? (snapshots[param.snapshot] ?? "0xffff") : param));
  return outcomeOf(connection.provider, method, own);
}

function isPlace(param: unknown): param is SnapshotPlace {
  return typeof param === "object" && param !== null && "snapshot" in param;
}

/** Without what has to differ. */
function comparable(outcome: Outcome, method: string, { blocks }: Side): unknown {
  if ("result" in outcome) {
    // Braid's snapshots have numbers of their own.
    if (method === "evm_snapshot") return "a number";
    return { result: withoutExtras(outcome.result, blocks) };
  }
  const { code, data, message, ...error } = outcome.error;
  // EDR shows the parser's words, and the request itself.
  if (code === INVALID_PARAMS) return { code };
  // Why gas was not enough is told in more detail there.
  if (message === "Transaction ran out of gas") return { ...error, code, message };
  const isEcho = typeof data === "object" && data !== null && "jsonrpc" in data;
  // Where in the request the parser was.
  return {
    ...error,
    code,
    message: message.replace(/ at line \d+ column \d+$/, ""),
    data: isEcho ? null : data,
  };
}

/**
 * Fields that only one side has, ours newer names, EDR's what there has not been since the Merge. And the state's root, because EDR has a contract of its own
 * in the place of EIP-2935's, and with it the hashes of all blocks; the first block's list of transactions has another root there as well. EDR's
 * blocks are smaller by the lengths of their typed transactions, and its transactions of type 0 do not show their chain.
 */
const EXTRAS = new Set([
  "yParity",
  "blockTimestamp",
  "totalDifficulty",
  "stateRoot",
  "size",
  "baseFeePerBlobGas",
  "blobGasUsedRatio",
]);

function withoutExtras(value: unknown, blocks: Side["blocks"]): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutExtras(item, blocks));
  // EDR divides in another way than JavaScript.
  if (typeof value === "number") return Number(value.toPrecision(12));
  if (typeof value !== "object" || value === null) return blocks.get(value) ?? value;
  const isFirst = "number" in value && value.number === "0x0";
  const isLegacy = "type" in value && value.type === "0x0";
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([name]) =>
          !EXTRAS.has(name) && !(isFirst && name === "transactionsRoot") && !(isLegacy && name === "chainId"),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => [name, withoutExtras(item, blocks)]),
  );
}

test.each(SEEDS)(
  "EDR and Braid answer the random requests of seed %i alike",
  async (seed) => {
    const sides: [Side, Side] = [
      { connection: await project.network.create("edr"), snapshots: [], blocks: new Map() },
      { connection: await project.network.create("braid"), snapshots: [], blocks: new Map() },
    ];
    const requests = new RandomRequests(seed, target);
    const accounts = (await sides[0].connection.provider.request({ method: "eth_accounts" })) as Hex[];
    const contracts: Hex[] = [];
    const hashes: Hex[] = [];
    const known = {
      accounts: accounts.slice(0, 4),
      contracts,
      hashes,
      snapshots: [] as number[],
      time: BEGINNING.getTime() / 1_000,
      block: 0,
      automine: true as boolean,
    } satisfies Known;
    const history: string[] = [];
    for (let asked = 0; asked < REQUESTS; )
      for (const request of requests.next(known)) {
        asked++;
        const [theirs, ours] = [await ask(sides[0], request), await ask(sides[1], request)];
        const { method } = request;
        history.push(`${method} ${JSON.stringify(request.params).slice(0, 200)}`);
        const heads = [await headOf(sides[0]), await headOf(sides[1])] as const;
        const story = [
          ...history.slice(0, -10).filter((line) => line.startsWith("evm_")),
          ...history.slice(-10),
        ].join("\n");
        expect(comparable(ours, method, sides[1]), story).toEqual(comparable(theirs, method, sides[0]));
        expect(withoutExtras(heads[1], sides[1].blocks), story).toEqual(
          withoutExtras(heads[0], sides[0].blocks),
        );
        if (!("result" in theirs) || !("result" in ours)) continue;
        if (method === "evm_setAutomine") known.automine = request.params[0] === true;
        if (method === "evm_snapshot") {
          sides[0].snapshots.push(theirs.result);
          known.snapshots.push(sides[1].snapshots.push(ours.result) - 1);
        }
        const [place] = request.params;
        if (method === "evm_revert" && isPlace(place))
          known.snapshots = known.snapshots.filter((other) => other < place.snapshot);
        if (method === "eth_sendTransaction") hashes.push(theirs.result as Hex);
        const { provider } = sides[0].connection;
        const [head] = heads;
        known.block = Number(head.number);
        known.time = Number(head.timestamp);
        if (method !== "eth_sendTransaction") continue;
        const receipt = (await provider.request({
          method: "eth_getTransactionReceipt",
          params: [theirs.result],
        })) as { contractAddress: Hex | null } | null;
        if (receipt?.contractAddress) contracts.push(receipt.contractAddress);
      }
    for (const { connection } of sides) await connection.close();
  },
  300_000,
);
