// The kernel's wasm binary as the published package has it: kernel.wasm, made by `pnpm build`, and kernel.wasm.sha256 beside it, in the
// form that `sha256sum --check` reads. This file is `#binary` of package.json there; in the working tree compile.ts is.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { KernelBinaryError } from "./errors.ts";

export const BINARY_FILE = "kernel.wasm";
export const CHECKSUM_FILE = "kernel.wasm.sha256";

/** What stands in the file of the checksum. */
export function checksumLine(binary: Uint8Array): string {
  return `${createHash("sha256").update(binary).digest("hex")}  ${BINARY_FILE}\n`;
}

/**
 * The kernel's wasm binary. PERF: a quarter of a millisecond.
 * @throws KernelBinaryError when a file is missing or the binary is not the one that was built
 */
export async function loadKernelBinary(): Promise<Uint8Array<ArrayBuffer>> {
  const [binary, checksum] = await Promise.all([read(BINARY_FILE), read(CHECKSUM_FILE)]);
  const expected = new TextDecoder().decode(checksum);
  const found = checksumLine(binary);
  if (found === expected) return binary;
  throw new KernelBinaryError(
    `the SHA-256 of ${BINARY_FILE} (${binary.length} bytes) is ${found.trimEnd()}, not ${expected.trimEnd()}`,
  );
}

async function read(name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(new URL(name, import.meta.url)));
  } catch (error) {
    throw new KernelBinaryError(`${name} cannot be read`, error);
  }
}
