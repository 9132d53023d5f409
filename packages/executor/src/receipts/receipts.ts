// Receipts: their encoding, root and bloom.

import {
  minimalBytes,
  rlpListLength,
  rlpStringLength,
  writeRlpListHeader,
  writeRlpString,
} from "@braid/primitives";
import { orderedTrieLeaf, orderedTrieRootOfLeaves } from "@braid/state";
import { RLP } from "@ethereumjs/rlp";

const BLOOM_BYTES = 256;
const NO_BYTES = new Uint8Array(0);
const ONE = Uint8Array.of(1);

/** A log entry: 20-byte address, 32-byte topics. */
export interface Log {
  address: Uint8Array;
  topics: Uint8Array[];
  data: Uint8Array;
}

/** Yellow Paper section 4.4.1, EIP-658, EIP-2718. */
export interface Receipt {
  /** The transaction's type, 0 to 4. */
  type: number;
  /** From Byzantium on. */
  status?: 0 | 1;
  /** Before Byzantium: the state root after the transaction, when `intermediateRoots` was given. */
  stateRoot?: Uint8Array;
  cumulativeGasUsed: bigint;
  /** 256 bytes. */
  logsBloom: Uint8Array;
  logs: Log[];
}

/** A receipt over logs that are encoded already; they are decoded when somebody looks at them. */
export class EncodedReceipt implements Receipt {
  readonly type: number;
  readonly status?: 0 | 1;
  readonly stateRoot?: Uint8Array;
  readonly cumulativeGasUsed: bigint;
  readonly logsBloom: Uint8Array;
  /** The RLP list of the logs. */
  readonly encodedLogs: Uint8Array;
  #logs: Log[] | undefined;

  constructor(fields: Omit<Receipt, "logs">, encodedLogs: Uint8Array) {
    this.type = fields.type;
    if (fields.status !== undefined) this.status = fields.status;
    if (fields.stateRoot !== undefined) this.stateRoot = fields.stateRoot;
    this.cumulativeGasUsed = fields.cumulativeGasUsed;
    this.logsBloom = fields.logsBloom;
    this.encodedLogs = encodedLogs;
  }

  get logs(): Log[] {
    this.#logs ??= decodeLogs(this.encodedLogs);
    return this.#logs;
  }
}

/** The logs of an RLP list of (address, topics, data). */
export function decodeLogs(encoded: Uint8Array): Log[] {
  const logs = RLP.decode(encoded) as unknown as [Uint8Array, Uint8Array[], Uint8Array][];
  return logs.map(([address, topics, data]) => ({ address, topics, data }));
}

/** What a receipt's encoding consists of. */
type ReceiptParts = Omit<Receipt, "logs"> & { encodedLogs: Uint8Array };

/** EIP-2718 encoding of a receipt: rlp(status or state root, cumulative gas, bloom, logs), after the type byte unless it is 0. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  if (receipt instanceof EncodedReceipt) return encodeReceiptParts(receipt);
  const logs = receipt.logs.map((log) => [log.address, log.topics, log.data]);
  return encodeReceiptParts({ ...receipt, encodedLogs: RLP.encode(logs) });
}

/** As encodeReceipt, when the logs are encoded already. */
export function encodeReceiptParts({
  type,
  status,
  stateRoot,
  cumulativeGasUsed,
  logsBloom,
  encodedLogs,
}: ReceiptParts): Uint8Array {
  const outcome = stateRoot ?? (status === 1 ? ONE : NO_BYTES);
  const gas = minimalBytes(cumulativeGasUsed);
  const payload =
    rlpStringLength(outcome) + rlpStringLength(gas) + rlpStringLength(logsBloom) + encodedLogs.length;
  const prefix = type === 0 ? 0 : 1;
  const encoded = new Uint8Array(prefix + rlpListLength(payload));
  if (prefix === 1) encoded[0] = type;
  let at = writeRlpListHeader(encoded, prefix, payload);
  at = writeRlpString(encoded, at, outcome);
  at = writeRlpString(encoded, at, gas);
  at = writeRlpString(encoded, at, logsBloom);
  encoded.set(encodedLogs, at);
  return encoded;
}

/**
 * The root of the receipts trie (32 bytes).
 *
 * @param leaves what orderedTrieLeaf gives for each receipt, where it is known.
 */
export function receiptsRoot(receipts: Receipt[], leaves: (Uint8Array | undefined)[] = []): Uint8Array {
  const count = receipts.length;
  return orderedTrieRootOfLeaves(
    receipts.map((receipt, i) => leaves[i] ?? orderedTrieLeaf(i, count, encodeReceipt(receipt))),
  );
}

/** The block's bloom: the union of its receipts'. */
export function unionBloom(receipts: EncodedReceipt[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES);
  const words = new Uint32Array(bloom.buffer);
  for (const { logsBloom } of receipts) {
    const more = new Uint32Array(logsBloom.buffer, logsBloom.byteOffset, BLOOM_BYTES / 4);
    for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) | (more[i] as number);
  }
  return bloom;
}
