// Receipts: their encoding and the root of their trie.

import {
  minimalBytes,
  rlpListLength,
  rlpOfBytes,
  rlpOfList,
  rlpStringLength,
  writeRlpListHeader,
  writeRlpString,
} from "@braid/primitives";
import { MalformedDataError } from "../errors.ts";
import { orderedTrieRoot } from "../rlp/list-root.ts";
import { RlpFields } from "../rlp/rlp-fields.ts";
import { transactionType } from "../transaction/transaction.ts";

/** A log entry: 20-byte address, up to four 32-byte topics. */
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
  /** Before Byzantium: the state root after the transaction (32 bytes). */
  stateRoot?: Uint8Array;
  /** Gas units, of the block's transactions up to this one. */
  cumulativeGasUsed: bigint;
  /** 256 bytes. */
  logsBloom: Uint8Array;
  readonly logs: Log[];
}

const NO_BYTES = new Uint8Array(0);
const ONE = Uint8Array.of(1);

const malformed = (what: string): MalformedDataError =>
  new MalformedDataError("BRAID_RECEIPT_MALFORMED", `The receipt cannot be decoded: ${what}.`);

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

/** What a receipt's encoding consists of. */
type ReceiptParts = Omit<Receipt, "logs"> & { encodedLogs: Uint8Array };

/** EIP-2718 encoding of a receipt: rlp(status or state root, cumulative gas, bloom, logs), after the type byte unless it is 0. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  if (receipt instanceof EncodedReceipt) return encodeReceiptParts(receipt);
  return encodeReceiptParts({ ...receipt, encodedLogs: encodeLogs(receipt.logs) });
}

/** The RLP list of logs. */
export function encodeLogs(logs: readonly Log[]): Uint8Array {
  return rlpOfList(
    logs.map(({ address, topics, data }) =>
      rlpOfList([rlpOfBytes(address), rlpOfList(topics.map(rlpOfBytes)), rlpOfBytes(data)]),
    ),
  );
}

function encodeReceiptParts({
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
 * Decodes a receipt. Its bloom is taken as it stands; its byte arrays are views of `raw`.
 *
 * @throws MalformedDataError BRAID_RECEIPT_MALFORMED.
 */
export function decodeReceipt(raw: Uint8Array): Receipt {
  const first = raw[0];
  if (first === undefined) throw malformed("it is empty");
  const type = transactionType(first);
  if (type > 4) throw malformed(`type ${type} is not known`);
  const fields = RlpFields.of(type === 0 ? raw : raw.subarray(1), malformed, "its list of fields");
  if (fields.length !== 4) throw malformed(`it has ${fields.length} fields instead of 4`);
  const outcome = fields.bytes(0, "its status");
  if (outcome.length !== 32 && (outcome.length > 1 || (outcome[0] ?? 1) !== 1))
    throw malformed("its status is neither 0, 1 nor a state root");
  return {
    type,
    ...(outcome.length === 32 ? { stateRoot: outcome } : { status: outcome.length === 1 ? 1 : 0 }),
    cumulativeGasUsed: fields.integer(1, "its cumulative gas", 32),
    logsBloom: fields.bytes(2, "its bloom", 256),
    logs: readLogs(fields.list(3, "its logs")),
  };
}

/** The logs of an RLP list of (address, topics, data); throws as decodeReceipt. */
export function decodeLogs(encoded: Uint8Array): Log[] {
  return readLogs(RlpFields.of(encoded, malformed, "its logs"));
}

function readLogs(list: RlpFields): Log[] {
  return list.map((logs, i) => {
    const log = logs.list(i, "a log");
    if (log.length !== 3) throw malformed("a log does not have three fields");
    const topics = log.list(1, "a log's topics");
    if (topics.length > 4) throw malformed(`a log has ${topics.length} topics`);
    return {
      address: log.bytes(0, "a log's address", 20),
      topics: topics.map((items, j) => items.bytes(j, "a topic", 32)),
      data: log.bytes(2, "a log's data"),
    };
  });
}

/** The root of the receipts trie (32 bytes). */
export function receiptsRoot(receipts: readonly Receipt[]): Uint8Array {
  return orderedTrieRoot(receipts.map(encodeReceipt));
}
