// What is particular to the store on disk: nodes that go when nobody needs them, processes that are killed, folders that are damaged or
// not ours, disks that are full, and reading from other threads.
import { spawn } from "node:child_process";
import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { bytesToHex } from "@braid/primitives";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { decodeAccount } from "../account-rlp.ts";
import { NO_ACCOUNT_CHANGE } from "../state-changes.ts";
import { stateChangesOf } from "../state-changes-writer.ts";
import type { StateHandle } from "../state-source.ts";
import { trieOfRoot } from "../state-trie.ts";
import type { TreeBlock } from "../store/backend.ts";
import type { KeptBlock } from "../store/state-store.ts";
import { addressOf, slotOf, stateChanges } from "../testing/arbitrary-changes.ts";
import { killLoop } from "../testing/kill-loop.ts";
import { blockOf, chainAddress, changesOfBlock } from "../testing/long-chain.ts";
import { modelAnswers } from "../testing/model.ts";
import type { ReadingTask } from "../testing/reading-worker.ts";
import { liveScript, steps } from "../testing/store-script.ts";
import { hashOf, makeFolder, type OpenStore, openStore } from "../testing/stores.ts";
import { diffTries } from "../trie/diff.ts";
import type { TrieNode } from "../trie/node.ts";
import { referenceOf } from "../trie/node-codec.ts";
import { LmdbStateStore } from "./lmdb-state-store.ts";
import { openState } from "./open-state.ts";
import { Tables } from "./tables.ts";

/** A loader that lacks the package. */
const NO_LMDB = `data:text/javascript,${encodeURIComponent(
  'import M from "node:module"; const load = M._load; M._load = (name, ...rest) => { if (name === "lmdb") throw new Error("not installed"); return load(name, ...rest); };',
)}`;
const KILLS = Number(process.env.BRAID_KILLS ?? 6);

const refused = (code: string) => expect.objectContaining({ code });

/** A store with some blocks of a long chain; closed. */
async function makeStore(blocks = 3, keep?: number): Promise<string> {
  const path = await makeFolder();
  const store = await LmdbStateStore.open(path, keep === undefined ? {} : { keep });
  for (let n = 0; n < blocks; n++) {
    const parent = n === 0 ? undefined : blockOf(1, n - 1).block.hash;
    const { block, records } = blockOf(1, n);
    await store.prepare(parent, changesOfBlock(1, n)).commit(block, records);
  }
  await store.close();
  return path;
}

/** Every node that a state consists of. */
function nodesOf(tables: Tables, hash: Uint8Array): Set<string> {
  const found = new Set<string>();
  const add = (node: TrieNode): void => {
    found.add(bytesToHex(referenceOf(node).subarray(1)));
  };
  const dropped = (): void => {};
  const block = tables.block(hash) as TreeBlock;
  diffTries(undefined, tables.trie(block), tables.nodes, {
    created: (node) => {
      add(node);
      if (node.kind !== "leaf") return;
      const { storageRoot } = decodeAccount(node.value);
      diffTries(undefined, trieOfRoot(storageRoot), tables.nodes, { created: add, dropped });
    },
    dropped,
  });
  return found;
}

