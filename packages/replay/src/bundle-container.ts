// The outer layer of a bundle file: signature, version, lengths and digest around a compressed payload (see BUNDLE.md).
import { createHash } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";
import { DEFAULT_MAX_FILE_BYTES, equalBytes, tooLarge } from "@braid/primitives";
import { BlockFileError, messageOf } from "./errors.ts";

/** How the payload of a bundle is compressed. */
export type BundleCompression = "none" | "gzip" | "brotli";

/** The format version that this Braid writes, and the newest one that it reads. */
export const BUNDLE_VERSION = 1;

/**
 * 0x89 "BRAID" CR LF: the high bit shows a channel that is not 8-bit clean, CR LF one that rewrites line ends
 * (the idea of the PNG signature).
 */
const BUNDLE_SIGNATURE: Uint8Array = Uint8Array.of(0x89, 0x42, 0x52, 0x41, 0x49, 0x44, 0x0d, 0x0a);

/** Bytes before the body. */
export const HEADER_LENGTH = 60;

const METHODS: readonly BundleCompression[] = ["none", "gzip", "brotli"];

/** Puts a payload into a bundle file's bytes. The header, digest included, depends on the payload's bytes alone, not on the compressor. */
export function sealPayload(payload: Uint8Array, compression: BundleCompression = "brotli"): Uint8Array {
  const body = compress(payload, compression);
  const file = new Uint8Array(HEADER_LENGTH + body.length);
  const view = new DataView(file.buffer);
  file.set(BUNDLE_SIGNATURE, 0);
  view.setUint16(8, BUNDLE_VERSION);
  view.setUint8(10, METHODS.indexOf(compression));
  view.setBigUint64(12, BigInt(body.length));
  view.setBigUint64(20, BigInt(payload.length));
  file.set(sha256(payload), 28);
  file.set(body, HEADER_LENGTH);
  return file;
}

/** True when the bytes begin as a bundle does. */
export function isBundle(file: Uint8Array): boolean {
  return (
    file.length >= BUNDLE_SIGNATURE.length &&
    equalBytes(file.subarray(0, BUNDLE_SIGNATURE.length), BUNDLE_SIGNATURE)
  );
}

/** What the header of a bundle file says. Lengths are bytes. */
export interface BundleHeader {
  compression: BundleCompression;
  bodyLength: number;
  payloadLength: number;
  digest: Uint8Array;
}

/**
 * The header of a bundle file, of which only the beginning need be there.
 * Throws BlockFileError: BRAID_FILE_UNKNOWN_FORMAT (no bundle), BRAID_BUNDLE_VERSION, BRAID_FILE_TRUNCATED, BRAID_FILE_CORRUPT.
 */
export function readBundleHeader(file: Uint8Array): BundleHeader {
  if (!isBundle(file)) {
    throw new BlockFileError(
      "BRAID_FILE_UNKNOWN_FORMAT",
      "This is not a Braid bundle: its signature is missing.",
    );
  }
  if (file.length < HEADER_LENGTH) throw truncated(HEADER_LENGTH, file.length);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const version = view.getUint16(8);
  if (version !== BUNDLE_VERSION) {
    const advice =
      version > BUNDLE_VERSION ? "Update Braid to read it." : "Make the bundle again with this Braid.";
    throw new BlockFileError(
      "BRAID_BUNDLE_VERSION",
      `The bundle has format version ${version}, this Braid reads version ${BUNDLE_VERSION}. ${advice}`,
      { data: { version, supported: BUNDLE_VERSION } },
    );
  }
  const compression = METHODS[view.getUint8(10)];
  if (compression === undefined) throw corrupt(`compression method ${view.getUint8(10)} does not exist`);
  if (view.getUint8(11) !== 0) throw corrupt("its reserved byte is not zero");
  return {
    compression,
    // Beyond 2^53 they are not exact, and far beyond any limit.
    bodyLength: Number(view.getBigUint64(12)),
    payloadLength: Number(view.getBigUint64(20)),
    digest: file.subarray(28, HEADER_LENGTH),
  };
}

/**
 * The payload of a bundle file, decompressed and checked against the digest. What the header claims is held against what is there
 * and against the limit before any memory is taken.
 * Throws BlockFileError as `readBundleHeader`, and FileError BRAID_FILE_TOO_LARGE.
 */
export function openPayload(file: Uint8Array, maxBytes = DEFAULT_MAX_FILE_BYTES): Uint8Array {
  const { compression, bodyLength, payloadLength, digest } = readBundleHeader(file);
  const present = file.length - HEADER_LENGTH;
  if (present < bodyLength) throw truncated(HEADER_LENGTH + bodyLength, file.length);
  if (present > bodyLength) throw corrupt(`${present - bodyLength} bytes follow its end`);
  if (payloadLength > maxBytes) throw tooLarge(`Unfolded it has ${payloadLength} bytes`, maxBytes);
  const payload = decompress(file.subarray(HEADER_LENGTH), compression, payloadLength);
  if (payload.length !== payloadLength)
    throw corrupt(`its payload has ${payload.length} bytes instead of ${payloadLength}`);
  if (!equalBytes(sha256(payload), digest)) throw corrupt("its SHA-256 digest does not fit");
  return payload;
}

function compress(payload: Uint8Array, method: BundleCompression): Uint8Array {
  if (method === "gzip") return gzipSync(payload, { level: 9 });
  if (method === "brotli") {
    // 10 packs as tightly as zstd's 19 and in the same time, 11 takes four times as long for 3% less; bundles are written once and read often.
    return brotliCompressSync(payload, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 10,
        [constants.BROTLI_PARAM_SIZE_HINT]: Math.min(payload.length, 2 ** 30),
      },
    });
  }
  return payload;
}

function decompress(body: Uint8Array, method: BundleCompression, payloadLength: number): Uint8Array {
  // The claimed length is the limit: a body that would unfold into more is refused, not unfolded.
  const options = { maxOutputLength: Math.max(payloadLength, 1) };
  try {
    if (method === "gzip") return plain(gunzipSync(body, options));
    if (method === "brotli") return plain(brotliDecompressSync(body, options));
    return plain(body);
  } catch (error) {
    throw corrupt(`its payload does not decompress (${messageOf(error)})`, error);
  }
}

/** A Buffer as the Uint8Array that it is: `Buffer.slice` shares memory, so every small slice would keep the whole payload alive. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function truncated(expected: number, found: number): BlockFileError {
  return new BlockFileError(
    "BRAID_FILE_TRUNCATED",
    `The bundle is truncated: ${found} of ${expected} bytes are there. Copy or download it again.`,
    { data: { expected, found } },
  );
}

function corrupt(reason: string, cause?: unknown): BlockFileError {
  return new BlockFileError(
    "BRAID_FILE_CORRUPT",
    `The bundle is damaged: ${reason}. Copy or download it again.`,
    {
      data: { reason },
      cause,
    },
  );
}
