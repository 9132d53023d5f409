// The options of all commands that read from a node, and from them to a client.
import type { ChainInput } from "@braid/protocol";
import type { RpcClient } from "@braid/replay";
import { type Command, InvalidArgumentError, Option } from "commander";

export interface RpcFlags {
  rpc?: string;
  chain?: string;
  genesis?: string;
  timeout: number;
  concurrency: number;
}

/** Adds the options. The URL may hold a key: it is never printed, and can be kept out of the command line. */
export function addRpcOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--rpc <url>",
        "the node's URL, http:// or https://; better in the environment when it holds a key",
      ).env("BRAID_RPC_URL"),
    )
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

/** A client for the node that the flags name, and its chain if they do. Throws RpcError BRAID_RPC_URL; FileError, InvalidChainError. */
export async function connectTo(
  url: string,
  { chain, genesis, timeout, concurrency }: RpcFlags,
  signal: AbortSignal,
): Promise<{ client: RpcClient; chain?: ChainInput }> {
  const { RpcClient } = await import("@braid/replay");
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
