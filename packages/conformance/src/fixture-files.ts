// Which fixture files lie under some paths, in order. A path or folder that cannot be read is a problem of its own, not the end of the list.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BaseError, unreadable } from "@braid/primitives";

/** The file of a chain to import; what lies beside it describes it. */
export const CHAIN_FILE = "chain.rlp";

/** A file of cases, or a path behind which there is none because it cannot be read. */
export interface FixtureFile {
  path: string;
  /** As it lies on the disk. */
  bytes: number;
  error?: BaseError;
}

/** The fixture files under the paths, in order of the paths and of their names. A path without any is a problem of its own. */
export async function listFixtures(paths: readonly string[]): Promise<FixtureFile[]> {
  const files: FixtureFile[] = [];
  for (const path of paths) {
    const before = files.length;
    for await (const file of fixtureFiles(path)) files.push(file);
    if (files.length === before) files.push({ path, bytes: 0, error: new NoFixturesError() });
  }
  return files;
}

async function* fixtureFiles(path: string): AsyncGenerator<FixtureFile> {
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

/** A folder without a fixture file. Code BRAID_NOTHING_TO_RUN. */
class NoFixturesError extends BaseError {
  constructor() {
    super(
      "BRAID_NOTHING_TO_RUN",
      `The folder holds no fixtures: no file whose name ends in .json or .json.gz, and no ${CHAIN_FILE}.`,
    );
  }
}
