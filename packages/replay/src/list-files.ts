// The files behind a path: itself, or a directory's files in the order of their blocks, found by opening few files at a time.
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { constants, createBrotliDecompress, createGunzip, gunzipSync } from "node:zlib";
import { isGzip, readStart, unreadable } from "@braid/primitives";
import { HEADER_LENGTH, isBundle, readBundleHeader } from "./bundle-container.ts";
import { numberOfPayload } from "./first-number.ts";

/** A file to replay, and whether it was named by the user (then it must be a block file) or found in a directory. */
export interface Candidate {
  path: string;
  named: boolean;
  /** Why the folder of this path cannot be listed. */
  error?: Error;
}

/** Files that are open at the same time: enough to hide the disk's latency, and far below any system's limit. */
const OPEN_AT_ONCE = 16;
/** How much of a file is read to find its block number. */
const PEEK_BYTES = 2 ** 14;
/** The most that is unfolded for it. */
const PEEK_UNFOLDED_BYTES = 2 ** 22;
/** How much of a bundle's payload is unfolded for it: what tells the number stands before the state. */
const PEEK_PAYLOAD_BYTES = 2 ** 16;

/**
 * The files behind a path: the path itself, or all files of a directory and its subdirectories in the order of their block numbers, but for those
 * whose names begin with a dot.
 * A subdirectory that cannot be listed is a candidate with an error. Throws FileError BRAID_FILE_UNREADABLE.
 */
export async function listFiles(path: string, signal?: AbortSignal): Promise<Candidate[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ path, named: true }];
  } catch (error) {
    throw unreadable(error);
  }
  const found: Candidate[] = [];
  for await (const candidate of walk(path)) found.push(candidate);
  return await inOrder(found, signal);
}

async function* walk(folder: string): AsyncGenerator<Candidate> {
  let entries: Awaited<ReturnType<typeof readEntries>>;
  try {
    entries = await readEntries(folder);
  } catch (error) {
    yield { path: folder, named: false, error: unreadable(error) };
    return;
  }
  for (const entry of entries) {
    // Hidden: what a capture has not finished, or has kept aside.
    if (entry.name.startsWith(".")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile() || (entry.isSymbolicLink() && !(await leadsElsewhere(path))))
      yield { path, named: false };
  }
}

function readEntries(folder: string) {
  return readdir(folder, { withFileTypes: true });
}

/** A link to a file is that file; one to a folder could lead in circles; a dangling one is told when it is loaded. */
async function leadsElsewhere(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isFile();
  } catch {
    return false;
  }
}

async function inOrder(candidates: Candidate[], signal: AbortSignal | undefined): Promise<Candidate[]> {
  const numbered: { candidate: Candidate; number: number }[] = [];
  const rest = candidates.values();
  const peekOneByOne = async (): Promise<void> => {
    for (const candidate of rest) {
      signal?.throwIfAborted();
      const number =
        candidate.error === undefined ? await peekNumber(candidate.path) : Number.POSITIVE_INFINITY;
      numbered.push({ candidate, number });
    }
  };
  await Promise.all(Array.from({ length: OPEN_AT_ONCE }, peekOneByOne));
  numbered.sort(
    (left, right) =>
      // Not the difference, which between two without a number is none.
      compare(left.number, right.number) ||
      left.candidate.path.localeCompare(right.candidate.path, "en", { numeric: true }),
  );
  return numbered.map(({ candidate }) => candidate);
}

function compare(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The first block number in a file; Infinity when there is none to be seen, so that such files come last. Only for the order. */
async function peekNumber(path: string): Promise<number> {
  try {
    const head = await readStart(path, PEEK_BYTES);
    if (isBundle(head)) return await peekBundle(path, head);
    const text = new TextDecoder("latin1").decode(isGzip(head) ? peekGzip(head) : head);
    const number = /"number"\s*:\s*"?(0x[0-9a-fA-F]+|\d+)/.exec(text)?.[1];
    return number === undefined ? Number.POSITIVE_INFINITY : Number(number);
  } catch (error) {
    // Unreadable or damaged: loading it will say so.
    if (error instanceof Error && "code" in error) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

function peekGzip(head: Uint8Array): Uint8Array {
  return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: PEEK_UNFOLDED_BYTES });
}

async function peekBundle(path: string, head: Uint8Array): Promise<number> {
  const { compression } = readBundleHeader(head);
  const body = createReadStream(path, { start: HEADER_LENGTH });
  const payload =
    compression === "none"
      ? body
      : body.pipe(compression === "gzip" ? createGunzip() : createBrotliDecompress());
  body.on("error", (error) => payload.destroy(error));
  let start = new Uint8Array(0);
  try {
    for await (const chunk of payload as AsyncIterable<Uint8Array>) {
      start = Buffer.concat([start, chunk]);
      const number = numberOfPayload(start);
      if (number !== undefined) return Number(number);
      if (start.length >= PEEK_PAYLOAD_BYTES) break;
    }
  } finally {
    body.destroy();
    payload.destroy();
  }
  return Number.POSITIVE_INFINITY;
}
