// `braid explain`: what serialises a block, in the terminal.
import type { Analysis, BlockProfile } from "@braid/profiler";
import { type Command, InvalidArgumentError, Option } from "commander";
import { ExitCode } from "./exit-code.ts";
import { formatCount, formatMs, formatSpeedup, plural } from "./format.ts";
import {
  addProfileOptions,
  type ProfiledBlock,
  type ProfileFlags,
  profileBlocks,
  profileMistake,
  readLayouts,
} from "./profile-blocks.ts";
import { atOption } from "./report-command.ts";
import { formatTable } from "./table.ts";

interface ExplainFlags extends ProfileFlags {
  at: number;
  tx?: number;
}

const HELP = `
Exit codes are those of braid replay; 1 also when a block has no transaction with the index of --tx.

Examples:
  braid explain block.braid
  braid explain block.braid --tx 17 --at 8
`;

const right = (title: string) => ({ title, align: "right" }) as const;
const left = (title: string) => ({ title, align: "left" }) as const;

/** Adds the command; `finish` gets its exit code. */
export function addExplainCommand(program: Command, finish: (code: ExitCode) => void): void {
  const command = program
    .command("explain")
    .summary("tell what serialises a block, or why a transaction waits")
    .description(
      "Tell which variables and functions serialise a block, and what it would gain without each.",
    );
  addProfileOptions(command)
    .addOption(
      new Option(
        "--tx <index>",
        "tell about one transaction: whom it waits for, who waits for it, why it ran again",
      ).argParser(parseIndex),
    )
    .addOption(atOption())
    .addHelpText("after", HELP)
    .action(async (paths: string[], flags: ExplainFlags) => {
      const mistake = profileMistake(paths, flags, command);
      if (mistake !== undefined) command.error(`error: ${mistake}`);
      finish(await run(paths, flags));
    });
}

async function run(paths: string[], flags: ExplainFlags): Promise<ExitCode> {
  const layouts = await readLayouts(flags);
  const { blocks, code } = await profileBlocks(paths, flags);
  const { analyseBlock, commutes, findings, namesOf, Simulator } = await import("@braid/profiler");
  const names = namesOf(
    blocks.map(({ profile }) => profile),
    layouts,
  );
  const simulator = new Simulator();
  let missing = false;
  for (const block of blocks) {
    const analysis = analyseBlock(simulator, block.profile, { names, at: flags.at });
    const lines = [
      `Block ${block.number} (${block.fork}): ${plural(block.profile.transactions, "transaction")}, ${formatCount(block.profile.gasUsed)} gas, ${formatMs(block.profile.sequentialMs)} in order.`,
    ];
    if (flags.tx === undefined)
      lines.push(...findings(analysis), ...describeBlock(block, analysis, commutes));
    else if (flags.tx < block.profile.transactions) lines.push(...describeTransaction(analysis, flags.tx));
    else {
      missing = true;
      process.stderr.write(
        `braid: block ${block.number} has no transaction ${flags.tx}: it has ${block.profile.transactions}\n`,
      );
      continue;
    }
    process.stdout.write(`${lines.join("\n")}\n\n`);
  }
  return missing && code === ExitCode.Ok ? ExitCode.Failure : code;
}

