// What a file is: its format, by content and never by name, and the blocks in it.
import {
  DEFAULT_MAX_FILE_BYTES,
  FileError,
  gunzipBounded,
  isGzip,
  parseJsonBounded,
  readBounded,
  readStart,
} from "@braid/primitives";
import type { BlockFile } from "./block-file.ts";
import { isBundle } from "./bundle-container.ts";
import { BlockFileError, messageOf } from "./errors.ts";
import { loadBundle } from "./load-bundle.ts";
import { isMainnetBlockJson, loadMainnetBlock } from "./load-mainnet-block.ts";
import { isWitnessJson, loadWitness } from "./load-witness.ts";

/** How a file is loaded. */
export interface LoadOptions {
  /** Bytes that the file may have, and unfold into with what its values take in memory; default 256 MiB. */
  maxFileBytes?: number;
}

/**
 * Loads a file, whatever its format. Throws FileError or BlockFileError, or what is wrong with a block that could be read
 * (InvalidBlockError, InvalidTransactionError, InvalidChainError); the code is BRAID_FILE_UNKNOWN_FORMAT when the content is none
 * of the formats, which a file found in a directory is allowed to be (a README beside the blocks).
 */
export async function loadBlockFile(path: string, options: LoadOptions = {}): Promise<BlockFile> {
  const { maxFileBytes = DEFAULT_MAX_FILE_BYTES } = options;
  const bytes = await readCandidate(path, maxFileBytes);
  if (isBundle(bytes)) return loadBundle(path, bytes, maxFileBytes);
  const json = parseJson(isGzip(bytes) ? gunzipBounded(bytes, maxFileBytes) : bytes, maxFileBytes);
  if (isMainnetBlockJson(json)) return loadMainnetBlock(path, json);
  if (isWitnessJson(json)) return await loadWitness(path, json);
  throw unknownFormat("its JSON has neither a block with a pre-state nor a block with a witness");
}

/** The file's bytes. One that is too large to be read is none of ours when it does not even begin like one. */
async function readCandidate(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    return await readBounded(path, maxBytes);
  } catch (error) {
    if (error instanceof FileError && error.code === "BRAID_FILE_TOO_LARGE") {
      const head = await readStart(path, SNIFFED_BYTES);
      if (!isBundle(head) && !isGzip(head) && !beginsAsObject(head)) throw noBlockFile();
    }
    throw error;
  }
}

function parseJson(bytes: Uint8Array, maxBytes: number): object {
  if (bytes.length === 0)
    throw new BlockFileError("BRAID_FILE_TRUNCATED", "The file is empty. Copy or download it again.");
  if (!beginsAsObject(bytes)) throw noBlockFile();
  try {
    return parseJsonBounded(bytes, maxBytes) as object; // it begins with a brace
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // A list of JSON lines is another format; a block that stops in the middle is a damaged one.
    const firstLine = bytes.subarray(0, Math.max(0, bytes.indexOf(LINE_FEED)));
    if (isJson(new TextDecoder().decode(firstLine))) throw unknownFormat("it holds JSON lines");
    throw new BlockFileError(
      "BRAID_FILE_TRUNCATED",
      `Its JSON is cut off or damaged (${messageOf(error)}). Copy or download it again.`,
      { cause: error },
    );
  }
}

const SNIFFED_BYTES = 64;
const LINE_FEED = 0x0a;

/** True when the first that is no white space (nor a byte order mark) is a brace. */
function beginsAsObject(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, SNIFFED_BYTES)).trimStart().startsWith("{");
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

function noBlockFile(): BlockFileError {
  return unknownFormat("it is neither a bundle nor JSON");
}

function unknownFormat(reason: string): BlockFileError {
  return new BlockFileError(
    "BRAID_FILE_UNKNOWN_FORMAT",
    `This is no block file: ${reason}. Braid replays bundles (.braid), blocks with a pre-state and blocks with a witness.`,
    { data: { reason } },
  );
}
