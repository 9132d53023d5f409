// What the nodes mine in bench:peers.
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import {
  callsOf,
  dependentSwaps,
  etherTransfers,
  freshTokenTransfers,
  prepareState,
  swaps,
} from "@braid/workloads";
import { type MiningJob, type NodeWorkload, slotsOf, stateOf } from "./node-workload.ts";

const POOLS = 50;
/** Rounds of a loop, in each of its transactions. */
const LOOPS = 50_000;
const LOOP_GAS = 16_000_000n;

/**
 * for (n = LOOPS; n != 0; n--) …: PUSH3 n, JUMPDEST, the body, PUSH1 1, SWAP1, SUB, DUP1, PUSH1 4, JUMPI, STOP. The body leaves the stack as it is.
 */
const loop = (body: string): Hex => `0x62${LOOPS.toString(16).padStart(6, "0")}5b${body}60019003806004575000`;
/** keccak256 of the first word of memory, put back there. */
const KECCAK = { address: "0x00000000000000000000000000000000000f0001", code: loop("60205f205f52") } as const;
/** ((n * n + 7) % 0xffff) ^ n, for nothing. */
const ARITHMETIC = {
  address: "0x00000000000000000000000000000000000f0002",
  code: loop("80800260070161ffff9006811850"),
} as const;

/** @param scale how many times as many transactions each block has. */
export async function peersWorkload(scale: number): Promise<NodeWorkload> {
  const many = (count: number): number => Math.max(1, Math.round(count * scale));
  const large = many(5_000);
  const prepared = await prepareState({ senders: Math.max(large, 16), pools: POOLS });
  const receivers = prepared.receivers.slice(0, 50).map(bytesToHex);
  const pools = prepared.market.pools.map(({ address }) => bytesToHex(address));
  const token = bytesToHex(prepared.market.tokens[0]?.address ?? new Uint8Array(20));
  const job = (what: string, transactions: Uint8Array[], touched: Hex[]): MiningJob => ({
    name: `${transactions.length.toLocaleString("en")} ${what}`,
    transactions: transactions.map(bytesToHex),
    balances: receivers,
    slots: slotsOf(prepared, touched),
  });
  const loops = ({ address }: { address: Hex }) => callsOf(prepared, many(16), hexToBytes(address), LOOP_GAS);
  return {
    state: [
      ...stateOf(prepared),
      ...[KECCAK, ARITHMETIC].map(({ address, code }): [string, unknown[]] => [
        "hardhat_setCode",
        [address, code],
      ]),
    ],
    jobs: [
      job("transfers of ether", etherTransfers(prepared, many(1_000)), []),
      job("transfers of an ERC-20 token to new holders", freshTokenTransfers(prepared, many(1_000)), [token]),
      job("swaps on one pool", dependentSwaps(prepared, many(200)), pools.slice(0, 1)),
      job(`swaps on ${POOLS} pools`, swaps(prepared, many(200), POOLS), pools),
      job("loops of keccak", loops(KECCAK), []),
      job("loops of arithmetic", loops(ARITHMETIC), []),
      job("transfers of ether", etherTransfers(prepared, large), []),
      job("transfers of an ERC-20 token to new holders", freshTokenTransfers(prepared, large), [token]),
      job(`swaps on ${POOLS} pools`, swaps(prepared, many(2_000), POOLS), pools),
      job("swaps on one pool", dependentSwaps(prepared, many(2_000)), pools.slice(0, 1)),
    ],
    // Nobody calls here.
    call: { from: receivers[0] ?? token, to: token, data: "0x" },
  };
}
