// Makes the mainnet blocks that ship with the command line, as bundles: real blocks for a first run, and for the tests where nothing else is.
//
//   node scripts/ship-mainnet-blocks.ts      reads mainnet-blocks and mainnet-witness below BRAID_FIXTURES, see CONTRIBUTING.md
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Executor } from "@braid/executor";
import { gunzipBounded, hexToBytes, readBounded } from "@braid/primitives";
import { chainOf, decodeRpcBlock, encodeBlock } from "@braid/protocol";
import {
  type BlockFile,
  type Bundle,
  loadBlockFile,
  openParentState,
  RecordingSource,
  writeBundle,
} from "@braid/replay";

export const MAINNET_FOLDER = fileURLToPath(new URL("../packages/cli/data/mainnet", import.meta.url));

/** Together at most 3 MB. "witness" blocks are checked down to the state root, the others all but for that. */
export const SHIPPED_BLOCKS: readonly { number: number; state: "flat" | "witness"; why: string }[] = [
  { number: 46_147, state: "flat", why: "the first transaction" },
  { number: 116_525, state: "flat", why: "Frontier, 83 transactions" },
  { number: 1_150_001, state: "witness", why: "the second block of Homestead" },
  { number: 1_927_662, state: "witness", why: "a week after the DAO fork: receipts with a state root each" },
  { number: 2_462_997, state: "flat", why: "calls that create contracts, from the weeks of the attacks" },
  { number: 2_641_321, state: "flat", why: "Tangerine Whistle" },
  {
    number: 2_675_000,
    state: "witness",
    why: "the first block of Spurious Dragon: empty accounts are cleared",
  },
  { number: 4_370_000, state: "flat", why: "the first block of Byzantium" },
  { number: 6_137_495, state: "flat", why: "60 transactions that depend on each other" },
  { number: 8_038_679, state: "flat", why: "Petersburg" },
  { number: 11_814_555, state: "flat", why: "579 transactions" },
  { number: 12_522_062, state: "flat", why: "Berlin" },
  { number: 13_217_637, state: "flat", why: "London, 1,100 transactions of types 0, 1 and 2" },
  { number: 14_396_881, state: "flat", why: "1,346 transactions, 30 million gas" },
  { number: 15_537_394, state: "flat", why: "the Merge: the first block of proof of stake" },
  { number: 19_426_587, state: "flat", why: "the first block of Cancun, with withdrawals" },
  { number: 19_933_122, state: "flat", why: "a blob transaction" },
  { number: 23_587_691, state: "witness", why: "Prague: requests" },
  { number: 24_341_035, state: "witness", why: "2026: Osaka with its second change of blob parameters" },
];

/** A block with the state before it, from the fixture that has both. */
export async function makeBundle(
  fixtures: string,
  { number, state, why }: (typeof SHIPPED_BLOCKS)[number],
): Promise<Bundle> {
  const path = fixtureOf(fixtures, number, state);
  const file = await loadBlockFile(path);
  const { parentState } = file;
  return {
    chain: { name: "mainnet", chainId: 1 },
    blocks: [await readBlock(path)],
    state:
      parentState.kind === "witness"
        ? { ...parentState, treatAsAbsent: [...parentState.treatAsAbsent] }
        : parentState,
    blockHashes: await neededHashes(file),
    comment: `Ethereum mainnet, block ${number}: ${why}. Made by scripts/ship-mainnet-blocks.ts`,
  };
}

function fixtureOf(fixtures: string, number: number, state: "flat" | "witness"): string {
  if (state === "flat") return join(fixtures, "mainnet-blocks", `${number}.json.gz`);
  const name = `1-${number}.json.gz`;
  // Most blocks of proof of work have a folder of their own.
  const path = join(fixtures, "mainnet-witness", "pow", name);
  return existsSync(path) ? path : join(fixtures, "mainnet-witness", name);
}

/** The block's consensus RLP: as it is in the file, or put together again of what JSON-RPC shows. */
async function readBlock(path: string): Promise<Uint8Array> {
  const json = JSON.parse(new TextDecoder().decode(gunzipBounded(await readBounded(path))));
  return json.blockRlp === undefined
    ? encodeBlock(decodeRpcBlock(json.block, chainOf("mainnet")))
    : hexToBytes(json.blockRlp);
}

/** Only the hashes that the block asks for: 256 of them are more than some blocks. */
async function neededHashes(file: BlockFile): Promise<Map<bigint, Uint8Array>> {
  const [block] = file.blocks;
  if (block === undefined) throw new Error("the fixtures have one block a file");
  const source = new RecordingSource(openParentState(file).open().source);
  const executor = new Executor({ workers: 1 });
  try {
    await executor.executeBlock({
      block: block.input,
      chain: block.chain,
      source,
      mode: "sequential",
    });
  } finally {
    await executor.close();
  }
  return new Map(source.blockHashes);
}

async function main(): Promise<void> {
  const fixtures =
    process.env.BRAID_FIXTURES ?? fileURLToPath(new URL("../../shared/fixtures", import.meta.url));
  await mkdir(MAINNET_FOLDER, { recursive: true });
  for (const shipped of SHIPPED_BLOCKS) {
    const path = join(MAINNET_FOLDER, `${shipped.number}.braid`);
    await writeBundle(path, await makeBundle(fixtures, shipped));
    console.log(path);
  }
}

if (import.meta.main) await main();
