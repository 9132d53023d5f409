// The loop over blocks that are captured: skips those that are there, has some under way at once, replays each before it counts as captured.

import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { bytesToHex, equalBytes, FileError } from "@braid/primitives";
import { type ChainInput, chainOf } from "@braid/protocol";
import { type BlockReference, isFinalCode, RemoteNode, type RpcClient } from "@braid/remote";
import { loadBlock } from "../block-file.ts";
import type { BlockExecutor } from "../block-runner.ts";
import type { BlockSelection } from "../block-selection.ts";
import { type Bundle, readBundle, writeBundle } from "../bundle.ts";
import { BlockFileError, describeError, type ErrorReport } from "../errors.ts";
import { fetchBlock } from "../remote-block.ts";
import { replay } from "../replay.ts";
import type { BlockReport } from "../report.ts";
import { BlockCapturer, type CaptureWay } from "./capture-block.ts";

/** Below the folder: bundles that do not reproduce their headers. A folder that begins with a dot is not replayed with those around it. */
const MISMATCHES = ".mismatch";

/** Blocks under way at once: while one is executed, the others are fetched. */
const BLOCKS_AT_ONCE = 4;

export interface CaptureOptions {
  client: RpcClient;
  blocks: BlockSelection;
  /** Gets one bundle for each block, `<number>.braid`; made when it is not there. */
  folder: string;
  /** Default: by the id that the node says. */
  chain?: ChainInput;
  /** Bundles hold trie nodes, so that state roots are checked too. */
  witness?: boolean;
  /** Ends the capture: what is captured stays, nothing half-written does. The client should have the same. */
  signal?: AbortSignal;
  onEvent?: (event: CaptureEvent) => void;
  /** Executes the blocks instead of an executor of this capture's own. */
  executor?: BlockExecutor;
}

/** What became of a block. */
export type CaptureOutcome =
  /** Written and replayed. */
  | { verdict: "captured"; block: string; number: number; path: string; way: CaptureWay; report: BlockReport }
  /** It was there already. */
  | { verdict: "skipped"; block: string; number: number; path: string }
  /** It does not reproduce its header; kept aside. */
  | { verdict: "mismatch"; block: string; number: number; path: string; way: CaptureWay; report: BlockReport }
  /** It could not be had. */
  | { verdict: "error"; block: string; error: ErrorReport };

export interface CaptureEvent {
  outcome: CaptureOutcome;
  done: number;
  count: number;
}

export interface CaptureSummary {
  outcomes: CaptureOutcome[];
  /** True when it was told to stop before the end. */
  interrupted: boolean;
  /** Why it ended early: the node cannot be reached, or gives no more answers. */
  stopped?: ErrorReport;
}

/**
 * Captures blocks. Resolves also when some cannot be captured: see their outcomes.
 *
 * @throws RpcError, BlockFileError BRAID_UNKNOWN_CHAIN, InvalidChainError when the node or its chain cannot be used at all;
 *   FileError BRAID_FILE_UNREADABLE when the folder cannot be made.
 */
export async function captureBlocks(options: CaptureOptions): Promise<CaptureSummary> {
  if (options.executor !== undefined) return await captureOn(options.executor, options);
  // Loaded when it is needed: it brings the whole EVM, which `braid --help` can do without.
  const { Executor } = await import("@braid/executor");
  const executor = new Executor();
  try {
    return await captureOn(executor, options);
  } finally {
    await executor.close();
  }
}

async function captureOn(executor: BlockExecutor, options: CaptureOptions): Promise<CaptureSummary> {
  const { client, blocks, folder, signal } = options;
  const node = await RemoteNode.connect(client, options.chain);
  await makeFolder(folder);
  const capture = new FolderCapture(node, executor, options);
  const outcomes: CaptureOutcome[] = [];
  const summary: CaptureSummary = { outcomes, interrupted: false };
  const references = blocks.references()[Symbol.iterator]();
  const isInterrupted = (): boolean => signal?.aborted === true;
  const work = async (): Promise<void> => {
    for (let next = references.next(); next.done !== true; next = references.next()) {
      if (summary.stopped !== undefined || isInterrupted()) return;
      const block = nameOf(next.value);
      let outcome: CaptureOutcome;
      try {
        outcome = await capture.one(next.value, block);
      } catch (error) {
        if (isInterrupted()) return;
        outcome = { verdict: "error", block, error: describeError(error) };
        if (isFinalCode(outcome.error.code)) {
          if (summary.stopped !== undefined) return;
          summary.stopped = outcome.error;
        }
      }
      outcomes.push(outcome);
      options.onEvent?.({ outcome, done: outcomes.length, count: blocks.count });
    }
  };
  await Promise.all(Array.from({ length: BLOCKS_AT_ONCE }, work));
  summary.interrupted = isInterrupted();
  return summary;
}

