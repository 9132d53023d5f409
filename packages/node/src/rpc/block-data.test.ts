// What is computed of blocks when somebody asks: headers, access lists, execution witnesses.

import { Executor } from "@braid/executor";
import { bytesToHex, hexToBytes } from "@braid/primitives";
import {
  accessListHash,
  decodeAccessList,
  decodeHeader,
  decodeRpcAccessList,
  hashHeader,
} from "@braid/protocol";
import { WitnessStateSource } from "@braid/state";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import type { NodeOptions } from "../options.ts";
import { type BraidProvider, createNode } from "../provider.ts";
import type { ExecutionWitness } from "./execution-witness.ts";

type Json = Record<string, unknown>;

const TO = "0x00000000000000000000000000000000000000c1";
const SINK = "0x00000000000000000000000000000000000000c2";
const word = (value: number): string => `0x${value.toString(16).padStart(64, "0")}`;

/** Adds one to the slot that the call names. */
const COUNTER = "0x60003580546001019055";
/** Writes the call's second word into the slot of its first. */
const STORE = "0x6020356000355500";
/** Stores the hash of the block with the call's number. */
const HASHES = "0x6000354060005500";

const executor = new Executor({ workers: 0 });
afterAll(() => executor.close());
const open: BraidProvider[] = [];
afterEach(async () => {
  for (const node of open.splice(0)) await node.close();
});

/** Makes a contract of this code; nothing of it is younger than the first fork. */
function initOf(code: string): string {
  const runtime = code.slice(2);
  const length = (runtime.length / 2).toString(16).padStart(2, "0");
  return `0x60${length}600c60003960${length}6000f3${runtime}`;
}

async function start(options: NodeOptions = {}, code?: string) {
  const node = await createNode({ workers: 0, accounts: 3, ...options });
  open.push(node);
  const rpc = async <T = Json>(method: string, ...params: unknown[]): Promise<T> =>
    JSON.parse(JSON.stringify((await node.request({ method, params })) ?? null)) as T;
  const accounts = await rpc<string[]>("eth_accounts");
  // Part of the block's state, and not of what was changed by hand.
  const send = (tx: Json) => rpc<string>("eth_sendTransaction", { from: accounts[0], gas: "0x186a0", ...tx });
  let contract = TO;
  if (code !== undefined) {
    const hash = await send({ data: initOf(code) });
    contract = String((await rpc("eth_getTransactionReceipt", hash)).contractAddress);
  }
  return { node, rpc, accounts, send, contract };
}

describe("headers", () => {
  test("have what the block has, without its body", async () => {
    const { rpc, send } = await start();
    await send({ to: SINK, value: "0x1" });
    const { transactions, uncles, withdrawals, size, ...header } = await rpc(
      "eth_getBlockByNumber",
      "latest",
      false,
    );
    expect(await rpc("eth_getHeaderByNumber", "latest")).toEqual(header);
    expect(await rpc("eth_getHeaderByHash", header.hash)).toEqual(header);
    expect(await rpc("eth_getHeaderByNumber", "pending")).toBeNull();
    expect(await rpc("eth_getHeaderByNumber", "0x9")).toBeNull();
    expect(await rpc("eth_getHeaderByHash", word(1))).toBeNull();
    for (const [method, param] of [
      ["eth_getHeaderByNumber", "newest"],
      ["eth_getHeaderByNumber", undefined],
      ["eth_getHeaderByHash", "0x1"],
    ] as const)
      await expect(rpc(method, param)).rejects.toMatchObject({ code: -32602 });
  });
});

describe("block access lists", () => {
  test("say who read and wrote what, in blocks of every fork", async () => {
    for (const hardfork of ["london", "osaka"] as const) {
      const { node, rpc, accounts, contract } = await start({ hardfork }, COUNTER);
      node.node.miner.automine = false;
      for (const from of accounts)
        await rpc("eth_sendTransaction", { from, to: contract, data: word(5), gas: "0x186a0" });
      await rpc("eth_sendTransaction", { from: accounts[2], to: SINK, value: "0x7", gas: "0x5208" });
      await rpc("hardhat_mine");
      const list = await rpc<Json[]>("eth_getBlockAccessList", "latest");
      const of = (address: unknown): Json | undefined => list.find((entry) => entry.address === address);
      expect(of(contract)).toEqual({
        address: contract,
        storageChanges: [
          {
            key: word(5),
            changes: [
              { index: "0x1", value: word(1) },
              { index: "0x2", value: word(2) },
              { index: "0x3", value: word(3) },
            ],
          },
        ],
        storageReads: [],
        balanceChanges: [],
        nonceChanges: [],
        codeChanges: [],
      });
      expect(of(SINK)).toMatchObject({ balanceChanges: [{ index: "0x4", value: "0x7" }] });
      expect(of(accounts[1])).toMatchObject({ nonceChanges: [{ index: "0x2", value: "0x1" }] });
      const raw = await rpc<string>("debug_getRawBlockAccessList", "latest");
      expect(bytesToHex(accessListHash(decodeAccessList(hexToBytes(raw))))).toBe(
        bytesToHex(accessListHash(decodeRpcAccessList(list))),
      );
      const { hash } = await rpc("eth_getBlockByNumber", "latest", false);
      expect(await rpc("eth_getBlockAccessList", hash)).toEqual(list);
      // It is the same one when the block's run is not kept any more.
      node.node.runOf = () => undefined;
      expect(await rpc("eth_getBlockAccessList", hash)).toEqual(list);
    }
  });

  test("of states that were changed by hand, of no block, and of what is none", async () => {
    const { rpc, send } = await start();
    await rpc("hardhat_setCode", TO, COUNTER);
    await rpc("hardhat_setStorageAt", TO, word(5), word(41));
    await send({ to: TO, data: word(5) });
    expect(await rpc<Json[]>("eth_getBlockAccessList", "latest")).toContainEqual(
      expect.objectContaining({
        address: TO,
        storageChanges: [{ key: word(5), changes: [{ index: "0x1", value: word(42) }] }],
      }),
    );
    expect(await rpc("eth_getBlockAccessList", "0x0")).toEqual([]);
    expect(await rpc("debug_getRawBlockAccessList", "0x0")).toBe("0xc0");
    expect(await rpc("eth_getBlockAccessList", "0x7")).toBeNull();
    expect(await rpc("eth_getBlockAccessList", "pending")).toBeNull();
    await expect(rpc("debug_getRawBlockAccessList", "0x7")).rejects.toMatchObject({ code: -32000 });
    for (const params of [[], ["0x"], [5], ["latest", 1]])
      await expect(rpc("eth_getBlockAccessList", ...params)).rejects.toMatchObject({ code: -32602 });
  });
});

