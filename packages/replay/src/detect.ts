// What a path is: a directory's files in the order of their blocks, and a file's format, by content and never by name.
import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { constants, gunzipSync } from "node:zlib";
import type { BlockFile } from "./block-file.ts";
import { isBundle } from "./bundle-container.ts";
import { BlockFileError, messageOf } from "./errors.ts";
import { loadBundle } from "./load-bundle.ts";
import { isMainnetBlockJson, loadMainnetBlock } from "./load-mainnet-block.ts";
import { isWitnessJson, loadWitness } from "./load-witness.ts";

/** A file to replay, and whether it was named by the user (then it must be a block file) or found in a directory. */
export interface Candidate {
  path: string;
  named: boolean;
}

/** How much of a compressed file is unfolded to find its block number. */
const PEEK_BYTES = 16_384;

/**
 * The files behind a path: the path itself, or all files of a directory and its subdirectories in the order of their block numbers.
 * Throws BlockFileError BRAID_FILE_UNREADABLE.
 */
export async function listFiles(path: string): Promise<Candidate[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ path, named: true }];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const ordered = await Promise.all(files.map(async (file) => ({ file, number: await peekNumber(file) })));
    ordered.sort(
      (left, right) =>
        left.number - right.number || left.file.localeCompare(right.file, "en", { numeric: true }),
    );
    return ordered.map(({ file }) => ({ path: file, named: false }));
  } catch (error) {
    throw unreadable(error);
  }
}

/**
 * Loads a file, whatever its format. Throws BlockFileError; its code is BRAID_FILE_UNKNOWN_FORMAT when the content is none of the formats,
 * which a file found in a directory is allowed to be (a README beside the blocks).
 */
export async function loadBlockFile(path: string): Promise<BlockFile> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw unreadable(error);
  }
  if (isBundle(bytes)) return loadBundle(path, bytes);
  const json = parseJson(isGzip(bytes) ? gunzip(bytes) : bytes);
  if (isMainnetBlockJson(json)) return explain(() => loadMainnetBlock(path, json));
  if (isWitnessJson(json)) return explain(() => loadWitness(path, json));
  throw unknownFormat("its JSON has neither a block with a pre-state nor a block with a witness");
}

/** Loaders read fields that JSON may lack or mistype; what they then throw is about the file, not about Braid. */
async function explain(load: () => BlockFile | Promise<BlockFile>): Promise<BlockFile> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof BlockFileError) throw error;
    throw new BlockFileError(
      "BRAID_FILE_MALFORMED",
      `A field of the file is missing or malformed: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function gunzip(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "Z_BUF_ERROR") {
      throw new BlockFileError(
        "BRAID_FILE_TRUNCATED",
        "The gzip file ends too early. Copy or download it again.",
        { cause: error },
      );
    }
    throw new BlockFileError(
      "BRAID_FILE_CORRUPT",
      `The gzip file is damaged (${messageOf(error)}). Copy or download it again.`,
      { cause: error },
    );
  }
}

function parseJson(bytes: Uint8Array): object {
  if (bytes.length === 0)
    throw new BlockFileError("BRAID_FILE_TRUNCATED", "The file is empty. Copy or download it again.");
  const text = new TextDecoder().decode(bytes);
  if (!text.trimStart().startsWith("{")) throw unknownFormat("it is neither a bundle nor JSON");
  try {
    return JSON.parse(text);
  } catch (error) {
    // A list of JSON lines is another format; a block that stops in the middle is a damaged one.
    if (isJson(text.slice(0, text.indexOf("\n")))) throw unknownFormat("it holds JSON lines");
    throw new BlockFileError(
      "BRAID_FILE_TRUNCATED",
      `Its JSON is cut off or damaged (${messageOf(error)}). Copy or download it again.`,
      { cause: error },
    );
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The first block number in a file; Infinity when there is none to be seen, so that such files come last. Only for the order. */
async function peekNumber(path: string): Promise<number> {
  const head = await readHead(path);
  if (isBundle(head)) return await peekBundle(path);
  const text = new TextDecoder("latin1").decode(isGzip(head) ? peekGzip(head) : head);
  const number = /"number"\s*:\s*"?(0x[0-9a-fA-F]+|\d+)/.exec(text)?.[1];
  return number === undefined ? Number.POSITIVE_INFINITY : Number(number);
}

async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: new Uint8Array(PEEK_BYTES) });
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function peekBundle(path: string): Promise<number> {
  try {
    return Number(loadBundle(path, await readFile(path)).blocks[0]?.number);
  } catch (error) {
    if (error instanceof BlockFileError) return Number.POSITIVE_INFINITY; // loading it again will say what is wrong
    throw error;
  }
}

function peekGzip(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    if (error instanceof Error && "code" in error) return new Uint8Array(0); // damaged: loading it will say so
    throw error;
  }
}

function unknownFormat(reason: string): BlockFileError {
  return new BlockFileError(
    "BRAID_FILE_UNKNOWN_FORMAT",
    `This is no block file: ${reason}. Braid replays bundles (.braid), blocks with a pre-state and blocks with a witness.`,
    { data: { reason } },
  );
}

function unreadable(error: unknown): BlockFileError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reason =
    code === "ENOENT"
      ? "there is no such file or directory"
      : code === "EACCES"
        ? "permission denied"
        : messageOf(error);
  return new BlockFileError("BRAID_FILE_UNREADABLE", `It cannot be read: ${reason}.`, {
    data: { reason },
    cause: error,
  });
}
