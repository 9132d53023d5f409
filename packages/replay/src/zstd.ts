// zstd, which Node.js has from 22.15 on. An older one refuses bundles that are compressed with it, and compresses its own with gzip.
import * as zlib from "node:zlib";
import { BlockFileError } from "./errors.ts";

type Zstd = Pick<typeof zlib, "zstdCompressSync" | "zstdDecompressSync" | "createZstdDecompress">;

export const hasZstd: boolean = "zstdDecompressSync" in zlib;

/** Node's zstd functions. Throws BlockFileError BRAID_BUNDLE_COMPRESSION when it has none. */
export function zstd(): Zstd {
  if (hasZstd) return zlib;
  throw new BlockFileError(
    "BRAID_BUNDLE_COMPRESSION",
    `The bundle is compressed with zstd, which Node.js ${process.version} cannot read: use Node.js 22.15 or later.`,
    { data: { compression: "zstd", node: process.version } },
  );
}
