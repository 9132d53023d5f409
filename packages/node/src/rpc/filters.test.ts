// Filters and subscriptions of clients that want too much: what nobody asks for costs nothing, and who asks for little keeps what he has.

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type BraidProvider, createNode } from "../provider.ts";
import { Journal } from "./journal.ts";

const LOGS = "0x00000000000000000000000000000000001095aa";
/** A log without topics for each call. */
const LOGS_CODE = "0x5f5fa000";

let provider: BraidProvider | undefined;
afterEach(() => provider?.close());

async function start(): Promise<(method: string, ...params: unknown[]) => Promise<unknown>> {
  const node = await createNode({ workers: 0, accounts: 1, limits: { filters: 100 } });
  provider = node;
  await node.request({ method: "hardhat_setCode", params: [LOGS, LOGS_CODE] });
  return (method, ...params) => node.request({ method, params });
}

async function send(ask: Awaited<ReturnType<typeof start>>): Promise<void> {
  const [from] = (await ask("eth_accounts")) as string[];
  await ask("eth_sendTransaction", { from, to: LOGS, gas: "0x186a0" });
}

test("a filter that is asked stays when others make thousands", async () => {
  const ask = await start();
  const mine = await ask("eth_newFilter", { address: LOGS });
  const unasked = await ask("eth_newBlockFilter");
  await ask("eth_getFilterChanges", mine);
  for (let i = 0; i < 150; i++) await ask("eth_newBlockFilter");
  await send(ask);
  expect(await ask("eth_getFilterChanges", mine)).toHaveLength(1);
  expect(await ask("eth_getFilterChanges", mine)).toEqual([]);
  await expect(ask("eth_getFilterChanges", unasked)).rejects.toMatchObject({ code: -32000 });
});

test("logs of blocks that are gone come back as removed, last ones first", async () => {
  const ask = await start();
  const filter = await ask("eth_newFilter", { address: LOGS });
  const pending = await ask("eth_newPendingTransactionFilter", true);
  const snapshot = await ask("evm_snapshot");
  await send(ask);
  await send(ask);
  const come = (await ask("eth_getFilterChanges", filter)) as { blockNumber: string }[];
  expect(come).toMatchObject([{ removed: false }, { removed: false }]);
  expect(await ask("eth_getFilterChanges", pending)).toMatchObject([{ to: LOGS }, { to: LOGS }]);
  await ask("evm_revert", snapshot);
  expect(await ask("eth_getFilterChanges", filter)).toEqual(
    come.toReversed().map((log) => ({ ...log, removed: true })),
  );
});

test("a filter with thousands of topics finds what one with a few finds", async () => {
  const ask = await start();
  const many = Array.from({ length: 900 }, (_, i) => `0x${i.toString(16).padStart(40, "0")}`);
  const filter = await ask("eth_newFilter", { address: [...many, LOGS] });
  await send(ask);
  expect(await ask("eth_getFilterChanges", filter)).toHaveLength(1);
});

test("what is far behind knows that it has lost something", () => {
  const journal = new Journal<number>();
  const early = journal.end;
  for (let i = 0; i < 150_000; i++) journal.add(i);
  expect(journal.since(early)).toHaveLength(150_000);
  for (let i = 0; i < 50_000; i++) journal.add(i);
  expect(journal.since(early)).toBeUndefined();
  expect(journal.since(journal.end)).toEqual([]);
});

test("a connection has so many subscriptions, and what weighs most is closed when all are too many", async () => {
  await start();
  const { handler } = provider as BraidProvider;
  const closed: number[] = [];
  const open = (id: number) => {
    const told: unknown[] = [];
    const end = new AbortController();
    const close = (): void => {
      closed.push(id);
      end.abort();
    };
    const connection = { closed: end.signal, notify: (_: string, what: unknown) => told.push(what), close };
    const subscribe = (...params: unknown[]): Promise<unknown> =>
      handler.call("eth_subscribe", params, { connection, signal: end.signal });
    return { told, subscribe };
  };
  const modest = open(0);
  await modest.subscribe("newHeads");
  const address = Array.from({ length: 1_000 }, (_, i) => `0x${i.toString(16).padStart(40, "0")}`);
  for (let id = 1; id <= 28; id++) {
    const greedy = open(id);
    for (let i = 0; i < 19; i++) await greedy.subscribe("logs", { address });
    if (id === 1) await expect(greedy.subscribe("logs", { address })).rejects.toMatchObject({ code: -32005 });
  }
  expect(closed.length).toBeGreaterThan(0);
  expect(closed).not.toContain(0);
  await provider?.node.miner.mine();
  for (let i = 0; i < 100 && modest.told.length === 0; i++) await sleep(10);
  expect(modest.told).toHaveLength(1);
});