describe("execution witnesses", () => {
  /** Executes a block on its witness alone: gas, receipts and the state root must be the header's. */
  async function check(node: BraidProvider, number: string): Promise<ExecutionWitness> {
    const ask = (method: string) => node.request({ method, params: [number] });
    const witness = (await ask("debug_executionWitness")) as ExecutionWitness;
    const raw = hexToBytes(String(await ask("debug_getRawBlock")));
    const header = decodeHeader(hexToBytes(String(await ask("debug_getRawHeader"))), node.node.chain.rules);
    const headers = witness.headers.map((one) => decodeHeader(hexToBytes(one), node.node.chain.rules));
    const parent = headers.at(-1);
    if (parent === undefined) throw new Error("there is no header");
    expect(bytesToHex(hashHeader(parent))).toBe(bytesToHex(header.parentHash));
    const source = new WitnessStateSource({
      parentStateRoot: parent.stateRoot,
      nodes: witness.state.map(hexToBytes),
      codes: witness.codes.map(hexToBytes),
      blockHashes: new Map(headers.map((one) => [one.number, hashHeader(one)])),
    });
    const { byzantium } = node.node.chain.rules.rulesAt(header);
    const result = await executor.executeBlock({
      block: raw,
      chain: node.node.chain.rules,
      source,
      mode: "sequential",
      ...(byzantium ? {} : { intermediateRoots: (changes) => source.rootAfter(changes) }),
    });
    expect(bytesToHex(source.rootAfter(result.stateChanges))).toBe(bytesToHex(header.stateRoot));
    expect(result.gasUsed).toBe(header.gasUsed);
    expect(bytesToHex(result.receiptsRoot ?? new Uint8Array(0))).toBe(bytesToHex(header.receiptsRoot));
    return witness;
  }

  test.each(["spuriousDragon", "london", "osaka"] as const)(
    "%s: slots set and cleared, so that branches fall together, contracts made, calls, transfers",
    async (hardfork) => {
      const { node, rpc, accounts, send, contract: store } = await start({ hardfork }, STORE);
      const set = (slot: number, value: number) =>
        send({ to: store, data: `${word(slot)}${word(value).slice(2)}` });
      for (let slot = 0; slot < 20; slot++) await set(slot, slot + 1);
      node.node.miner.automine = false;
      for (let slot = 0; slot < 20; slot += 3) await set(slot, 0);
      await set(40, 7);
      await rpc("eth_sendTransaction", { from: accounts[1], to: SINK, value: "0x5", gas: "0x5208" });
      await send({ data: initOf(COUNTER) });
      await rpc("hardhat_mine");
      for (const number of ["0x1", "0x8", "latest"]) {
        const { keys, codes } = await check(node, number);
        expect(keys).toContain(accounts[0]);
        if (number === "0x8") {
          expect(keys).toContain(store);
          expect(keys).toContain(word(6));
          expect(codes).toContain(STORE);
        }
      }
    },
  );

  test("have the headers that BLOCKHASH was asked for, and the parent's in any case", async () => {
    const { node, rpc, send, contract } = await start({}, HASHES);
    await rpc("hardhat_mine", "0x9");
    await send({ to: contract, data: word(4) });
    expect(await rpc("eth_getStorageAt", contract, "0x0", "latest")).toBe(
      (await rpc("eth_getBlockByNumber", "0x4", false)).hash,
    );
    expect((await check(node, "latest")).headers).toHaveLength(7);
    expect((await check(node, "0x3")).headers).toHaveLength(1);
    const { hash } = await rpc("eth_getBlockByNumber", "0x3", false);
    expect(await rpc("debug_executionWitnessByBlockHash", hash)).toEqual(
      await rpc("debug_executionWitness", "0x3"),
    );
  });

  test("are refused where there is nothing to prove, or nothing that proves", async () => {
    const { rpc } = await start();
    await rpc("hardhat_setBalance", SINK, "0x5");
    await rpc("hardhat_mine", "0x2");
    for (const block of ["0x0", "0x1", "0x9"])
      await expect(rpc("debug_executionWitness", block)).rejects.toMatchObject({ code: -32000 });
    await rpc("debug_executionWitness", "0x2");
    for (const [method, ...params] of [
      ["debug_executionWitness"],
      ["debug_executionWitness", "first"],
      ["debug_executionWitnessByBlockHash", "0x1"],
    ] as const)
      await expect(rpc(method, ...params)).rejects.toMatchObject({ code: -32602 });
  });
});
