// The network's key `forking`: a chain that goes on from another node's block, and its cache on disk.

import { join } from "node:path";
import { debuglog } from "node:util";
import type { ForkOptions } from "@braid/node";
import { AnswerCache } from "@braid/remote";
import { StoreError } from "@braid/state";
import type { EdrNetworkForkingConfig } from "hardhat/types/config";

const log = debuglog("hardhat-braid");

/** Beside the folder in which Hardhat's own network keeps what it was answered. */
const CACHE_FOLDER = "braid-fork-cache";

/** Caches that are open, by their folders: connections share them. */
const caches = new Map<string, { cache: Promise<AnswerCache | undefined>; users: number }>();

/** What the node is given, and what is to be done when the connection is closed. */
export interface OpenFork {
  options: ForkOptions;
  close(): Promise<void>;
}

/** Undefined when the network's chain is its own. Rejects with StoreError for a cache that is damaged. */
export async function openFork(forking: EdrNetworkForkingConfig | undefined): Promise<OpenFork | undefined> {
  if (forking?.enabled !== true) return undefined;
  const { url, blockNumber, httpHeaders, cacheDir } = forking;
  const options: ForkOptions = {
    url: await url.getUrl(),
    ...(blockNumber === undefined ? {} : { blockNumber }),
    ...(httpHeaders === undefined ? {} : { headers: httpHeaders }),
  };
  const folder = join(cacheDir, "..", CACHE_FOLDER);
  const shared = caches.get(folder) ?? { cache: openCache(folder), users: 0 };
  caches.set(folder, shared);
  shared.users++;
  const close = async (): Promise<void> => {
    shared.users--;
    if (shared.users > 0) return;
    caches.delete(folder);
    await (await shared.cache.catch(() => undefined))?.close();
  };
  try {
    const cache = await shared.cache;
    return { options: cache === undefined ? options : { ...options, cache }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Undefined when another process has the folder: only one has it at a time, and the other one asks for itself. */
async function openCache(folder: string): Promise<AnswerCache | undefined> {
  try {
    return await AnswerCache.open(folder);
  } catch (error) {
    if (!(error instanceof StoreError) || !WITHOUT.has(error.code)) throw error;
    log("no cache: %s", error.message);
    return undefined;
  }
}

const WITHOUT = new Set(["BRAID_STORE_IN_USE", "BRAID_STORE_UNAVAILABLE"]);
