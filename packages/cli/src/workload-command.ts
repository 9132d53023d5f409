// `braid workload`: its options, and from them to a bundle of blocks.
import type { WorkloadOptions } from "@braid/workloads";
import { type Command, InvalidArgumentError } from "commander";
import { ExitCode } from "./exit-code.ts";
import { ProgressBar } from "./progress-bar.ts";

interface MakeFlags {
  output: string;
  seed?: string;
  blocks?: number;
  transactions?: [number, number];
  users?: number;
  things?: number;
  contention?: number[];
  senderContention?: number;
  accessLists?: [number, number, number];
  chains?: [number, number];
  reverts?: number;
  outOfGas?: number;
  gasLimit?: bigint;
  quiet?: boolean;
}

const HELP = `
Names are families of contracts: "amm" as they are mostly written, "amm-parallel" so that users who have nothing to do with one another
share no storage; several share the blocks, "amm=3" being three times as frequent as "token". "defi" is the mix of all of them that ships
with Braid. The same options give the same bytes.

Contracts are set up first; the blocks follow on the state after that. Stock @ethereumjs/vm executes and seals them, so their headers are
what any execution has to come to: braid replay checks against them.

Examples:
  braid workload --list
  braid workload make amm -o amm.braid --contention 2
  braid workload make token=5 amm=3 nft-parallel -o mix.braid --blocks 20 --transactions 100..400 --seed monday
  braid workload make lending -o lists.braid --access-lists 80,10,5 --reverts 10 --out-of-gas 5 --chains 20,8
  braid replay amm.braid
`;

/** Adds the command; `finish` gets its exit code. */
export function addWorkloadCommand(program: Command, finish: (code: ExitCode) => void): void {
  const command = program
    .command("workload")
    .summary("make blocks of transactions over contracts of many kinds")
    .description("Chains of blocks over contracts, made from a seed, for replays and benchmarks.")
    .option("--list", "say which families of contracts there are")
    .addHelpText("after", HELP)
    .action(async ({ list }: { list?: boolean }) => {
      if (list !== true) command.help({ error: true });
      process.stdout.write(await listing());
      finish(ExitCode.Ok);
    });
  const make = command
    .command("make <names...>")
    .description("Make a bundle of blocks.")
    .requiredOption("-o, --output <file>", "where the bundle goes")
    .option("--seed <text>", "what the blocks follow from")
    .option("--blocks <count>", "how many; fewer are a prefix of the same chain", wholeNumber)
    .option("--transactions <count>", "of each block, or from..to", range)
    .option("--users <count>", "who send transactions", wholeNumber)
    .option("--things <count>", "tokens, pools, markets, patients: what users choose among", wholeNumber)
    .option(
      "--contention <exponents>",
      "Zipf's exponent over these; several, with commas, take turns",
      numbers(1),
    )
    .option("--sender-contention <exponent>", "the same over users as senders", percent)
    .option(
      "--access-lists <shares>",
      "percent that bring a right, a partly wrong, a useless list",
      numbers(3, 3),
    )
    .option(
      "--chains <share,length>",
      "percent of payments of which each needs the one before",
      numbers(2, 2),
    )
    .option("--reverts <percent>", "transactions that ask for what is refused", percent)
    .option("--out-of-gas <percent>", "transactions that bring too little gas", percent)
    .option("--gas-limit <gas>", "of each block", BigInt)
    .option("--quiet", "print nothing but what is wrong")
    .addHelpText("after", HELP)
    .action(async (names: string[], flags: MakeFlags) => {
      const { mixOf, SHIPPED_CHAIN, WORKLOAD_DEFAULTS } = await import("@braid/workloads");
      let base: WorkloadOptions;
      try {
        base = names.join() === "defi" ? SHIPPED_CHAIN : { ...WORKLOAD_DEFAULTS, mix: mixOf(names) };
      } catch (error) {
        return make.error(`error: ${error instanceof Error ? error.message : error}`);
      }
      await run(flags, base);
      finish(ExitCode.Ok);
    });
}

async function run(
  { output, quiet = false, accessLists, chains, ...flags }: MakeFlags,
  base: WorkloadOptions,
): Promise<void> {
  const { makeWorkload } = await import("@braid/workloads");
  const { writeBundle } = await import("@braid/replay");
  const bar = new ProgressBar(process.stderr, !quiet);
  const start = performance.now();
  const count = flags.blocks ?? base.blocks;
  const totals = { transactions: 0, failed: 0, gas: 0n, blocks: 0 };
  bar.update(0, "setting up the contracts");
  try {
    const bundle = await makeWorkload({
      ...base,
      ...flags,
      ...(accessLists && {
        accessLists: { right: accessLists[0], partlyWrong: accessLists[1], useless: accessLists[2] },
      }),
      ...(chains && { chains: { share: chains[0], length: chains[1] } }),
      onBlock: ({ outcomes, gasUsed }) => {
        totals.transactions += outcomes.length;
        totals.failed += outcomes.filter(({ succeeded }) => !succeeded).length;
        totals.gas += gasUsed;
        bar.update(++totals.blocks / count, `${totals.blocks} of ${count} blocks`);
      },
    });
    await writeBundle(output, bundle);
  } finally {
    bar.clear();
  }
  if (quiet) return;
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  const { blocks, transactions, failed, gas } = totals;
  process.stdout.write(
    `${output}: ${blocks} blocks, ${transactions.toLocaleString("en")} transactions, ${failed} of them fail, ${gas.toLocaleString("en")} gas, in ${seconds} s\n`,
  );
}

async function listing(): Promise<string> {
  const { FAMILIES } = await import("@braid/workloads");
  const lines = FAMILIES.map(({ name, description, variants }) => {
    const forms = variants.map((variant) => (variant === "plain" ? name : `${name}-${variant}`));
    return `${forms.join(", ").padEnd(36)} ${description}\n`;
  });
  return `${lines.join("")}${"defi".padEnd(36)} all of these, as in the chain that ships with Braid\n`;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("it is not a whole number above 0.");
  return number;
}

function percent(text: string): number {
  const number = Number(text);
  if (!(number >= 0 && number <= 100)) throw new InvalidArgumentError("it is not a number from 0 to 100.");
  return number;
}

function range(text: string): [number, number] {
  const [least = "", most = least] = text.split("..");
  return [wholeNumber(least), wholeNumber(most)];
}

/** Numbers with commas between them. */
function numbers<List extends number[]>(
  least: number,
  most = Number.POSITIVE_INFINITY,
): (text: string) => List {
  return (text) => {
    const list = text.split(",").map(percent);
    if (list.length < least || list.length > most)
      throw new InvalidArgumentError(`${least} numbers are needed.`);
    return list as List;
  };
}