describe("a store on disk that keeps the last blocks", () => {
  it.each([1, 3])(
    "has just the nodes that the states of the kept blocks consist of, keeping %d",
    async (keep) => {
      const property = fc.asyncProperty(stateChanges, steps(14), async (first, script) => {
        const path = await makeFolder();
        let store = await LmdbStateStore.open(path, { keep });
        const reopen = async (): Promise<LmdbStateStore> => {
          await store.close();
          store = await LmdbStateStore.open(path, { keep });
          opened.store = store;
          return store;
        };
        const opened: OpenStore = { store, reopen, remove: async () => {} };
        const model = await liveScript(opened, keep, first, script);
        await store.close();
        const tables = new Tables(path, { readOnly: false });
        const needed = new Set(model.kept.flatMap(({ hash }) => [...nodesOf(tables, hash)]));
        const found = new Set(Array.from(tables.entries(tables.nodeTable, {}), ([hash]) => bytesToHex(hash)));
        expect([...found].sort()).toEqual([...needed].sort());
        const kept = model.kept.map(({ hash }) => bytesToHex(hash)).sort();
        for (const table of [tables.blocks, tables.deltas])
          expect(Array.from(tables.entries(table, {}), ([hash]) => bytesToHex(hash))).toEqual(kept);
        expect([...tables.entries(tables.heights, {})]).toHaveLength(kept.length);
        await tables.close();
        await rm(path, { recursive: true });
      });
      await fc.assert(property, { numRuns: 30 });
    },
    600_000,
  );

  it("comes down to fewer blocks when it is opened to keep fewer, and can be opened to keep all from then on", async () => {
    const path = await makeStore(40, 30);
    const fewer = await LmdbStateStore.open(path, { keep: 2 });
    for (let n = 40; n < 44; n++)
      await fewer.prepare(blockOf(1, n - 1).block.hash, changesOfBlock(1, n)).commit(blockOf(1, n).block);
    expect(fewer.block(blockOf(1, 41).block.hash)).toBeUndefined();
    expect(fewer.block(blockOf(1, 42).block.hash)).toBeDefined();
    await fewer.close();
    const all = await LmdbStateStore.open(path);
    for (let n = 44; n < 50; n++)
      await all.prepare(blockOf(1, n - 1).block.hash, changesOfBlock(1, n)).commit(blockOf(1, n).block);
    expect(all.block(blockOf(1, 42).block.hash)).toBeDefined();
    expect(
      all.stateAt(blockOf(1, 42).block.hash).prove(addressOf(1), []).accountProof.length,
    ).toBeGreaterThan(0);
    await all.close();
  });

  it("cannot be made of one that keeps all", async () => {
    const path = await makeStore();
    await expect(LmdbStateStore.open(path, { keep: 2 })).rejects.toEqual(refused("BRAID_STORE_HISTORY"));
  });
});

describe("a store on disk whose process is killed", () => {
  it.each([undefined, 4])(
    "opens at its last commit, keeping %s",
    async (keep) => {
      const report = await killLoop(await makeFolder(), KILLS, 7, keep);
      expect(report.kills).toBe(KILLS);
      expect(report.blocks).toBeGreaterThan(0);
    },
    300_000 + KILLS * 5_000,
  );
});

describe("a folder", () => {
  it("that holds something else is refused, and stays as it is", async () => {
    const path = await makeFolder();
    await writeFile(join(path, "letter.txt"), "dear reader");
    await expect(LmdbStateStore.open(path)).rejects.toEqual(refused("BRAID_STORE_FOREIGN"));
    await expect(LmdbStateStore.open(join(path, "letter.txt"))).rejects.toEqual(
      refused("BRAID_STORE_FOREIGN"),
    );
    expect(await readFile(join(path, "letter.txt"), "utf8")).toBe("dear reader");
  });

  it("is made when it does not exist", async () => {
    const store = await LmdbStateStore.open(join(await makeFolder(), "a", "b"));
    expect(store.head).toBeUndefined();
    await store.close();
  });

  it("of another format is refused", async () => {
    const path = await makeStore();
    await writeFile(join(path, "braid-store.json"), JSON.stringify({ format: 2, history: "all" }));
    const error = { code: "BRAID_STORE_VERSION", data: expect.objectContaining({ format: 2, expected: 1 }) };
    await expect(LmdbStateStore.open(path)).rejects.toMatchObject(error);
  });

  it("that is open is refused, here and in another process, until it is closed", async () => {
    const path = await makeFolder();
    const store = await LmdbStateStore.open(path);
    await expect(LmdbStateStore.open(path)).rejects.toEqual(refused("BRAID_STORE_IN_USE"));
    const child = await runChild(["store-child.ts", path, "1"]);
    expect(child.stderr).toContain("BRAID_STORE_IN_USE");
    await store.close();
    const again = await LmdbStateStore.open(path);
    await again.close();
  });

  it("that was closed answers nothing any more", async () => {
    const path = await makeStore();
    const store = await LmdbStateStore.open(path);
    const { hash } = blockOf(1, 2).block;
    const state = store.stateAt(hash);
    await store.close();
    await store.close();
    const closed = refused("BRAID_STORE_CLOSED");
    expect(() => store.head).toThrow(closed);
    expect(() => store.stateAt(hash)).toThrow(closed);
    expect(() => state.getAccount(addressOf(1))).toThrow(closed);
    expect(() => store.prepare(hash, stateChangesOf({}))).toThrow(closed);
    await expect(store.write([])).rejects.toEqual(closed);
  });

  it("without its package says what to install", async () => {
    const path = await makeFolder();
    const child = await runChild(["store-child.ts", path, "1"], { NODE_OPTIONS: `--import=${NO_LMDB}` });
    expect(child.stderr).toContain("BRAID_STORE_UNAVAILABLE");
  });
});

