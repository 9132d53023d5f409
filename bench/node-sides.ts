// The nodes that are compared, each a process of its own, with the same chain: id, rules, gas limit, base fee.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { anvilBinary, freePort } from "@braid/testing/anvil";
import { DEMO_CHAIN } from "@braid/workloads";
import { NodeClient } from "./node-client.ts";

export const NODE_SIDES = ["braid", "anvil", "edr"] as const;
export type NodeSide = (typeof NODE_SIDES)[number];

/** What all of them have. */
export const NODE_CHAIN = {
  chainId: DEMO_CHAIN.chainId,
  gasLimit: 10_000_000_000,
  hardfork: "osaka",
} as const;

export interface RunningNode {
  side: NodeSide;
  url: string;
  client: NodeClient;
  /** MiB resident. */
  resident(): number;
  close(): Promise<void>;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** Starts a node that mines each transaction at once, or (`mine: false`) only when it is told to. */
export async function startSide(side: NodeSide, { mine }: { mine: boolean }): Promise<RunningNode> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = launch(side, port, mine);
  const failure = once(child, "exit").then(([code]) => {
    throw new Error(`${side} ended with code ${code}`);
  });
  const client = await Promise.race([reach(url), failure]);
  failure.catch(() => {});
  return {
    side,
    url,
    client,
    resident: () => residentMib(child.pid as number), // it runs
    close: async () => {
      client.close();
      child.kill(process.env.BRAID_PROFILE === undefined ? "SIGKILL" : "SIGTERM");
      await failure.catch(() => {});
    },
  };
}

function launch(side: NodeSide, port: number, mine: boolean): ChildProcess {
  const { chainId, gasLimit, hardfork } = NODE_CHAIN;
  const common = [
    "--port",
    port,
    "--chain-id",
    chainId,
    "--hardfork",
    hardfork,
    "--gas-limit",
    gasLimit,
    "--order",
    "fifo",
  ];
  const options = { stdio: ["ignore", "ignore", "inherit"] as ["ignore", "ignore", "inherit"] };
  const mining = mine ? [] : ["--no-mining"];
  switch (side) {
    case "braid":
      return spawn(
        process.execPath,
        [
          ...profiling(),
          path("../packages/cli/src/main.ts"),
          "node",
          "--silent",
          ...common.map(String),
          ...mining,
        ],
        options,
      );
    case "anvil":
      return spawn(anvilBinary(), ["--quiet", ...common.map(String), ...mining], options);
    case "edr":
      return spawn(process.execPath, [path("node-edr.ts"), String(port), String(mine)], options);
  }
}

/** BRAID_PROFILE=<folder>: V8's profile of Braid's processes is written there when they end. */
function profiling(): string[] {
  const folder = process.env.BRAID_PROFILE;
  return folder === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", folder];
}

async function reach(url: string): Promise<NodeClient> {
  for (let attempt = 0; ; attempt++) {
    try {
      const client = await NodeClient.open(url);
      await client.call("eth_chainId");
      return client;
    } catch (error) {
      if (attempt === 600) throw error;
      await sleep(50);
    }
  }
}

function residentMib(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}
