// Which fixture files lie under some paths, in order. A path or folder that cannot be read is a problem of its own, not the end of the list.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type FileError, unreadable } from "@braid/primitives";

/** The file of a chain to import; what lies beside it describes it. */
export const CHAIN_FILE = "chain.rlp";

/** A file of cases, or a path behind which there is none because it cannot be read. */
export interface FixtureFile {
  path: string;
  /** As it lies on the disk. */
  bytes: number;
  error?: FileError;
}

/** The fixture files under a path, in order of their names. */
export async function* fixtureFiles(path: string): AsyncGenerator<FixtureFile> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) {
      yield { path, bytes: found.size };
      return;
    }
  } catch (error) {
    yield unusable(path, error);
    return;
  }
  let entries: Awaited<ReturnType<typeof readEntries>>;
  try {
    entries = await readEntries(path);
  } catch (error) {
    yield unusable(path, error);
    return;
  }
  if (entries.some(({ name }) => name === CHAIN_FILE)) {
    yield* fixtureFiles(join(path, CHAIN_FILE));
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = join(path, entry.name);
    if (entry.isDirectory() || (/\.json(\.gz)?$/.test(entry.name) && entry.name !== "index.json"))
      yield* fixtureFiles(child);
  }
}

function readEntries(folder: string) {
  return readdir(folder, { withFileTypes: true });
}

function unusable(path: string, error: unknown): FixtureFile {
  return { path, bytes: 0, error: unreadable(error) };
}