describe("a damaged folder", () => {
  /** Opens a store and reads all of it. */
  async function readWhole(path: string): Promise<void> {
    const store = await LmdbStateStore.open(path);
    try {
      for (let n = 0; n < 40; n++) {
        const state = store.stateAt(blockOf(1, n).block.hash);
        for (let a = 0; a < 20; a++) state.prove(chainAddress(a), [slotOf(a)]);
      }
      for (const [key] of store.records()) store.record(key);
    } finally {
      await store.close();
    }
  }

  it.each([
    ["is cut to nothing but its description", 8_192],
    ["is cut in the middle", 200_000],
    ["is cut at an odd place", 123_457],
  ])("whose file %s is refused, and ends no process", async (_name, size) => {
    const path = await makeStore(40);
    await truncate(join(path, "data.mdb"), size);
    await expect(readWhole(path)).rejects.toMatchObject({
      code: expect.stringMatching(/^BRAID_(STORE_CORRUPT|STORE_FAILED|UNKNOWN_BLOCK|BAD_STATE_CHANGES)$/),
    });
  });

  it.each([
    ["is none of LMDB's", Buffer.alloc(100_000, 7)],
    ["is shorter than its description", Buffer.alloc(10, 7)],
  ])("whose file %s is refused", async (_name, content) => {
    const path = await makeStore();
    await writeFile(join(path, "data.mdb"), content);
    await expect(LmdbStateStore.open(path)).rejects.toEqual(refused("BRAID_STORE_CORRUPT"));
  });

  it("whose marker is unreadable is refused", async () => {
    const path = await makeStore();
    for (const content of ["", "{", '{"format":1,"history":"some"}']) {
      await writeFile(join(path, "braid-store.json"), content);
      await expect(LmdbStateStore.open(path)).rejects.toEqual(refused("BRAID_STORE_CORRUPT"));
    }
  });

  it("in which a trie node is another one gives no wrong proof", async () => {
    const path = await makeStore();
    const tables = new Tables(path, { readOnly: false });
    const { hash } = blockOf(1, 2).block;
    const root = tables.block(hash)?.stateRoot as Uint8Array;
    const [, other] = [...tables.entries(tables.nodeTable, {})][0] as [Uint8Array, Uint8Array];
    tables.transact(() => {
      tables.nodeTable.put(root, other);
    });
    await tables.close();
    const store = await LmdbStateStore.open(path);
    expect(() => store.stateAt(hash).prove(addressOf(1), [])).toThrow(refused("BRAID_STORE_CORRUPT"));
    expect(() => store.prepare(hash, changesOfBlock(1, 3))).toThrow(refused("BRAID_STORE_CORRUPT"));
    await store.close();
  });
});

describe("a full disk", () => {
  it("ends a commit with an error that says so, and nothing that was committed is lost", async () => {
    const path = await makeFolder();
    const script = fileURLToPath(new URL("../testing/full-disk-child.ts", import.meta.url));
    // The limit counts blocks of 512 bytes or of 1,024, as the shell likes; the signal that comes with it would end the process.
    const ended = await runCommand("sh", [
      "-c",
      `trap '' XFSZ; ulimit -f 3000; exec "$0" "$1" "$2"`,
      process.execPath,
      script,
      path,
    ]);
    expect(ended).toMatchObject({ code: 0 });
    const { committed, head, root, code } = JSON.parse(ended.stdout) as Record<string, unknown>;
    expect(code).toBe("BRAID_STORE_FULL");
    expect(committed).toBeGreaterThan(2);
    expect(head).toBe(Number(committed) - 1);
    const store = await LmdbStateStore.open(path);
    expect(Number(store.head?.number)).toBe(head);
    expect(bytesToHex(store.head?.stateRoot as Uint8Array)).toBe(root);
    // There is room again.
    const number = Number(committed);
    const prepared = store.prepare(store.head?.hash, changesOfBlock(1, number));
    await prepared.commit(blockOf(1, number).block);
    expect(Number(store.head?.number)).toBe(number);
    await store.close();
  });
});

