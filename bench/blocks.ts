// The blocks that are measured: mainnet's from the fixtures, and workloads of one kind of transaction.
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Chain, chainOf } from "@braid/protocol";
import { type Bundle, type LoadedBlock, listFiles, loadBlock, loadBlockFile } from "@braid/replay";
import { type FlatPreState, MemoryStateSource, type StateSource } from "@braid/state";
import {
  dependentSwaps,
  etherTransfers,
  prepareState,
  sealBlocks,
  swaps,
  tokenTransfers,
} from "@braid/workloads";

/** Where a block comes from, in a form that another process can open too. */
export type BlockOrigin = { kind: "file"; path: string } | { kind: "bundle"; name: string; bundle: Bundle };

/** One block with the state before it. */
export interface BenchBlock {
  /** The block's number, or what the workload is called. */
  name: string;
  chain: Chain;
  block: LoadedBlock;
  pre: FlatPreState;
  blockHashes: Map<bigint, Uint8Array>;
}

/** Senders and receivers of the workloads, and pools where swaps are to be independent of each other. */
const WORKLOAD_TRANSACTIONS = 200;
const WORKLOAD_POOLS = 16;

/** The directory of mainnet-blocks. Throws when the fixtures are not there. */
export function mainnetFolder(): string {
  const fixtures =
    process.env.BRAID_FIXTURES ?? fileURLToPath(new URL("../../shared/fixtures", import.meta.url));
  const folder = join(fixtures, "mainnet-blocks");
  if (!existsSync(folder))
    throw new Error(`There are no blocks in ${folder}; set BRAID_FIXTURES to the fixtures.`);
  return folder;
}

/** Mainnet blocks in the order of their numbers; `only` names some of them. */
export async function mainnetOrigins(only: readonly string[] = []): Promise<BlockOrigin[]> {
  const files = (await listFiles(mainnetFolder())).filter(({ path }) => path.endsWith(".json.gz"));
  const wanted = files.filter(({ path }) => only.length === 0 || only.includes(numberIn(path)));
  return wanted.map(({ path }) => ({ kind: "file", path }));
}

/** Blocks of one kind of transaction each. The last one is a single chain of dependents: nothing in it can run at the same time. `only` names one of them. */
export async function workloadOrigins(count = WORKLOAD_TRANSACTIONS, only?: string): Promise<BlockOrigin[]> {
  const workload = await prepareState({ senders: count, pools: WORKLOAD_POOLS });
  const blocks: [string, Uint8Array[]][] = [
    ["ether transfers", etherTransfers(workload, count)],
    ["token transfers", tokenTransfers(workload, count)],
    [`swaps, ${WORKLOAD_POOLS} pools`, swaps(workload, count, WORKLOAD_POOLS)],
    ["dependent swaps, 1 pool", dependentSwaps(workload, count)],
  ];
  const origins: BlockOrigin[] = [];
  for (const [name, transactions] of blocks.filter(([name]) => only === undefined || name === only))
    origins.push({ kind: "bundle", name, bundle: await sealBlocks(workload, [transactions], name) });
  return origins;
}

/** Loads a block. Throws BlockFileError, or RangeError when the origin is not one block over a flat state. */
export async function openBlock(origin: BlockOrigin): Promise<BenchBlock> {
  if (origin.kind === "bundle") {
    const { blocks, state, blockHashes } = origin.bundle;
    const chain = chainOf(origin.bundle.chain);
    const [rlp] = blocks;
    if (rlp === undefined || blocks.length > 1 || state.kind === "witness")
      throw new RangeError(`${origin.name} is not one block over a flat state`);
    return {
      name: origin.name,
      chain,
      block: loadBlock(rlp, chain),
      pre: state.pre,
      blockHashes,
    };
  }
  const { chain, blocks, parentState, blockHashes } = await loadBlockFile(origin.path);
  const [block] = blocks;
  if (block === undefined || blocks.length > 1 || parentState.kind === "witness")
    throw new RangeError(`${origin.path} is not one block over a flat state`);
  // BLOCKHASH may ask for the parent, whose hash the header knows.
  blockHashes.set(block.number - 1n, block.input.header.parentHash);
  return { name: numberIn(origin.path), chain, block, pre: parentState.pre, blockHashes };
}

/** A new source with each call: an executor that has run the block before must not find its state cached. */
export function newSource({ pre, blockHashes }: BenchBlock): StateSource {
  return MemoryStateSource.fromFlat({ ...pre, blockHashes });
}

function numberIn(path: string): string {
  return basename(path, ".json.gz");
}