/** Captures into one folder. */
class FolderCapture {
  readonly #node: RemoteNode;
  readonly #executor: BlockExecutor;
  readonly #options: CaptureOptions;
  readonly #capturer: BlockCapturer;

  constructor(node: RemoteNode, executor: BlockExecutor, options: CaptureOptions) {
    this.#node = node;
    this.#executor = executor;
    this.#options = options;
    const { witness = false, signal } = options;
    this.#capturer = new BlockCapturer(node, executor, { witness, signal });
  }

  /** Throws whatever goes wrong. */
  async one(reference: BlockReference, name: string): Promise<CaptureOutcome> {
    if (typeof reference === "bigint") {
      const path = await this.#present(reference, undefined);
      if (path !== undefined) return { verdict: "skipped", block: name, number: Number(reference), path };
    }
    const remote = await fetchBlock(this.#node, reference);
    const { number, hash } = remote.block;
    if (typeof reference !== "bigint") {
      const path = await this.#present(number, hash);
      if (path !== undefined) return { verdict: "skipped", block: name, number: Number(number), path };
    }
    const { bundle, way } = await this.#capturer.capture(remote);
    const path = this.#pathOf(number);
    // Its name begins with a dot: who replays the folder meanwhile does not see it.
    const partial = join(this.#options.folder, `.${number}.braid.partial`);
    try {
      const comment = `captured by ${way} from a node of the chain ${this.#node.chain.name}`;
      await writeBundle(partial, { ...bundle, comment });
      const report = await this.#replay(partial);
      const about = { block: name, number: Number(number), way };
      if (report.verdict === "ok") {
        await rename(partial, path);
        return { verdict: "captured", ...about, path, report: { ...report, file: path } };
      }
      const aside = join(this.#options.folder, MISMATCHES, `${number}.braid`);
      await makeFolder(join(this.#options.folder, MISMATCHES));
      await rename(partial, aside);
      return { verdict: "mismatch", ...about, path: aside, report: { ...report, file: aside } };
    } finally {
      await rm(partial, { force: true });
    }
  }

  /** The path of the block's bundle if it is there and holds what is wanted. A file that holds another block is not overwritten. */
  async #present(number: bigint, hash: Uint8Array | undefined): Promise<string | undefined> {
    const path = this.#pathOf(number);
    let bundle: Bundle;
    try {
      bundle = await readBundle(path);
    } catch (error) {
      if (error instanceof FileError && error.data?.missing === true) return undefined;
      throw occupied(path, "it cannot be read");
    }
    const { chainId } = this.#node.chain;
    if (chainOf(bundle.chain).chainId !== chainId)
      throw occupied(path, `it is of another chain than ${chainId}`);
    const [first] = bundle.blocks;
    const block = first === undefined ? undefined : loadBlock(first, this.#node.chain);
    if (block?.number !== number || bundle.blocks.length !== 1) throw occupied(path, "it holds other blocks");
    if (hash !== undefined && !equalBytes(hash, block.hash))
      throw occupied(path, `it holds the block ${bytesToHex(block.hash)} of another fork`);
    return this.#options.witness === true && bundle.state.kind !== "witness" ? undefined : path;
  }

  async #replay(path: string): Promise<BlockReport> {
    const { signal } = this.#options;
    const { blocks } = await replay([path], {
      executor: this.#executor,
      ...(signal === undefined ? {} : { signal }),
    });
    signal?.throwIfAborted();
    const [report] = blocks;
    if (report === undefined) throw new TypeError("a replay of one block reports one block");
    return report;
  }

  #pathOf(number: bigint): string {
    return join(this.#options.folder, `${number}.braid`);
  }
}

function nameOf(reference: BlockReference): string {
  return reference instanceof Uint8Array ? bytesToHex(reference) : String(reference);
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new FileError(
      "BRAID_FILE_UNREADABLE",
      `The folder ${path} cannot be made: ${cause instanceof Error ? cause.message : String(cause)}. Name another one with --output.`,
      { cause },
    );
  }
}

function occupied(path: string, reason: string): BlockFileError {
  return new BlockFileError(
    "BRAID_CAPTURE_OCCUPIED",
    `${path} is there and not what is to be captured: ${reason}. Move it away, or capture into another folder.`,
    { data: { path } },
  );
}