describe("other threads", () => {
  const worker = new Worker(new URL("../testing/reading-worker.ts", import.meta.url));
  afterAll(() => worker.terminate());

  function ask(task: ReadingTask): Promise<{ answers?: unknown[]; code?: string }> {
    const { promise, resolve } = Promise.withResolvers<{ answers?: unknown[]; code?: string }>();
    worker.once("message", resolve);
    worker.postMessage(task);
    return promise;
  }

  it("read the state of any kept block, whatever is committed meanwhile", async () => {
    const property = fc.asyncProperty(stateChanges, steps(8), async (first, script) => {
      const opened = await openStore("disk");
      const model = await liveScript(opened, Number.POSITIVE_INFINITY, first, script);
      const { store } = opened;
      for (const { hash, state } of model.kept) {
        const { handle } = store.stateAt(hash);
        const reading = ask({ handle: handle as StateHandle, times: 5 });
        const parent = store.head as KeptBlock;
        const more = hashOf(1_000 + Math.floor(Math.random() * 1e9));
        const change = { ...NO_ACCOUNT_CHANGE, nonce: parent.number, storageReset: true };
        const changes = stateChangesOf({ accounts: new Map([[bytesToHex(addressOf(1)), change]]) });
        await store.prepare(parent.hash, changes).commit({ hash: more, number: parent.number + 1n });
        const { answers } = await reading;
        expect(answers).toEqual(new Array(5).fill(modelAnswers(state)));
      }
      await opened.remove();
    });
    await fc.assert(property, { numRuns: 15 });
  }, 300_000);

  it("are told when a block is not kept, or the store is gone", async () => {
    const { store, remove } = await openStore("disk");
    await store.prepare(undefined, stateChangesOf({})).commit({ hash: hashOf(0), number: 0n });
    const handle = store.stateAt(hashOf(0)).handle as StateHandle;
    expect(await ask({ handle: { ...handle, block: hashOf(1) }, times: 1 })).toEqual({
      code: "BRAID_UNKNOWN_BLOCK",
    });
    expect((await ask({ handle, times: 1 })).answers).toHaveLength(1);
    await remove();
    expect(await ask({ handle, times: 1 })).toEqual({ code: "BRAID_STORE_FAILED" });
  });

  it("share a thread with the store as well, several states at once", async () => {
    const { store } = await openStore("disk");
    await store.prepare(undefined, changesOfBlock(1, 0)).commit({ hash: hashOf(0), number: 0n });
    const old = openState(store.stateAt(hashOf(0)).handle as StateHandle);
    await store.prepare(hashOf(0), changesOfBlock(1, 1)).commit({ hash: hashOf(1), number: 1n });
    const young = openState(store.stateAt(hashOf(1)).handle as StateHandle);
    for (let n = 0; n < 200; n++) {
      const address = chainAddress(n);
      expect(old.state.getAccount(address)).toEqual(store.stateAt(hashOf(0)).getAccount(address));
      expect(young.state.getAccount(address)).toEqual(store.stateAt(hashOf(1)).getAccount(address));
    }
    old.close();
    young.close();
  });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function runChild([script = "", ...args]: string[], env: Record<string, string> = {}): Promise<Ended> {
  const path = fileURLToPath(new URL(`../testing/${script}`, import.meta.url));
  return runCommand(process.execPath, [path, ...args], env);
}

function runCommand(command: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const child = spawn(command, args, { env: { ...process.env, ...env } });
  const ended: Ended = { code: null, stdout: "", stderr: "" };
  child.stdout.on("data", (text: Buffer) => {
    ended.stdout += text.toString();
  });
  child.stderr.on("data", (text: Buffer) => {
    ended.stderr += text.toString();
  });
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  child.once("error", reject);
  child.once("close", (code) => resolve({ ...ended, code }));
  return promise;
}
