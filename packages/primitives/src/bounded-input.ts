// Reading what others wrote: whole files, gzip and JSON, each within a limit, so that no small file can take the machine's memory.

import { open } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { BaseError } from "./errors.ts";

/** Bytes that one file may have and unfold into when nobody says otherwise. */
export const DEFAULT_MAX_FILE_BYTES = 2 ** 28;

/** A JSON value is never less than this to the limit: in memory `{}` is 20 times its two characters. */
const JSON_VALUE_BYTES = 48;
/** No format that Braid reads is nested deeper than 12. */
const MAX_JSON_DEPTH = 64;
/** V8 has no longer strings, and JSON.parse takes a string. */
const MAX_JSON_BYTES = 2 ** 29 - 25;
/** Pipes do not say how long they are. */
const FIRST_CHUNK_BYTES = 2 ** 16;

/**
 * The bytes of a file or pipe.
 *
 * @throws FileError BRAID_FILE_UNREADABLE, BRAID_FILE_TOO_LARGE
 */
export async function readBounded(path: string, maxBytes = DEFAULT_MAX_FILE_BYTES): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > maxBytes) throw tooLarge(`It has ${size} bytes`, maxBytes);
      // One more than is there: the read that finds the end needs no room of its own.
      let buffer = new Uint8Array(Math.max(size + 1, FIRST_CHUNK_BYTES));
      let length = 0;
      for (;;) {
        const { bytesRead } = await file.read(buffer, length, buffer.length - length);
        if (bytesRead === 0) return buffer.subarray(0, length);
        length += bytesRead;
        if (length > maxBytes) throw tooLarge("It does not end", maxBytes);
        if (length === buffer.length) {
          const longer = new Uint8Array(2 * length);
          longer.set(buffer);
          buffer = longer;
        }
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof FileError ? error : unreadable(error);
  }
}

/** The first bytes of a file, fewer when it is shorter. Throws FileError BRAID_FILE_UNREADABLE. */
export async function readStart(path: string, length: number): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read({ buffer: new Uint8Array(length) });
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(error);
  }
}

/** True when the bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unfolds gzip.
 *
 * @throws FileError BRAID_FILE_TRUNCATED, BRAID_FILE_CORRUPT, BRAID_FILE_TOO_LARGE
 */
export function gunzipBounded(bytes: Uint8Array, maxBytes = DEFAULT_MAX_FILE_BYTES): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const code = codeOf(error);
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge("Unfolded it has more bytes", maxBytes, error);
    if (code === "Z_BUF_ERROR")
      throw new FileError(
        "BRAID_FILE_TRUNCATED",
        "The gzip file ends too early. Copy or download it again.",
        { cause: error },
      );
    throw new FileError(
      "BRAID_FILE_CORRUPT",
      `The gzip file is damaged (${textOf(error)}). Copy or download it again.`,
      { cause: error },
    );
  }
}

/**
 * Parses JSON whose values, as they will lie in memory, stay within the limit.
 *
 * @throws FileError BRAID_FILE_TOO_LARGE, BRAID_FILE_MALFORMED (nested too deeply); SyntaxError for what is no JSON
 */
export function parseJsonBounded(bytes: Uint8Array, maxBytes = DEFAULT_MAX_FILE_BYTES): unknown {
  if (bytes.length > MAX_JSON_BYTES)
    throw new FileError(
      "BRAID_FILE_TOO_LARGE",
      `Its JSON has ${bytes.length} bytes, and JSON of more than ${MAX_JSON_BYTES} cannot be read. Split it.`,
      { data: { limit: MAX_JSON_BYTES } },
    );
  const values = countJsonValues(bytes);
  if (bytes.length + values * JSON_VALUE_BYTES > maxBytes)
    throw tooLarge(
      `Its JSON has ${bytes.length} bytes and ${values} values, which take more bytes`,
      maxBytes,
    );
  return JSON.parse(new TextDecoder().decode(bytes));
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;

/** PERF: takes about half as long as the parsing: strings, which are most of the bytes, are left by a search for their end. */
function countJsonValues(bytes: Uint8Array): number {
  let values = 1;
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number; // in bounds
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
    } else if (byte === COMMA) {
      values++;
    } else if ((byte | 0x20) === 0x7b) {
      // [ or {
      values++;
      if (++depth > MAX_JSON_DEPTH)
        throw new FileError(
          "BRAID_FILE_MALFORMED",
          `Its JSON is nested more than ${MAX_JSON_DEPTH} deep, which no format of Braid's is.`,
          { data: { depth: MAX_JSON_DEPTH } },
        );
    } else if ((byte | 0x20) === 0x7d) depth--; // ] or }
  }
  return values;
}

/** Where the string that begins at `at` ends, or the end of the bytes. */
function endOfString(bytes: Uint8Array, at: number): number {
  for (let end = bytes.indexOf(QUOTE, at + 1); end !== -1; end = bytes.indexOf(QUOTE, end + 1)) {
    let slashes = 0;
    while (bytes[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
  return bytes.length;
}

/** Why a file cannot be read. */
export type FileErrorCode =
  /** The file cannot be read at all (no such file, no permission). */
  | "BRAID_FILE_UNREADABLE"
  /** The file ends too early. */
  | "BRAID_FILE_TRUNCATED"
  /** The content is damaged: a checksum or a hash inside it does not fit. */
  | "BRAID_FILE_CORRUPT"
  /** The format is known, a field in it is missing or wrong. */
  | "BRAID_FILE_MALFORMED"
  /** It has, or unfolds into, more than is read. `data.limit` is the limit in bytes. */
  | "BRAID_FILE_TOO_LARGE";

/** A file that cannot be read. The message says what was found and what to do; the file's name is added by who opened it. */
export class FileError extends BaseError {
  constructor(
    code: FileErrorCode,
    message: string,
    options: { data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}

/** The error of something that takes more bytes than the limit; `found` is a sentence without its full stop. */
export function tooLarge(found: string, limit: number, cause?: unknown): FileError {
  return new FileError(
    "BRAID_FILE_TOO_LARGE",
    `${found}; the limit is ${limit} bytes (${Math.round(limit / 2 ** 20)} MiB). If you trust the file, raise it with --max-file-size <MiB> (maxFileBytes in a program).`,
    { data: { limit }, cause },
  );
}

/** The error of a file or folder that the system does not let us read. */
export function unreadable(error: unknown): FileError {
  const reason = REASONS[codeOf(error) ?? ""] ?? textOf(error);
  return new FileError("BRAID_FILE_UNREADABLE", `It cannot be read: ${reason}.`, {
    data: { reason, ...(codeOf(error) === "ENOENT" ? { missing: true } : {}) },
    cause: error,
  });
}

const REASONS: Record<string, string> = {
  ENOENT: "there is no such file or directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a directory",
  ELOOP: "its symbolic links go in a circle",
};

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();
}
