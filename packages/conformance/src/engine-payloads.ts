// Engine API fixtures: each payload of engine_newPayload is a block in another form, so the case becomes a blockchain test.

import { createHash } from "node:crypto";
import { decodeTransaction } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { bytesToHex, type Hex, hexToBytes, minimalBytes } from "@braid/primitives";
import { orderedTrieRoot } from "@braid/state";
import { RLP } from "@ethereumjs/rlp";
import type { BlockchainFixture, EngineFixture, EnginePayload, FixtureBlock } from "./fixture-types.ts";

type Field = Uint8Array | Field[];

const NO_UNCLES_HASH = keccak256(RLP.encode([]));

const number = (hex: string): Uint8Array => minimalBytes(BigInt(hex));

/** The fields of a header's JSON in the order of its encoding; those that a fork does not have yet are absent. */
const HEADER_FIELDS: readonly (readonly [name: string, encode: (hex: string) => Uint8Array])[] = [
  ["parentHash", hexToBytes],
  ["uncleHash", hexToBytes],
  ["coinbase", hexToBytes],
  ["stateRoot", hexToBytes],
  ["transactionsTrie", hexToBytes],
  ["receiptTrie", hexToBytes],
  ["bloom", hexToBytes],
  ["difficulty", number],
  ["number", number],
  ["gasLimit", number],
  ["gasUsed", number],
  ["timestamp", number],
  ["extraData", hexToBytes],
  ["mixHash", hexToBytes],
  ["nonce", hexToBytes],
  ["baseFeePerGas", number],
  ["withdrawalsRoot", hexToBytes],
  ["blobGasUsed", number],
  ["excessBlobGas", number],
  ["parentBeaconBlockRoot", hexToBytes],
  ["requestsHash", hexToBytes],
  ["blockAccessListHash", hexToBytes],
  ["slotNumber", number],
];

function headerItems(header: Record<string, string | undefined>): Field[] {
  return HEADER_FIELDS.flatMap(([name, encode]) => {
    const value = header[name];
    return value === undefined ? [] : [encode(value)];
  });
}

function encode(items: Field[]): Uint8Array {
  return RLP.encode(items as Parameters<typeof RLP.encode>[0]);
}

/** The case as a blockchain test. */
export function blocksOfPayloads({ engineNewPayloads, ...fixture }: EngineFixture): BlockchainFixture {
  const header = fixture.genesisBlockHeader;
  const body: Field[] = header.withdrawalsRoot === undefined ? [[], []] : [[], [], []];
  // A payload that the API refuses for its form never becomes a block.
  const payloads = engineNewPayloads.filter(({ errorCode }) => errorCode === undefined);
  return {
    ...fixture,
    genesisRLP: bytesToHex(encode([headerItems(header), ...body])),
    blocks: payloads.map(blockOfPayload),
  };
}

function blockOfPayload({ params, validationError }: EnginePayload): FixtureBlock {
  const [payload, versionedHashes, parentBeaconBlockRoot, requests] = params;
  const transactions = payload.transactions.map(hexToBytes);
  const withdrawals = payload.withdrawals?.map(({ index, validatorIndex, address, amount }) => [
    number(index),
    number(validatorIndex),
    hexToBytes(address),
    number(amount),
  ]);
  const header = headerItems({
    parentHash: payload.parentHash,
    uncleHash: bytesToHex(NO_UNCLES_HASH),
    coinbase: payload.feeRecipient,
    stateRoot: payload.stateRoot,
    transactionsTrie: bytesToHex(orderedTrieRoot(transactions)),
    receiptTrie: payload.receiptsRoot,
    bloom: payload.logsBloom,
    difficulty: "0x0",
    number: payload.blockNumber,
    gasLimit: payload.gasLimit,
    gasUsed: payload.gasUsed,
    timestamp: payload.timestamp,
    extraData: payload.extraData,
    mixHash: payload.prevRandao,
    nonce: "0x0000000000000000",
    baseFeePerGas: payload.baseFeePerGas,
    withdrawalsRoot:
      withdrawals === undefined ? undefined : bytesToHex(orderedTrieRoot(withdrawals.map(encode))),
    blobGasUsed: payload.blobGasUsed,
    excessBlobGas: payload.excessBlobGas,
    parentBeaconBlockRoot,
    requestsHash: requests === undefined ? undefined : requestsHash(requests),
    blockAccessListHash:
      payload.blockAccessList === undefined
        ? undefined
        : bytesToHex(keccak256(hexToBytes(payload.blockAccessList))),
    slotNumber: payload.slotNumber,
  });
  const body: Field[] = [transactions.map(bodyItem), [], ...(withdrawals === undefined ? [] : [withdrawals])];
  const refused =
    bytesToHex(keccak256(encode(header))) !== payload.blockHash
      ? "BRAID_PAYLOAD_WRONG_BLOCK_HASH"
      : versionedHashes !== undefined && !sameHashes(transactions, versionedHashes)
        ? "BRAID_PAYLOAD_WRONG_VERSIONED_HASHES"
        : undefined;
  return {
    rlp: bytesToHex(encode([header, ...body])),
    ...(validationError === undefined ? {} : { expectException: validationError }),
    ...(refused === undefined ? {} : { refused }),
  };
}

/** EIP-7685. */
function requestsHash(requests: string[]): Hex {
  const hashes = requests.map((request) => createHash("sha256").update(hexToBytes(request)).digest());
  return bytesToHex(createHash("sha256").update(Buffer.concat(hashes)).digest());
}

/** A payload has encoded transactions; in a block's body legacy ones are lists. */
function bodyItem(raw: Uint8Array): Field {
  return (raw[0] ?? 0) >= 0xc0 ? (RLP.decode(raw) as Field) : raw;
}

/** EIP-4844: the consensus layer tells which blobs it has seen. */
function sameHashes(transactions: Uint8Array[], expected: string[]): boolean {
  const found = transactions
    .filter((raw) => raw[0] === 3)
    .flatMap((raw) => decodeTransaction(raw).blobVersionedHashes.map(bytesToHex));
  return found.join() === expected.join();
}
