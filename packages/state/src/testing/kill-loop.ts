// Kills a process in the middle of its commits again and again, and checks after each time that the store opens at the last commit, whole:
//
//   node packages/state/src/testing/kill-loop.ts [--kills 200] [--keep 5] [--seed 1]
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bigIntToBytes32, bytesToHex, concatBytes, equalBytes } from "@braid/primitives";
import { LmdbStateStore } from "../lmdb/lmdb-state-store.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import { blockOf, chainAddress, changesOfBlock } from "./long-chain.ts";

const CHILD = fileURLToPath(new URL("./store-child.ts", import.meta.url));

export interface KillReport {
  kills: number;
  /** Blocks in the end. */
  blocks: number;
  /** Times at which the store was found with a block that the child had not yet reported: killed between the commit and the word of it. */
  unreported: number;
}

/** Throws when the store is not as it has to be after one of the kills. */
export async function killLoop(
  folder: string,
  kills: number,
  seed: number,
  keep?: number,
): Promise<KillReport> {
  const expected = new MemoryStateStore();
  let reached = -1;
  let unreported = 0;
  const random = delays(seed);
  for (let kill = 0; kill < kills; kill++) {
    const reported = await runUntilKilled(folder, seed, keep, random());
    const store = await LmdbStateStore.open(folder, keep === undefined ? {} : { keep });
    const found = Number(store.head?.number ?? -1);
    const known = Math.max(reported, reached);
    if (found < known || found > known + 1)
      throw new Error(`after kill ${kill} the store is at block ${found}; the child had committed ${known}`);
    if (found > known) unreported++;
    for (let number = reached + 1; number <= found; number++) {
      const parent = number === 0 ? undefined : blockOf(seed, number - 1).block.hash;
      await expected.prepare(parent, changesOfBlock(seed, number)).commit(blockOf(seed, number).block);
    }
    reached = found;
    if (found >= 0) check(store, expected, seed, found, keep);
    await store.close();
  }
  return { kills, blocks: reached, unreported };
}

/** The last block, its state, and the caller's entries are all there. */
function check(
  store: LmdbStateStore,
  expected: MemoryStateStore,
  seed: number,
  number: number,
  keep = number + 1,
): void {
  const { block, records } = blockOf(seed, number);
  for (const { key, value } of records)
    if (!equalBytes(store.record(key) ?? new Uint8Array(0), value as Uint8Array))
      throw new Error(`the entries of block ${number} are missing`);
  const next = concatBytes(Uint8Array.of(1), bigIntToBytes32(BigInt(number + 1)));
  if (store.record(next) !== undefined) throw new Error(`block ${number + 1} has entries and no state`);
  for (let back = 0; back < Math.min(keep, 3, number + 1); back++) {
    const { hash } = blockOf(seed, number - back).block;
    const state = store.stateAt(hash);
    const right = expected.stateAt(hash);
    if (bytesToHex(state.stateRoot) !== bytesToHex(right.stateRoot))
      throw new Error(`block ${number - back} has another root`);
    for (let n = 0; n < 40; n++) {
      const address = chainAddress((n * 7 + number) % 200);
      const slot = bigIntToBytes32(BigInt(n % 30));
      const found = [
        state.getAccount(address),
        state.getStorage(address, slot),
        state.prove(address, [slot]),
      ];
      const wanted = [
        right.getAccount(address),
        right.getStorage(address, slot),
        right.prove(address, [slot]),
      ];
      if (show(found) !== show(wanted))
        throw new Error(`block ${number - back} answers ${show(found)}, not ${show(wanted)}`);
    }
  }
  if (!equalBytes(block.hash, store.head?.hash as Uint8Array)) throw new Error("the head is another block");
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === "bigint") return `${part}n`;
    return part instanceof Uint8Array ? bytesToHex(part) : part;
  });

/** Starts the child, and kills it some time after it has begun to commit. Gives the last block that it reported. */
async function runUntilKilled(
  folder: string,
  seed: number,
  keep: number | undefined,
  delay: number,
): Promise<number> {
  const args = [CHILD, folder, String(seed), ...(keep === undefined ? [] : [String(keep)])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let failure = "";
  child.stderr.on("data", (text: Buffer) => {
    failure += text.toString();
  });
  let reported = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "begun") setTimeout(() => child.kill("SIGKILL"), delay);
    // A line that the kill has cut off says nothing.
    else if (/^\d+ 0x[0-9a-f]{64}$/.test(line)) reported = Number(line.split(" ")[0]);
  }
  await ended;
  if (child.signalCode !== "SIGKILL") throw new Error(`the child ended by itself: ${failure}`);
  return reported;
}

/** Milliseconds: mostly short, so that some kills come during the first commits. */
function delays(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32) ** 2 * 300;
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "200" },
      keep: { type: "string" },
      seed: { type: "string", default: "1" },
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "braid-kills-"));
  try {
    const keep = values.keep === undefined ? undefined : Number(values.keep);
    const report = await killLoop(folder, Number(values.kills), Number(values.seed), keep);
    console.log(
      `${report.kills} kills, ${report.blocks} blocks, ${report.unreported} times between a commit and the word of it: whole each time`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
