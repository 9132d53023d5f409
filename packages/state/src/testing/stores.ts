// For tests: every kind of store, opened where nothing is and removed with the test.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bigIntToBytes32 } from "@braid/primitives";
import { onTestFinished } from "vitest";
import { keccak256 } from "../keccak.ts";
import { LmdbStateStore } from "../lmdb/lmdb-state-store.ts";
import { MemoryStateStore } from "../store/memory-state-store.ts";
import type { StateStore } from "../store/state-store.ts";
import type { StoreOptions } from "../store/tree-state-store.ts";

/** What a test calls its blocks. */
export const hashOf = (n: number): Uint8Array => keccak256(bigIntToBytes32(BigInt(n)));

/** A store under test. */
export interface OpenStore {
  store: StateStore;
  /** The same store after it was closed and opened again, where that means anything. */
  reopen(): Promise<StateStore>;
  /** Ends it; the test's end does so too. */
  remove(): Promise<void>;
}

export type StoreKind = "memory" | "disk";
export const STORE_KINDS: readonly StoreKind[] = ["memory", "disk"];

export async function openStore(kind: StoreKind, options: StoreOptions = {}): Promise<OpenStore> {
  if (kind === "memory") {
    const store = new MemoryStateStore(options);
    return { store, reopen: async () => store, remove: async () => {} };
  }
  const path = await makeFolder();
  let store = await LmdbStateStore.open(path, options);
  const opened: OpenStore = {
    store,
    reopen: async () => {
      await store.close();
      store = await LmdbStateStore.open(path, options);
      opened.store = store;
      return store;
    },
    remove: async () => {
      await store.close();
      await rm(path, { recursive: true, force: true });
    },
  };
  onTestFinished(() => opened.remove());
  return opened;
}

/** An empty folder that goes with the test. */
export async function makeFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "braid-store-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}
