// `braid node`: its options, which go by the names that anvil and `hardhat node` have for them, and the node's life.

import { type Command, InvalidArgumentError, Option } from "commander";
import { ExitCode } from "./exit-code.ts";
import { addForkOptions, type ForkFlags, forkOf } from "./fork-options.ts";
import { type Limits, limitOption } from "./limit-option.ts";
import { MIB, maxFileSizeOption } from "./max-file-size.ts";
import { addNodeMetrics } from "./node-metrics.ts";
import type { NodeOutput } from "./node-output.ts";
import { ProgressBar } from "./progress-bar.ts";

export interface NodeFlags extends ForkFlags {
  host: string;
  port: number;
  ipc?: string;
  allowOrigin?: string;
  chainId?: number;
  hardfork?: string;
  accounts: number;
  balance: bigint;
  mnemonic?: string;
  derivationPath?: string;
  gasLimit?: bigint;
  baseFee?: bigint;
  timestamp?: bigint;
  blockTime?: number;
  mining: boolean;
  order: "fees" | "fifo";
  genesis?: string;
  import?: string;
  datadir?: string;
  workers?: number;
  engine?: string;
  limit: Limits;
  maxFileSize: number;
  silent?: boolean;
  json?: boolean;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const HELP = `
Without options: a development chain in memory with id 31337, ten accounts with 10,000 ether each whose keys are printed, and a
block for each transaction. HTTP and WebSocket are on one port. GET /health, /ready and /metrics answer monitors.

Exit codes:
  0    ended by Ctrl-C or SIGTERM, after what was under way (a second one ends it at once)
  1    the node could not start, or a block of --import is invalid
  2    the command line is wrong

Examples:
  braid node
  braid node --port 9545 --block-time 2 --accounts 5
  braid node --datadir chain --no-mining
  braid node --host 0.0.0.0 --limit connections=200 --limit callMs=1000
  braid node --genesis genesis.json --import chain.rlp --datadir chain
  braid node --fork-url https://rpc.example.org --fork-block-number 18000000
`;

/** Adds the command; `finish` gets its exit code. */
export function addNodeCommand(program: Command, finish: (code: ExitCode) => void): void {
  const command = program
    .command("node")
    .summary("run a development node, or serve an imported chain, over JSON-RPC")
    .description(
      "Run an Ethereum node whose blocks are executed on all cores. ethers, viem and wallets connect to it.",
    )
    .addOption(new Option("--host <address>", "listen on this address").default("127.0.0.1"))
    .addOption(new Option("--hostname <address>", "as --host").hideHelp())
    .addOption(
      new Option("-p, --port <number>", "listen on this port; 0 for any free one")
        .argParser(parsePort)
        .default(8545),
    )
    .option("--ipc <path>", "also listen on a Unix socket or Windows pipe")
    .option("--allow-origin <origin>", "pages that may call: an origin, or * for all (default: all)")
    .addOption(new Option("--chain-id <number>", "the development chain's id").argParser(parseCount))
    .option("--hardfork <name>", "the development chain's rules (default: osaka)")
    .addOption(
      new Option("-a, --accounts <count>", "accounts with ether and keys").argParser(parseCount).default(10),
    )
    .addOption(
      new Option("--balance <ether>", "of each account").argParser(parseBigInt).default(10_000n, "10000"),
    )
    .option("-m, --mnemonic <words>", "that the accounts are derived from")
    .option("--derivation-path <path>", "of the accounts (default: m/44'/60'/0'/0/)")
    .addOption(new Option("--gas-limit <gas>", "of a block (default: 60000000)").argParser(parseBigInt))
    .addOption(new Option("--base-fee <wei>", "of the first block (default: 1 gwei)").argParser(parseBigInt))
    .addOption(
      new Option("--block-base-fee-per-gas <wei>", "as --base-fee").argParser(parseBigInt).hideHelp(),
    )
    .addOption(
      new Option("--timestamp <seconds>", "of the first block (default: now)").argParser(parseBigInt),
    )
    .addOption(
      new Option(
        "-b, --block-time <seconds>",
        "a block every so often, instead of one for each transaction",
      ).argParser(parseSeconds),
    )
    .option("--no-mining", "no blocks but those that are asked for (evm_mine)")
    .addOption(
      new Option("--order <which>", "transactions that come first into a block")
        .choices(["fees", "fifo"])
        .default("fees"),
    )
    .option("--genesis <file>", "another chain: a geth genesis file")
    .addOption(new Option("--init <file>", "as --genesis").hideHelp())
    .option(
      "--import <file>",
      "first import the blocks of a chain file (RLP); those that are there are passed over",
    )
    .option("--datadir <folder>", "keep everything in this folder (default: in memory)")
    .addOption(
      new Option("--workers <count>", "threads that execute blocks (default: one for each core)").argParser(
        parseCount,
      ),
    )
    .addOption(
      new Option("--engine <engine>", "which EVM executes (default: wasm)").choices(["wasm", "ethereumjs"]),
    )
    .addOption(limitOption())
    .addOption(maxFileSizeOption());
  addForkOptions(command)
    .option("--silent", "print nothing but errors")
    .addOption(new Option("-q, --quiet", "as --silent").hideHelp())
    .option("--json", "print one JSON object a line")
    .addHelpText("after", HELP)
    .action(async (flags: NodeFlags & Aliases) => {
      finish(await run(withAliases(flags)));
    });
}

/** Other nodes' names for the same options. */
interface Aliases {
  hostname?: string;
  blockBaseFeePerGas?: bigint;
  init?: string;
  quiet?: boolean;
}

function withAliases({
  hostname,
  blockBaseFeePerGas,
  init,
  quiet,
  ...flags
}: NodeFlags & Aliases): NodeFlags {
  return {
    ...flags,
    ...(hostname === undefined ? {} : { host: hostname }),
    ...(blockBaseFeePerGas === undefined ? {} : { baseFee: blockBaseFeePerGas }),
    ...(init === undefined ? {} : { genesis: init }),
    ...(quiet === undefined ? {} : { silent: quiet }),
  };
}

async function run(flags: NodeFlags): Promise<ExitCode> {
  // Only now: they bring the whole EVM, which `braid --help` can do without.
  const [{ createNode }, { RpcServer }, { readOptions }, { rpcLimits }, { NodeOutput }] = await Promise.all([
    import("@braid/node"),
    import("@braid/rpc"),
    import("./node-options.ts"),
    import("./node-limits.ts"),
    import("./node-output.ts"),
  ]);
  const output = new NodeOutput(
    process.stdout,
    flags.json === true ? "json" : flags.silent === true ? "silent" : "text",
  );
  let isEnding = false;
  const forked = await forkOf(flags, (text) => process.stderr.write(`braid: ${text}\n`));
  // It outlives the node.
  await using _cache = { [Symbol.asyncDispose]: async () => forked?.close() };
  const options = await readOptions(flags, flags.maxFileSize * MIB);
  await using provider = await createNode(forked === undefined ? options : { ...options, fork: forked.fork });
  if (flags.import !== undefined) await importChain(provider, flags.import, output);
  await using server = await RpcServer.listen({
    handler: provider.handler,
    host: flags.host,
    port: flags.port,
    ...(flags.ipc === undefined ? {} : { ipcPath: flags.ipc }),
    ...(flags.allowOrigin === undefined ? {} : { cors: [flags.allowOrigin] }),
    limits: rpcLimits(flags.limit),
    ready: () => !isEnding,
    onCall: (record) => {
      if (record.bug !== undefined) output.bug(record.method, record.bug);
    },
  });
  provider.node.miner.onMined((mined) => output.mined(mined, provider.node));
  provider.node.miner.onEmptyBlocks((blocks) => output.minedEmpty(blocks));
  addNodeMetrics(server.metrics, provider.node);
  output.banner(provider.node, server.url, flags);
  await untilTold();
  isEnding = true;
  output.end();
  return ExitCode.Ok;
}

/** Resolves with the first signal to end; the second one ends the process at once. */
function untilTold(): Promise<void> {
  return new Promise((resolve) => {
    const told = (): void => {
      for (const signal of SIGNALS) process.off(signal, told);
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, told);
  });
}

type Provider = Awaited<ReturnType<typeof import("@braid/node").createNode>>;

async function importChain({ node }: Provider, path: string, output: NodeOutput): Promise<void> {
  const { importChainFile } = await import("@braid/chain");
  const bar = new ProgressBar(process.stderr, true);
  try {
    await importChainFile(node.chain, path, ({ done, total, number }) => {
      bar.update(done / total, `block ${number}`);
      output.importing(done, total, number);
    });
  } finally {
    bar.clear();
  }
}

function parsePort(value: string): number {
  const port = Number(value);
  if (/^\d+$/.test(value) && port < 65_536) return port;
  throw new InvalidArgumentError("It must be a number from 0 to 65535.");
}

function parseCount(value: string): number {
  const count = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("It must be a whole number.");
}

function parseBigInt(value: string): bigint {
  if (/^(\d{1,78}|0x[0-9a-f]{1,64})$/i.test(value)) return BigInt(value);
  throw new InvalidArgumentError("It must be a whole number.");
}

function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (/^\d+(\.\d+)?$/.test(value) && seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError("It must be a number of seconds above 0.");
}