function describeBlock(
  { statistics }: ProfiledBlock,
  { ranking, simulation, scaling, profile, labels, at }: Analysis,
  commutes: (one: Analysis["ranking"]["groups"][number]) => boolean,
): string[] {
  const lines: string[] = [];
  const { hints } = statistics;
  if (hints.predicted > 0)
    lines.push(`Hints: precision ${hints.precision.toFixed(2)}, recall ${hints.recall.toFixed(2)}.`);
  if (ranking.groups.length > 0)
    lines.push(
      "",
      ...formatTable(
        [
          left("variable"),
          right("wait"),
          right("in a row"),
          left("commutes"),
          right(`without it, ${at} cores`),
        ],
        ranking.groups.map((one) => [
          one.label,
          String(one.readers.length),
          formatMs(one.chainMs),
          commutes(one) ? "seems so" : one.additions > 0 ? `${one.additions} of ${one.writes} add` : "no",
          formatSpeedup(one.speedupWithout),
        ]),
        process.stdout,
      ),
    );
  if (ranking.functions.length > 0)
    lines.push(
      "",
      ...formatTable(
        [
          left("contract"),
          left("function"),
          right("calls"),
          right("wait"),
          right(`sharing nothing, ${at} cores`),
        ],
        ranking.functions.map(({ to = "creation", selector = "", units, waiting, speedupWithout }) => [
          to,
          selector,
          String(units.length),
          String(waiting.length),
          formatSpeedup(speedupWithout),
        ]),
        process.stdout,
      ),
    );
  const { units } = scaling.critical;
  if (units.length > 1)
    lines.push(
      "",
      `The longest chain, ${formatMs(scaling.critical.ms)}: ${units.map((unit) => unit - 1).join(", ")}.`,
    );
  if (simulation.conflicts.length > 0)
    lines.push("", `In vain on ${at} cores: ${plural(simulation.conflicts.length, "execution")}.`);
  for (const conflict of simulation.conflicts.slice(0, 20))
    lines.push(`  ${describeConflict(conflict, profile, labels)}`);
  if (simulation.conflicts.length > 20)
    lines.push(`  and ${simulation.conflicts.length - 20} more: braid report has them all`);
  return lines;
}

function describeConflict(
  { kind, unit, incarnation, location, writer }: Analysis["simulation"]["conflicts"][number],
  profile: BlockProfile,
  labels: Analysis["labels"],
): string {
  const where = labelOf(profile, labels, location);
  const whose = writer === undefined ? "" : ` of ${nameOf(profile, writer)}`;
  const time = incarnation === 0 ? "" : ` (time ${incarnation + 1})`;
  return kind === "abort"
    ? `${nameOf(profile, unit)}${time} had read ${where} before the write${whose}`
    : `${nameOf(profile, unit)}${time} met ${where} while a write${whose} was to come`;
}

function labelOf({ locations }: BlockProfile, labels: Analysis["labels"], location: number): string {
  const at = locations[location];
  const key = at === undefined ? "a location" : `${at.address}:${at.slot ?? at.field}`;
  return labels.get(key) ?? key;
}

function nameOf({ units }: BlockProfile, unit: number): string {
  const kind = units[unit]?.kind;
  return kind === "transaction" ? `transaction ${unit - 1}` : `the ${kind}`;
}

function describeTransaction(
  { profile, dependencies, simulation, labels, scaling, at }: Analysis,
  index: number,
): string[] {
  const unit = index + 1;
  const found = profile.units[unit];
  const lines = [
    `Transaction ${index} (${found?.hash}): from ${found?.from} to ${found?.to ?? "nobody (it creates)"} ${found?.selector ?? ""}`.trimEnd(),
    `  ${formatCount(found?.gasUsed ?? 0)} gas, ${formatMs(found?.executeMs ?? 0)}${found?.status === 0 ? ", failed" : ""}; looks at ${plural(found?.reads.length ?? 0, "location")}, writes ${found?.writes.length ?? 0}`,
  ];
  const waits = dependencies.filter(({ reader }) => reader === unit);
  const holds = dependencies.filter(({ writer }) => writer === unit);
  if (waits.length === 0) lines.push("It looks at nothing that another one of the block has written.");
  for (const { writer, location } of waits)
    lines.push(`It looks at ${labelOf(profile, labels, location)}, which ${nameOf(profile, writer)} wrote.`);
  for (const { reader, location } of holds)
    lines.push(`It wrote ${labelOf(profile, labels, location)}, at which ${nameOf(profile, reader)} looks.`);
  if (scaling.critical.units.length > 1 && scaling.critical.units.includes(unit))
    lines.push("It is part of the longest chain.");
  for (const conflict of simulation.conflicts)
    if (conflict.unit === unit) lines.push(`On ${at} cores: ${describeConflict(conflict, profile, labels)}.`);
  return lines;
}

function parseIndex(value: string): number {
  if (/^\d{1,7}$/.test(value)) return Number(value);
  throw new InvalidArgumentError("It must be a whole number: the first transaction is 0.");
}
