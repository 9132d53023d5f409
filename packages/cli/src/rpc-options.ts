// The options of all commands that read from a node, and from them to a client.
import type { ChainInput } from "@braid/protocol";
import type { RpcClient } from "@braid/remote";
import type { RemoteBlocks } from "@braid/replay";
import { type Command, InvalidArgumentError, Option } from "commander";

export interface RpcFlags {
  rpc?: string;
  /** Of the commands that can do without a node. */
  block?: string;
  cache?: string;
  chain?: string;
  genesis?: string;
  timeout: number;
  concurrency: number;
}

/** Adds the options. The URL may hold a key: it is never printed, and can be kept out of the command line. */
export function addRpcOptions(command: Command, { blocks }: { blocks: boolean }): Command {
  if (blocks)
    command
      .option(
        "--block <blocks>",
        'blocks from a node: a number, a range (a..b), "latest", a hash, or a file of these',
      )
      .option("--cache <folder>", "keeps what the node answered, so that it is not asked twice");
  return addNodeOptions(command)
    .addOption(
      new Option("--chain <name>", "which chain the node has (default: by the id that it says)").choices([
        "mainnet",
        "sepolia",
        "holesky",
        "hoodi",
      ]),
    )
    .addOption(
      new Option("--genesis <file>", "any other chain: its genesis file, as geth takes it").conflicts(
        "chain",
      ),
    );
}

/** Of a node of which is known which chain it has. */
export function addNodeOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--rpc <url>",
        "the node's URL, http:// or https://; better in the environment when it holds a key",
      ).env("BRAID_RPC_URL"),
    )
    .addOption(
      new Option("--timeout <seconds>", "a request that takes longer is made again")
        .argParser(countUpTo(3600))
        .default(60),
    )
    .addOption(
      new Option("--concurrency <count>", "requests under way at once").argParser(countUpTo(256)).default(16),
    );
}

const RPC_FLAGS = ["rpc", "block", "cache", "chain", "genesis", "timeout", "concurrency"];

/** The other flags, which may be shown: none of them holds a URL. */
export function withoutRpc<Flags extends RpcFlags>(flags: Flags): Omit<Flags, keyof RpcFlags> {
  const others = Object.entries(flags).filter(([name]) => !RPC_FLAGS.includes(name));
  return Object.fromEntries(others) as Omit<Flags, keyof RpcFlags>;
}

/** What is wrong with a command line that reads from a node instead of files, or should. */
export function remoteMistake(
  paths: readonly string[],
  { rpc, block, cache }: RpcFlags,
  command: Command,
): string | undefined {
  // It is not repeated: it may hold a key.
  if (paths.some((path) => /^https?:/i.test(path)))
    return "a node's URL is no path: name it with --rpc <url>";
  if (block !== undefined && paths.length > 0) return "--block reads from a node: leave out the paths";
  if (block !== undefined && (rpc === undefined || rpc === ""))
    return "name the node with --rpc <url>, or in the environment as BRAID_RPC_URL";
  if (block === undefined && command.getOptionValueSource("rpc") === "cli")
    return "say which blocks of the node with --block <blocks>";
  return block === undefined && cache !== undefined ? "--cache goes with --block" : undefined;
}

/** The blocks of a node that the flags name, for a replay; nothing when they name none. */
export async function remoteBlocks(flags: RpcFlags, signal: AbortSignal): Promise<{ remote?: RemoteBlocks }> {
  const { rpc = "", block, cache } = flags;
  if (block === undefined) return {};
  const { selectBlocks } = await import("@braid/replay");
  const blocks = await selectBlocks(block);
  return {
    remote: { ...(await connectTo(rpc, flags, signal)), blocks, ...(cache === undefined ? {} : { cache }) },
  };
}

/** A client for the node that the flags name, and its chain if they do. Throws RpcError BRAID_RPC_URL; FileError, InvalidChainError. */
export async function connectTo(
  url: string,
  { chain, genesis, timeout, concurrency }: RpcFlags,
  signal: AbortSignal,
): Promise<{ client: RpcClient; chain?: ChainInput }> {
  const { RpcClient } = await import("@braid/remote");
  const client = new RpcClient(url, { timeoutMs: timeout * 1000, concurrency, signal });
  if (genesis !== undefined) return { client, chain: await readGenesis(genesis) };
  return chain === undefined ? { client } : { client, chain: chain as ChainInput };
}

async function readGenesis(path: string): Promise<ChainInput> {
  const [{ chainOf }, { FileError, jsonObject, parseJsonBounded, readBounded }] = [
    await import("@braid/protocol"),
    await import("@braid/primitives"),
  ];
  const bytes = await readBounded(path);
  try {
    return chainOf(jsonObject(parseJsonBounded(bytes), "genesis") as object as ChainInput);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FileError(
      "BRAID_FILE_MALFORMED",
      `${path} is no JSON. Give the chain's genesis file, as geth takes it.`,
    );
  }
}

function countUpTo(most: number): (value: string) => number {
  return (value) => {
    const count = Number(value);
    if (/^\d+$/.test(value) && count >= 1 && count <= most) return count;
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
  };
}
