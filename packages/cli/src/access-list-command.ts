// `braid access-list`: its options, and from them to an exit code.
import type { AccessListJson } from "@braid/replay";
import type { Command } from "commander";
import { type ExitCode, replayExitCode } from "./exit-code.ts";
import { formatCount, plural } from "./format.ts";
import { onInterruption } from "./interruption.ts";
import { MIB, maxFileSizeOption } from "./max-file-size.ts";
import { ProgressBar } from "./progress-bar.ts";
import { addRpcOptions, type RpcFlags, remoteBlocks, remoteMistake } from "./rpc-options.ts";

interface AccessListFlags extends RpcFlags {
  output?: string;
  maxFileSize: number;
  json?: boolean;
}

const HELP = `
Every block is executed and checked against its header; only then its list is told. Blocks before Amsterdam have no list
of their own: theirs say what EIP-7928 would have them say.

Exit codes:
  0    every block has its list
  1    a file or block could not be executed
  2    the command line is wrong
  3    a result does not match
  130  interrupted with Ctrl-C

Examples:
  braid access-list blocks/ -o lists                       lists/<number>.json and lists/<number>.rlp
  braid access-list --rpc http://localhost:8545 --block latest --json
  braid replay blocks/ --access-list lists
`;

/** Adds the command; `finish` gets its exit code. */
export function addAccessListCommand(program: Command, finish: (code: ExitCode) => void): void {
  const command = program
    .command("access-list")
    .summary("make the block access lists (EIP-7928) of any blocks")
    .description(
      "Execute blocks and tell what each accessed and changed, as EIP-7928 has it: JSON, RLP and hash.",
    )
    .argument("[paths...]", "files, or directories of files, as for braid replay");
  addRpcOptions(command, { blocks: true })
    .option("-o, --output <folder>", "write each list there, as JSON and as RLP")
    .addOption(maxFileSizeOption())
    .option("--json", "print one JSON document with all lists")
    .addHelpText("after", HELP)
    .action(async (paths: string[], flags: AccessListFlags) => {
      const nothing = paths.length === 0 && flags.block === undefined;
      const mistake = nothing
        ? "name files, or blocks of a node with --rpc and --block"
        : remoteMistake(paths, flags, command);
      if (mistake !== undefined) command.error(`error: ${mistake}`);
      finish(await run(paths, flags));
    });
}

async function run(paths: string[], flags: AccessListFlags): Promise<ExitCode> {
  const bar = new ProgressBar(process.stderr, true);
  const interruption = onInterruption(bar);
  try {
    const output = await import("./replay-output.ts");
    const { accessListJson, replay, writeAccessList } = await import("@braid/replay");
    const { mkdir } = await import("node:fs/promises");
    if (flags.output !== undefined) await mkdir(flags.output, { recursive: true });
    const lists: AccessListJson[] = [];
    const written: Promise<void>[] = [];
    const summary = await replay(paths, {
      maxFileBytes: flags.maxFileSize * MIB,
      signal: interruption.signal,
      ...(await remoteBlocks(flags, interruption.signal)),
      onEvent: (event) => {
        if (event.type === "report") for (const line of output.describeProblem(event.report)) bar.print(line);
        if (event.type !== "executed") return;
        const { block, result } = event;
        const list = result.accessList;
        const json = accessListJson(block, list);
        if (flags.output !== undefined) written.push(writeAccessList(flags.output, block, list));
        if (flags.json === true) lists.push(json);
        else process.stdout.write(`${describeList(json)}\n`);
      },
    });
    await Promise.all(written);
    if (flags.json === true) process.stdout.write(`${JSON.stringify(lists, null, 2)}\n`);
    return replayExitCode(summary);
  } finally {
    interruption.release();
  }
}

/** Number, hash of the list, and how much is in it. */
function describeList({ number, accessListHash, accessList }: AccessListJson): string {
  const slots = accessList.reduce(
    (sum, { storageChanges, storageReads }) => sum + storageChanges.length + storageReads.length,
    0,
  );
  return `${number}  ${accessListHash}  ${plural(accessList.length, "account")}, ${formatCount(slots)} slots`;
}
