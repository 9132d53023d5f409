// Runs over files: folders that all machines have at the same place.

import { resolve } from "node:path";
import { listFiles } from "@braid/replay";
import { exists } from "../exists.ts";
import { type Item, nothingToRelease, type OpenedItem, type Source, unavailable } from "./source.ts";

/** The absolute paths that are stored. */
export function absolutePaths(paths: readonly string[]): string[] {
  return paths.map((path) => resolve(path));
}

/** All files behind the paths, each path's in the order of their blocks. Throws FileError for what cannot be listed. */
export async function* listedFiles(paths: readonly string[], signal: AbortSignal): AsyncGenerator<Item> {
  const seen = new Set<string>();
  for (const path of paths)
    for (const { path: name, named, error } of await listFiles(path, signal)) {
      if (error !== undefined) throw error;
      if (seen.has(name)) continue;
      seen.add(name);
      yield { name, named };
    }
}

export class FileSource implements Source {
  readonly #paths: readonly string[];

  private constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Throws QueueError BRAID_SOURCE_UNAVAILABLE. */
  static async open(paths: readonly string[]): Promise<FileSource> {
    const source = new FileSource(paths);
    await source.#check();
    return source;
  }

  async open(item: string): Promise<OpenedItem> {
    // A file that is gone is its own affair; a folder that is gone was on a disk that is.
    if (!(await exists(item))) await this.#check();
    return { paths: [item], release: nothingToRelease };
  }

  async #check(): Promise<void> {
    for (const path of this.#paths)
      if (!(await exists(path)))
        throw unavailable(
          `The blocks are in ${path}, which is not there on this machine. Mount it at the same place, or put the blocks on S3-compatible storage.`,
        );
  }
}
