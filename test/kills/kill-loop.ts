// Kills a node again and again while clients send transactions to it, and checks each time that it opens with all that it has acknowledged:
//
//   node test/kills/kill-loop.ts [--kills 200] [--clients 4] [--imports 20] [--seed 1]

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CONTRACT, CONTRACT_CODE, Ledger, type Receipt, VALUE } from "./ledger.ts";
import { NodeGoneError, NodeProcess, numbers } from "./node-process.ts";
import { tornImports } from "./torn-imports.ts";

/** Milliseconds under load before the kill. */
const LOAD_MS = 2_500;

interface KillOptions {
  folder: string;
  kills: number;
  clients: number;
  seed: number;
  /** Told after each time. */
  progress?: (kill: number, ledger: Ledger) => void;
}

/** What came of it; throws when anything is lost. */
export async function killLoop({ folder, kills, clients, seed, progress }: KillOptions): Promise<Ledger> {
  const random = numbers(seed);
  let ledger: Ledger | undefined;
  let since = 0;
  for (let kill = 0; kill <= kills; kill++) {
    // A block for each transaction, or one every 50 ms with what has come by then.
    const mining = kill % 3 === 2 ? ["--block-time", "0.05"] : [];
    const node = await NodeProcess.start(["--datadir", folder, "--accounts", String(clients), ...mining]);
    try {
      if (ledger === undefined) ledger = await begin(node);
      else await ledger.check(node, kill === kills ? 0 : since, random);
      // Once more what was acknowledged before this kill, after the next one.
      since = Math.max(0, ledger.receipts.length - 500);
      if (kill < kills) {
        const load = putUnderLoad(node, ledger, kill % 2 === 1);
        await new Promise((resolve) => setTimeout(resolve, random() ** 2 * LOAD_MS));
        await node.kill();
        await load;
      }
      progress?.(kill, ledger);
    } finally {
      if (!node.hasEnded) await node.kill();
    }
  }
  return ledger as Ledger;
}

async function begin(node: NodeProcess): Promise<Ledger> {
  await node.ask("hardhat_setCode", CONTRACT, CONTRACT_CODE);
  return new Ledger(await node.ask<string[]>("eth_accounts"));
}

/** All clients at once, until the node is gone. @param edits whether accounts are changed by hand meanwhile. */
async function putUnderLoad(node: NodeProcess, ledger: Ledger, edits: boolean): Promise<void> {
  const loops = ledger.clients.map((client) =>
    untilGone(async () => {
      const hash = await node.ask<string>("eth_sendTransaction", {
        from: client.address,
        to: CONTRACT,
        value: `0x${VALUE.toString(16)}`,
        gas: "0x186a0",
      });
      let receipt: Receipt | null = null;
      while (receipt === null) receipt = await node.ask<Receipt | null>("eth_getTransactionReceipt", hash);
      if (receipt.status !== "0x1") throw new Error(`${hash} has failed`);
      ledger.receipts.push(receipt);
      client.acknowledged++;
    }),
  );
  if (edits)
    loops.push(
      untilGone(async () => {
        const address = `0x${(0xed17 + (ledger.receipts.length % 5)).toString(16).padStart(40, "0")}`;
        const known = ledger.balances.get(address)?.known ?? 0n;
        const tried = known + 1n;
        ledger.balances.set(address, { known, tried });
        await node.ask("hardhat_setBalance", address, `0x${tried.toString(16)}`);
        ledger.balances.set(address, { known: tried, tried });
      }),
    );
  await Promise.all(loops);
}

async function untilGone(action: () => Promise<void>): Promise<void> {
  try {
    for (;;) await action();
  } catch (error) {
    if (!(error instanceof NodeGoneError)) throw error;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "200" },
      clients: { type: "string", default: "4" },
      imports: { type: "string", default: "20" },
      seed: { type: "string", default: "1" },
    },
  });
  const [kills, clients, imports, seed] = [values.kills, values.clients, values.imports, values.seed].map(
    Number,
  ) as [number, number, number, number];
  const folder = await mkdtemp(join(tmpdir(), "braid-node-kills-"));
  try {
    const { receipts } = await killLoop({
      folder: join(folder, "node"),
      kills,
      clients,
      seed,
      progress: (kill, { receipts: so }) => {
        if (kill % 10 === 0) console.log(`${kill} kills, ${so.length} acknowledged transactions, all there`);
      },
    });
    const blocks = new Set(receipts.map(({ blockHash }) => blockHash)).size;
    console.log(
      `${kills} kills: ${receipts.length} acknowledged transactions in ${blocks} blocks, whole each time`,
    );
    const torn = await tornImports({ folder: join(folder, "import"), kills: imports, seed });
    console.log(
      `${imports} kills of an import, at blocks ${torn.join(", ")}: whole each time, and whole in the end`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
