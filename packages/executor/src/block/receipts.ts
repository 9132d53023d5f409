// Receipts: their encoding, root and bloom.

import {
  minimalBytes,
  rlpListLength,
  rlpStringLength,
  writeRlpListHeader,
  writeRlpString,
} from "@braid/primitives";
import { orderedTrieRoot } from "@braid/state";
import { RLP } from "@ethereumjs/rlp";
import type { Log, Receipt } from "./block-result.ts";

const BLOOM_BYTES = 256;
const NO_BYTES = new Uint8Array(0);
const ONE = Uint8Array.of(1);

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

/** EIP-2718 encoding of a receipt: rlp(status or state root, cumulative gas, bloom, logs), after the type byte unless it is 0. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const outcome = receipt.stateRoot ?? (receipt.status === 1 ? ONE : NO_BYTES);
  const gas = minimalBytes(receipt.cumulativeGasUsed);
  const logs =
    receipt instanceof EncodedReceipt
      ? receipt.encodedLogs
      : RLP.encode(receipt.logs.map((log) => [log.address, log.topics, log.data]));
  const payload =
    rlpStringLength(outcome) + rlpStringLength(gas) + rlpStringLength(receipt.logsBloom) + logs.length;
  const prefix = receipt.type === 0 ? 0 : 1;
  const encoded = new Uint8Array(prefix + rlpListLength(payload));
  if (prefix === 1) encoded[0] = receipt.type;
  let at = writeRlpListHeader(encoded, prefix, payload);
  at = writeRlpString(encoded, at, outcome);
  at = writeRlpString(encoded, at, gas);
  at = writeRlpString(encoded, at, receipt.logsBloom);
  encoded.set(logs, at);
  return encoded;
}

/** The root of the receipts trie (32 bytes). */
export function receiptsRoot(receipts: Receipt[]): Uint8Array {
  return orderedTrieRoot(receipts.map(encodeReceipt));
}

/** The block's bloom: the union of its receipts'. */
export function unionBloom(receipts: Receipt[]): Uint8Array {
  const bloom = new Uint8Array(BLOOM_BYTES);
  for (const { logsBloom } of receipts) {
    for (let i = 0; i < BLOOM_BYTES; i++) bloom[i] = (bloom[i] as number) | (logsBloom[i] as number);
  }
  return bloom;
}
