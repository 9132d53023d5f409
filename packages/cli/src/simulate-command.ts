// `braid simulate`: its options, and from them to an exit code.
import type { Scaling } from "@braid/profiler";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ExitCode } from "./exit-code.ts";
import { formatMs, formatSpeedup } from "./format.ts";
import {
  addProfileOptions,
  type ProfiledBlock,
  type ProfileFlags,
  profileBlocks,
  profileMistake,
} from "./profile-blocks.ts";
import { formatTable } from "./table.ts";

interface SimulateFlags extends ProfileFlags {
  workers: number[];
  without: string[];
  lazy?: boolean;
  foreseen?: boolean;
  json?: boolean;
}

const HELP = `
Every block is executed, checked against its header, and measured transaction by transaction; then the real scheduler runs it in virtual
time, with what each transaction has read and written. Without hints, or with perfect ones (--foreseen): learned ones lie between. Speed-ups
are over running the block in order, the main thread's part included.

Exit codes are those of braid replay.

Examples:
  braid simulate blocks/ --workers 1..64
  braid simulate block.braid --workers 4,16 --without 0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc:8
  braid simulate block.braid --without 0xb4e16d0168e52d35cacd2c6185b44281ec28c9dc --lazy
`;

/** Adds the command; `finish` gets its exit code. */
export function addSimulateCommand(program: Command, finish: (code: ExitCode) => void): void {
  const command = program
    .command("simulate")
    .summary("tell how blocks would run on 1 to 64 cores")
    .description(
      "Tell how blocks would run on more cores than there are, what bounds them, and what they would gain\nwithout a location.",
    );
  addProfileOptions(command)
    .addOption(
      new Option(
        "--workers <counts>",
        "how many: a number, a list (1,4,16), or a range (1..64: 1, 2, 4 and so on)",
      )
        .argParser(parseWorkers)
        .default([1, 2, 4, 8, 16, 32, 64], "1..64"),
    )
    .addOption(
      new Option(
        "--without <location>",
        "take away a slot (0xaddress:slot), a field (0xaddress:balance), or all slots of an account (0xaddress); any number of times",
      )
        .argParser(parseLocation)
        .default([], "nothing"),
    )
    .option("--lazy", "take additions that do not depend on the value as deltas")
    .option("--foreseen", "as if hints had foreseen every conflict; without it there are no hints")
    .option("--json", "print one JSON document")
    .addHelpText("after", HELP)
    .action(async (paths: string[], flags: SimulateFlags) => {
      const mistake = profileMistake(paths, flags, command);
      if (mistake !== undefined) command.error(`error: ${mistake}`);
      finish(await run(paths, flags));
    });
}

async function run(paths: string[], flags: SimulateFlags): Promise<ExitCode> {
  const { blocks, code } = await profileBlocks(paths, flags);
  const { locationsOf, Simulator } = await import("@braid/profiler");
  const { workers, without, lazy, foreseen } = flags;
  for (const location of without)
    if (!blocks.some(({ profile }) => locationsOf(profile, [location]).size > 0))
      process.stderr.write(`braid: no block touches ${location}\n`);
  const simulator = new Simulator();
  const scaled = blocks.map((block) => ({
    block,
    scaling: simulator.scale(block.profile, workers, { without, lazy, foreseen }),
  }));
  if (flags.json === true) process.stdout.write(`${JSON.stringify(scaled.map(toJson), null, 2)}\n`);
  else process.stdout.write(`${format(scaled, workers).join("\n")}\n`);
  return code;
}

interface Scaled {
  block: ProfiledBlock;
  scaling: Scaling;
}

function toJson({ block, scaling }: Scaled): object {
  const { file, number, hash, fork, profile } = block;
  const { critical, boundMs, simulations } = scaling;
  return {
    file,
    number,
    hash,
    fork,
    transactions: profile.transactions,
    gasUsed: profile.gasUsed,
    sequentialMs: profile.sequentialMs,
    mainThreadMs: profile.mainThreadMs,
    criticalPath: { ms: critical.ms, transactions: critical.units.map((unit) => unit - 1) },
    bound: profile.sequentialMs / boundMs,
    simulations: simulations.map(({ conflicts: _, perWorker: __, ...simulation }) => simulation),
  };
}

function format(scaled: readonly Scaled[], workers: readonly number[]): string[] {
  const row = (name: string, blocks: readonly Scaled[]): string[] => {
    const sum = (of: (one: Scaled) => number): number => blocks.reduce((total, one) => total + of(one), 0);
    const inOrder = sum(({ block }) => block.profile.sequentialMs);
    return [
      name,
      String(sum(({ block }) => block.profile.transactions)),
      formatMs(inOrder),
      formatMs(sum(({ scaling }) => scaling.critical.ms)),
      ...workers.map((_, i) =>
        formatSpeedup(inOrder / sum(({ scaling }) => scaling.simulations[i]?.totalMs ?? 0)),
      ),
      formatSpeedup(inOrder / sum(({ scaling }) => scaling.boundMs)),
      String(sum(({ scaling }) => scaling.simulations.at(-1)?.aborts ?? 0)),
    ];
  };
  const right = (title: string) => ({ title, align: "right" }) as const;
  const columns = [
    right("block"),
    right("txs"),
    right("in order"),
    right("longest chain"),
    ...workers.map((count) => right(count === 1 ? "1 core" : `${count} cores`)),
    right("at most"),
    right("aborts"),
  ];
  const rows = scaled.map((one) => row(String(one.block.number), [one]));
  if (scaled.length > 1) rows.push(row("all", scaled));
  return formatTable(columns, rows, process.stdout);
}

function parseWorkers(value: string): number[] {
  const range = /^(\d+)\.\.(\d+)$/.exec(value);
  const counts =
    range === null
      ? value.split(",").map((one) => (/^\d+$/.test(one) ? Number(one) : Number.NaN))
      : doubling(Number(range[1]), Number(range[2]));
  if (counts.length > 0 && counts.every((count) => count >= 1 && count <= 64)) return counts;
  throw new InvalidArgumentError("It must be numbers from 1 to 64: 16, or 1,4,16, or 1..64.");
}

/** Both ends, and the powers of two between them. */
function doubling(first: number, last: number): number[] {
  const between = [1, 2, 4, 8, 16, 32, 64].filter((count) => count > first && count < last);
  return first > last ? [] : [...new Set([first, ...between, last])];
}

/** As the profiler has it: lower case, the slot with all its digits. */
function parseLocation(value: string, before: string[] = []): string[] {
  const [, address, part] = /^(0x[0-9a-f]{40})(?::(.+))?$/.exec(value.toLowerCase()) ?? [];
  if (address === undefined)
    throw new InvalidArgumentError("It must be 0xaddress, 0xaddress:slot, or 0xaddress:balance.");
  if (part === undefined) return [...before, address];
  const field = ["balance", "nonce", "codeHash", "storageReset"].find((one) => one.toLowerCase() === part);
  if (field !== undefined) return [...before, `${address}:${field}`];
  if (!/^(0x[0-9a-f]{1,64}|\d{1,78})$/.test(part) || BigInt(part) >= 1n << 256n)
    throw new InvalidArgumentError("The slot must be a number of at most 256 bits.");
  return [...before, `${address}:0x${BigInt(part).toString(16).padStart(64, "0")}`];
}
