// What one honest client waits for its answers while others attack the node: a look-up, a balance, a call, and a transaction from its sending to its receipt.
//
//   npx -y pnpm@12 bench:hostile [--seconds 5] [--only 0,3]
import { type ChildProcess, fork, spawn } from "node:child_process";
import { Agent, request as httpRequest } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import { ATTACKS, type Prepared } from "./hostile-attacks.ts";
import type { HostileMeasurement, HostileRow } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { hostileTable } from "./tables.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "5" }, only: { type: "string" } },
});
const seconds = Number(values.seconds);
const chosen = values.only?.split(",").map(Number) ?? [...ATTACKS.keys()];

const CLI = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const ATTACKER = fileURLToPath(new URL("hostile-attacker.ts", import.meta.url));
/** Milliseconds until an attack is in full swing, and until the node has got over it. */
const SWING_MS = 2_000;
/** Accounts of the node; the first is the honest client's. */
const ACCOUNTS = 501;
const LOOP = "0x0000000000000000000000000000000000100b00";
const LOGS = "0x00000000000000000000000000000000001095aa";
const BALANCE = "0x00000000000000000000000000000000000ba1a0";
/** Ten logs for each word of input. */
const LOGS_CODE = `0x${"5f5fa0".repeat(10)}00`;

class Honest {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async ask<T>(method: string, ...params: unknown[]): Promise<T> {
    const answer = await this.#post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    const { result, error } = JSON.parse(answer) as { result: T; error?: { message: string } };
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  #post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest(this.#url, { agent: this.#agent, method: "POST" }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text += piece;
        });
        response.once("end", () => resolve(text));
        response.once("error", reject);
      });
      sent.once("error", reject);
      sent.end(body);
    });
  }
}

interface RunningNode {
  child: ChildProcess;
  url: string;
}

async function startNode(): Promise<RunningNode> {
  const args = [CLI, "node", "--port", "0", "--json", "--accounts", String(ACCOUNTS)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { event: string; url?: string };
    if (event.url === undefined) continue;
    child.stdout.resume();
    return { child, url: event.url };
  }
  throw new Error("the node has ended by itself");
}

/** A chain with something to look for. */
async function prepare(honest: Honest): Promise<Prepared> {
  const accounts = await honest.ask<string[]>("eth_accounts");
  await honest.ask("hardhat_setCode", LOOP, "0x5b5f56");
  await honest.ask("hardhat_setCode", LOGS, LOGS_CODE);
  await honest.ask("hardhat_setCode", BALANCE, "0x5f355f5260205ff3");
  for (let i = 0; i < 500; i++)
    await honest.ask("eth_sendTransaction", { from: accounts[0], to: LOGS, gas: "0x30d40" });
  return { loop: LOOP, logs: LOGS, accounts: accounts.slice(1) };
}

/** Milliseconds of each thing that the honest client does, one after the other, as long as it lasts. */
async function measure(honest: Honest, node: RunningNode): Promise<Omit<HostileRow, "name" | "sockets">> {
  const [from] = await honest.ask<string[]>("eth_accounts");
  const kinds = {
    blockNumber: () => honest.ask("eth_blockNumber"),
    balance: () => honest.ask("eth_getBalance", from, "latest"),
    call: () => honest.ask("eth_call", { to: BALANCE, data: "0x2a" }),
    receipt: async () => {
      // It pays for its place: else whoever pays more comes first.
      const fees = { maxFeePerGas: "0xe8d4a51000", maxPriorityFeePerGas: "0x174876e800" };
      const hash = await honest.ask("eth_sendTransaction", { from, to: BALANCE, gas: "0xc350", ...fees });
      while ((await honest.ask("eth_getTransactionReceipt", hash)) === null) await sleep(1);
    },
  };
  const samples: HostileRow["samples"] = { blockNumber: [], balance: [], call: [], receipt: [] };
  let failures = 0;
  let residentMiB = 0;
  const end = performance.now() + 1_000 * seconds;
  while (performance.now() < end) {
    for (const [kind, run] of Object.entries(kinds) as [keyof typeof kinds, () => Promise<unknown>][]) {
      const begin = performance.now();
      try {
        await run();
        samples[kind].push(performance.now() - begin);
      } catch {
        failures++;
      }
    }
    residentMiB = Math.max(residentMiB, await residentOf(node));
  }
  return { samples, failures, residentMiB };
}

async function residentOf({ child }: RunningNode): Promise<number> {
  const { readFile } = await import("node:fs/promises");
  const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}

async function underAttack(index: number | undefined): Promise<HostileRow> {
  const node = await startNode();
  try {
    const honest = new Honest(node.url);
    const prepared = await prepare(honest);
    const attack = index === undefined ? undefined : ATTACKS[index];
    const attacker =
      attack && fork(ATTACKER, [node.url, String(index), JSON.stringify(prepared)], { execArgv: [] });
    await sleep(SWING_MS);
    const measured = await measure(honest, node);
    attacker?.kill("SIGKILL");
    if (node.child.exitCode !== null) throw new Error("the node has ended");
    return { name: attack?.name ?? "at rest", sockets: attack?.sockets ?? 0, ...measured };
  } finally {
    node.child.kill("SIGKILL");
  }
}

const environment = describeEnvironment("bench:hostile");
const rows: HostileRow[] = [];
for (const index of [undefined, ...chosen]) {
  const row = await underAttack(index);
  rows.push(row);
  console.log(
    hostileTable({ environment, seconds, rows: [row] })
      .split("\n")
      .at(-1),
  );
}
const measurement: HostileMeasurement = { environment, seconds, rows };
if (values.only === undefined) console.log(writeResult("hostile", measurement));
console.log(`\n${formatEnvironment(environment)}\n\n${hostileTable(measurement)}`);
