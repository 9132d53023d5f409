// The same random requests to a network on Hardhat's own EDR and to one on Braid: every answer and every error is compared, down to the hashes of
// blocks and the lines of Solidity stack traces.

import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";
import type { Hex } from "viem";
import { beforeAll, expect, test } from "vitest";
import { comparable, withoutExtras } from "./testing/comparable.ts";
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
        expect(comparable(ours, method, sides[1].blocks), story).toEqual(
          comparable(theirs, method, sides[0].blocks),
        );
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
