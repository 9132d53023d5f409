// JSON files of fixtures, plain or gzip, read within a limit.

import { FileError, gunzipBounded, isGzip, parseJsonBounded, readBounded } from "@braid/primitives";

/** What a JSON file holds. Throws FileError. */
export async function readJson(path: string, maxFileBytes?: number): Promise<unknown> {
  const bytes = await readBounded(path, maxFileBytes);
  const text = isGzip(bytes) ? gunzipBounded(bytes, maxFileBytes) : bytes;
  if (text.length === 0)
    throw new FileError("BRAID_FILE_TRUNCATED", "It is empty. Copy or download it again.");
  try {
    return parseJsonBounded(text, maxFileBytes);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FileError("BRAID_FILE_MALFORMED", `It is no JSON: ${error.message.replace(/\s+/g, " ")}.`, {
      cause: error,
    });
  }
}
