// The options of a chain that goes on from another node's block, by the names that anvil and `hardhat node` have for them.

import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ForkOptions } from "@braid/node";
import type { AnswerCache } from "@braid/remote";
import { type Command, InvalidArgumentError, Option } from "commander";

export interface ForkFlags {
  forkUrl?: string;
  /** hardhat's name for it. */
  fork?: string;
  /** anvil's other name for it. */
  rpcUrl?: string;
  forkBlockNumber?: bigint;
  forkChainId?: number;
  forkHeader?: string[];
  forkRetryBackoff?: number;
  retries?: number;
  timeout?: number;
  cache?: string;
  storageCaching: boolean;
}

export function addForkOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "-f, --fork-url <url>",
        "go on from a block of this node's chain, in memory; <url>@<block> names the block too. Better in the environment when it holds a key",
      ).env("BRAID_FORK_URL"),
    )
    .addOption(new Option("--fork <url>", "as --fork-url").hideHelp())
    .addOption(new Option("--rpc-url <url>", "as --fork-url").hideHelp())
    .addOption(
      new Option("--fork-block-number <number>", "which block (default: its newest)").argParser(parseBlock),
    )
    .addOption(
      new Option("--fork-chain-id <number>", "its chain, when it is not to be asked for it").argParser(
        parseNumber,
      ),
    )
    .addOption(
      new Option("--fork-header <name: value>", "sent to it with each request; may be given again").argParser(
        (value: string, before: string[] = []) => [...before, value],
      ),
    )
    .addOption(new Option("--timeout <ms>", "for a request to it (default: 60000)").argParser(parseNumber))
    .addOption(
      new Option("--retries <count>", "attempts before a request has failed (default: 5)").argParser(
        parseNumber,
      ),
    )
    .addOption(
      new Option("--fork-retry-backoff <ms>", "before the second attempt (default: 250)").argParser(
        parseNumber,
      ),
    )
    .option("--cache <folder>", "keeps what it answers (default: a folder of the system's for caches)")
    .option("--no-storage-caching", "keep nothing of what it answers on disk");
}

/** What the flags say of another node's chain; undefined when it is none. `note` is told what is not as it could be. */
export async function forkOf(
  flags: ForkFlags,
  note: (text: string) => void,
): Promise<{ fork: ForkOptions; close(): Promise<void> } | undefined> {
  const given = flags.forkUrl ?? flags.fork ?? flags.rpcUrl;
  if (given === undefined || given === "") return undefined;
  const { forkChainId, forkHeader, forkRetryBackoff, retries, timeout } = flags;
  // anvil's way to name the block.
  const [, url = given, at] = /^(.+)@(\d{1,15})$/.exec(given) ?? [];
  const blockNumber = flags.forkBlockNumber ?? (at === undefined ? undefined : BigInt(at));
  const cache = flags.storageCaching ? await openCache(flags.cache, note) : undefined;
  const fork: ForkOptions = {
    url,
    ...(blockNumber === undefined ? {} : { blockNumber }),
    ...(forkChainId === undefined ? {} : { chainId: forkChainId }),
    ...(forkHeader === undefined ? {} : { headers: await readHeaders(forkHeader) }),
    ...(forkRetryBackoff === undefined ? {} : { backoffMs: forkRetryBackoff }),
    ...(retries === undefined ? {} : { attempts: retries }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(cache === undefined ? {} : { cache }),
  };
  return { fork, close: async () => cache?.close() };
}

/** A folder that was named must be there; without it the node does, when another process has it. */
async function openCache(
  named: string | undefined,
  note: (text: string) => void,
): Promise<AnswerCache | undefined> {
  const { AnswerCache } = await import("@braid/remote");
  if (named !== undefined) return AnswerCache.open(named);
  const folder = join(cacheFolder(), "braid", "rpc");
  try {
    await mkdir(folder, { recursive: true });
    return await AnswerCache.open(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    note(`nothing is kept of what the other node answers: ${reason}`);
    return undefined;
  }
}

/** Where the system wants caches to be. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (XDG_CACHE_HOME !== undefined && XDG_CACHE_HOME !== "") return XDG_CACHE_HOME;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  if (process.platform === "win32" && LOCALAPPDATA !== undefined) return LOCALAPPDATA;
  return join(homedir(), ".cache");
}

function parseBlock(value: string): bigint {
  if (/^(\d{1,18}|0x[0-9a-f]{1,14})$/i.test(value)) return BigInt(value);
  throw new InvalidArgumentError("It must be a block's number.");
}

function parseNumber(value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number > 0 && number <= 0x7f_ff_ff_ff) return number;
  throw new InvalidArgumentError("It must be a whole number above 0.");
}

/** Throws ForkOptionsError, without the value: it may hold a key. */
async function readHeaders(given: readonly string[]): Promise<Record<string, string>> {
  const { ForkOptionsError } = await import("@braid/node");
  const entries = given.map((text) => {
    const [, name, value] = /^([\w-]+):\s*(.+)$/.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw new ForkOptionsError('A header of --fork-header must be a name and a value: "name: value".');
    return [name, value];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}
