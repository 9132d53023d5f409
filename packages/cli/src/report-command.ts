// `braid report`: its options, and from them to a page.
import { writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { ExitCode } from "./exit-code.ts";
import { plural } from "./format.ts";
import {
  addProfileOptions,
  type ProfileFlags,
  profileBlocks,
  profileMistake,
  readLayouts,
} from "./profile-blocks.ts";

interface ReportFlags extends ProfileFlags {
  output: string;
  at: number;
  title?: string;
}

const HELP = `
The page needs nothing beside it: timeline, conflicts, what serialises each block and what it would gain without that, executions in vain and why,
all transactions. Drawing it takes the npm package echarts.

Exit codes are those of braid replay.

Examples:
  braid report blocks/ -o report.html
  braid report block.braid -o report.html --layout layouts.json --at 32
`;

/** Adds the command; `finish` gets its exit code. */
export function addReportCommand(program: Command, finish: (code: ExitCode) => void): void {
  const command = program
    .command("report")
    .summary("write a page about what serialises blocks")
    .description(
      "Measure blocks, simulate them on 1 to 64 cores, and write what there is to see as one HTML page.",
    );
  addProfileOptions(command)
    .requiredOption("-o, --output <file>", "the page")
    .addOption(atOption())
    .option("--title <text>", "the page's heading")
    .addHelpText("after", HELP)
    .action(async (paths: string[], flags: ReportFlags) => {
      const mistake = profileMistake(paths, flags, command);
      if (mistake !== undefined) command.error(`error: ${mistake}`);
      finish(await run(paths, flags));
    });
}

/** `--at`, which `braid explain` has too. */
export function atOption(): Option {
  return new Option("--at <cores>", "how many cores the details are told for")
    .argParser(parseCores)
    .default(16);
}

async function run(paths: string[], flags: ReportFlags): Promise<ExitCode> {
  const layouts = await readLayouts(flags);
  const { blocks, code } = await profileBlocks(paths, flags);
  if (blocks.length === 0) return code === ExitCode.Ok ? ExitCode.Failure : code;
  const { namesOf, renderReport } = await import("@braid/profiler");
  const html = await renderReport(
    blocks.map(({ file, fork, profile, statistics }) => ({
      profile,
      source: `${fork}, ${relative(process.cwd(), file)}`,
      hints: statistics.hints,
    })),
    {
      title: flags.title ?? `Parallelism of ${plural(blocks.length, "block")}`,
      names: namesOf(
        blocks.map(({ profile }) => profile),
        layouts,
      ),
      at: flags.at,
    },
  );
  await writeFile(flags.output, html);
  process.stdout.write(`${flags.output}: ${plural(blocks.length, "block")}\n`);
  return code;
}

function parseCores(value: string): number {
  const count = Number(value);
  if (/^\d+$/.test(value) && count >= 1 && count <= 64) return count;
  throw new InvalidArgumentError("It must be a whole number from 1 to 64.");
}
