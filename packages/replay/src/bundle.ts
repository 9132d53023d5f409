// Braid's own file format: consecutive blocks with the state before the first of them. BUNDLE.md is the specification.
import { rename, writeFile } from "node:fs/promises";
import { type Hex, readBounded } from "@braid/primitives";
import type { ChainSpec } from "@braid/protocol";
import type { FlatPreState } from "@braid/state";
import { type BundleCompression, openPayload, sealPayload } from "./bundle-container.ts";
import { decodePayload, encodePayload } from "./bundle-payload.ts";

/** Blocks of one chain, consecutive, with everything that is needed to execute them. */
export interface Bundle {
  chain: ChainSpec;
  /** The blocks in consensus RLP ([header, transactions, uncles, withdrawals?]), numbers ascending by one. */
  blocks: Uint8Array[];
  /** The state before the first block. */
  state: BundleState;
  /** The hashes that BLOCKHASH needs, by number; those of the bundle's own blocks need not be listed. */
  blockHashes: Map<bigint, Uint8Array>;
  /** The RLP of the header before the first block, when it is known. Its state root must be the bundle's. */
  parentHeader?: Uint8Array;
  /** Free text: where the bundle comes from, how to make it again. */
  comment?: string;
}

/** The state before a bundle's first block, in one of three forms. */
export type BundleState =
  /** All of it: what is not listed does not exist, and state roots can be computed and checked. */
  | { kind: "complete"; pre: FlatPreState; stateRoot?: Uint8Array }
  /** What the blocks touch of it. State roots cannot be computed. */
  | { kind: "flat"; pre: FlatPreState }
  /** The trie nodes on the paths that the blocks touch; state roots can be computed for a bundle of one block. */
  | {
      kind: "witness";
      stateRoot: Uint8Array;
      /** RLP of trie nodes; found again by their keccak256. */
      nodes: Uint8Array[];
      codes: Uint8Array[];
      /** Addresses (lower-case hex) that the producer left out although they are read: they count as absent. */
      treatAsAbsent?: Hex[];
    };

/** The bytes of a bundle file. Two bundles with the same content have the same payload, whatever order their accounts are in. */
export function encodeBundle(bundle: Bundle, options: { compression?: BundleCompression } = {}): Uint8Array {
  return sealPayload(encodePayload(bundle), options.compression);
}

/**
 * The bundle in a file's bytes. What it claims to hold is counted before memory is taken for it: `maxBytes` (default 256 MiB) limits
 * what it may unfold into and take. Throws BlockFileError: BRAID_FILE_UNKNOWN_FORMAT, BRAID_BUNDLE_VERSION, BRAID_FILE_TRUNCATED,
 * BRAID_FILE_CORRUPT, BRAID_FILE_MALFORMED, and FileError BRAID_FILE_TOO_LARGE. The blocks' contents are not looked at.
 */
export function decodeBundle(file: Uint8Array, maxBytes?: number): Bundle {
  return decodePayload(openPayload(file, maxBytes), maxBytes);
}

/** Reads a bundle file; throws what `decodeBundle` throws, and FileError BRAID_FILE_UNREADABLE. */
export async function readBundle(path: string, maxBytes?: number): Promise<Bundle> {
  return decodeBundle(await readBounded(path, maxBytes), maxBytes);
}

/** Writes a bundle file: whole or not at all (through a temporary file beside it). */
export async function writeBundle(
  path: string,
  bundle: Bundle,
  options: { compression?: BundleCompression } = {},
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, encodeBundle(bundle, options));
  await rename(temporary, path);
}
