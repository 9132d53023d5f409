// What `braid simulate`, `braid explain` and `braid report` begin with: every block is replayed, checked against its header, and measured.
import { readFile } from "node:fs/promises";
import type { BlockResult, Executor } from "@braid/executor";
import { bytesToHex, FileError } from "@braid/primitives";
import type { BlockProfile, ContractLayout } from "@braid/profiler";
import { type Command, Option } from "commander";
import { type ExitCode, replayExitCode } from "./exit-code.ts";
import { plural } from "./format.ts";
import { onInterruption } from "./interruption.ts";
import { MIB, maxFileSizeOption } from "./max-file-size.ts";
import { parseCount } from "./parse-count.ts";
import { ProgressBar } from "./progress-bar.ts";
import { addRpcOptions, type RpcFlags, remoteBlocks, remoteMistake } from "./rpc-options.ts";

export interface ProfileFlags extends RpcFlags {
  repeat: number;
  maxFileSize: number;
  layout?: string;
}

/** A block that came out right, its profile, and its statistics when it ran in parallel. */
export interface ProfiledBlock {
  file: string;
  number: number;
  hash: string;
  fork: string;
  profile: BlockProfile;
  statistics: BlockResult["statistics"];
}

/** Adds paths and options that all three have. */
export function addProfileOptions(command: Command): Command {
  command.argument("[paths...]", "files, or directories of files, as for braid replay");
  return addRpcOptions(command, { blocks: true })
    .addOption(
      new Option("--repeat <count>", "timed runs of each block; times are medians")
        .argParser(parseCount)
        .default(5),
    )
    .option(
      "--layout <file>",
      'names of variables: JSON { "0xaddress": { "contract": name, "storageLayout": as solc writes it } }',
    )
    .addOption(maxFileSizeOption());
}

/** What is wrong with the command line. */
export function profileMistake(
  paths: readonly string[],
  flags: ProfileFlags,
  command: Command,
): string | undefined {
  const nothing = paths.length === 0 && flags.block === undefined;
  return nothing
    ? "name files, or blocks of a node with --rpc and --block"
    : remoteMistake(paths, flags, command);
}

/** Measures all blocks. Says on stderr what is wrong; the exit code is that of a replay. */
export async function profileBlocks(
  paths: readonly string[],
  flags: ProfileFlags,
): Promise<{ blocks: ProfiledBlock[]; code: ExitCode }> {
  const bar = new ProgressBar(process.stderr, true);
  const interruption = onInterruption(bar);
  // Only now, and one after the other: see replay-command.ts.
  const output = await import("./replay-output.ts");
  const { replay } = await import("@braid/replay");
  const { Executor } = await import("@braid/executor");
  const { measureBlock } = await import("@braid/profiler");
  const executor = new Executor();
  const blocks: ProfiledBlock[] = [];
  let file = "";
  let profile: BlockProfile | undefined;
  /** Measures each block before it runs. */
  const measuring: Pick<Executor, "executeBlock" | "warmUp"> = {
    executeBlock: async (input) => {
      if (!("header" in input.block)) throw new TypeError("a replay decodes its blocks");
      const { block, chain, source, engine, signal, readTimeoutMs, intermediateRoots } = input;
      const given = { block, chain, source, engine, signal, readTimeoutMs, intermediateRoots };
      profile = await measureBlock(executor, withoutUndefined(given), { runs: flags.repeat });
      return executor.executeBlock({ ...input, force: true });
    },
    warmUp: () => executor.warmUp(),
  };
  try {
    const summary = await replay(paths, {
      executor: measuring,
      maxFileBytes: flags.maxFileSize * MIB,
      signal: interruption.signal,
      ...(await remoteBlocks(flags, interruption.signal)),
      onEvent: (event) => {
        if (event.type === "file") file = event.file;
        else if (event.type === "block")
          bar.update(0, `measuring block ${event.number} (${plural(event.transactions, "transaction")})`);
        else if (event.type === "report")
          for (const line of output.describeProblem(event.report)) bar.print(line);
        if (event.type !== "executed" || profile === undefined) return;
        const { block, result } = event;
        blocks.push({
          file,
          number: Number(block.number),
          hash: bytesToHex(block.hash),
          fork: block.fork,
          profile,
          statistics: result.statistics,
        });
      },
    });
    return { blocks, code: replayExitCode(summary) };
  } finally {
    interruption.release();
    await executor.close();
  }
}

function withoutUndefined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]: Exclude<Fields[Name], undefined>;
  };
}

/** The layouts that the flags name. Throws FileError. */
export async function readLayouts({ layout }: ProfileFlags): Promise<Record<string, ContractLayout>> {
  if (layout === undefined) return {};
  const malformed = (why: string): FileError =>
    new FileError(
      "BRAID_FILE_MALFORMED",
      `${layout} ${why}. Give JSON: { "0xaddress": { "contract": name, "storageLayout": what solc writes } }.`,
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(layout, "utf8"));
  } catch (error) {
    throw malformed(error instanceof SyntaxError ? "is no JSON" : "cannot be read");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw malformed("is no object of contracts");
  for (const [address, one] of Object.entries(parsed)) {
    if (!/^0x[0-9a-f]{40}$/i.test(address))
      throw malformed(`has the key ${address.slice(0, 60)}, which is no address`);
    const storage = (one as { storageLayout?: { storage?: unknown } } | null)?.storageLayout?.storage;
    if (storage !== undefined && !Array.isArray(storage))
      throw malformed(`has no list "storage" for ${address}`);
  }
  return parsed as Record<string, ContractLayout>;
}
