// Engine API fixtures: each payload of engine_newPayload is a block in another form, so the case becomes a blockchain test.

import { keccak256 } from "@braid/kernel";
import { bytesToHex, hexToBytes } from "@braid/primitives";
import {
  type Block,
  decodeTransaction,
  encodeBlock,
  type Header,
  hashHeader,
  requestsHash,
  transactionsRoot,
  unclesHash,
  withdrawalsRoot,
} from "@braid/protocol";
import type { BlockchainFixture, EngineFixture, EnginePayload, FixtureBlock } from "./fixture-types.ts";

type Json = Record<string, string | undefined>;

/** What `read` makes of the fields that are there, under our names for them. */
function present<T>(
  json: Json,
  names: Record<string, keyof Header>,
  read: (hex: string) => T,
): Partial<Header> {
  return Object.fromEntries(
    Object.entries(names).flatMap(([name, ours]) => {
      const value = json[name];
      return value === undefined ? [] : [[ours, read(value)]];
    }),
  );
}

const same = (...names: (keyof Header)[]): Record<string, keyof Header> =>
  Object.fromEntries(names.map((name) => [name, name]));

/** The fixtures' header, whose roots are called as in ethereumjs. Fields that a fork does not have yet are absent. */
function fixtureHeader(json: Json): Header {
  return {
    ...present(
      json,
      {
        ...same("parentHash", "coinbase", "stateRoot", "extraData", "mixHash", "nonce"),
        ...same("withdrawalsRoot", "parentBeaconBlockRoot", "requestsHash", "blockAccessListHash"),
        uncleHash: "unclesHash",
        transactionsTrie: "transactionsRoot",
        receiptTrie: "receiptsRoot",
        bloom: "logsBloom",
      },
      hexToBytes,
    ),
    ...present(
      json,
      {
        ...same("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"),
        ...same("blobGasUsed", "excessBlobGas", "slotNumber"),
      },
      BigInt,
    ),
  } as Header;
}

/** The case as a blockchain test. */
export function blocksOfPayloads({ engineNewPayloads, ...fixture }: EngineFixture): BlockchainFixture {
  const header = fixtureHeader(fixture.genesisBlockHeader);
  const genesis: Block = {
    header,
    transactions: [],
    uncles: [],
    ...(header.withdrawalsRoot === undefined ? {} : { withdrawals: [] }),
  };
  // A payload that the API refuses for its form never becomes a block.
  const payloads = engineNewPayloads.filter(({ errorCode }) => errorCode === undefined);
  return {
    ...fixture,
    genesisRLP: bytesToHex(encodeBlock(genesis)),
    blocks: payloads.map(blockOfPayload),
  };
}

function blockOfPayload({ params, validationError }: EnginePayload): FixtureBlock {
  const [payload, versionedHashes, parentBeaconBlockRoot, requests] = params;
  const transactions = payload.transactions.map(hexToBytes);
  const withdrawals = payload.withdrawals?.map(({ index, validatorIndex, address, amount }) => ({
    index: BigInt(index),
    validatorIndex: BigInt(validatorIndex),
    address: hexToBytes(address),
    amount: BigInt(amount),
  }));
  const header: Header = {
    parentHash: hexToBytes(payload.parentHash),
    unclesHash: unclesHash([]),
    coinbase: hexToBytes(payload.feeRecipient),
    stateRoot: hexToBytes(payload.stateRoot),
    transactionsRoot: transactionsRoot(transactions),
    receiptsRoot: hexToBytes(payload.receiptsRoot),
    logsBloom: hexToBytes(payload.logsBloom),
    difficulty: 0n,
    number: BigInt(payload.blockNumber),
    gasLimit: BigInt(payload.gasLimit),
    gasUsed: BigInt(payload.gasUsed),
    timestamp: BigInt(payload.timestamp),
    extraData: hexToBytes(payload.extraData),
    mixHash: hexToBytes(payload.prevRandao),
    nonce: new Uint8Array(8),
    baseFeePerGas: BigInt(payload.baseFeePerGas),
    ...(withdrawals === undefined ? {} : { withdrawalsRoot: withdrawalsRoot(withdrawals) }),
    ...present(numbersOf(payload), same("blobGasUsed", "excessBlobGas", "slotNumber"), BigInt),
    ...(parentBeaconBlockRoot === undefined
      ? {}
      : { parentBeaconBlockRoot: hexToBytes(parentBeaconBlockRoot) }),
    ...(requests === undefined ? {} : { requestsHash: requestsHash(requests.map(hexToBytes)) }),
    ...(payload.blockAccessList === undefined
      ? {}
      : { blockAccessListHash: keccak256(hexToBytes(payload.blockAccessList)) }),
  };
  const block: Block = {
    header,
    transactions,
    uncles: [],
    ...(withdrawals === undefined ? {} : { withdrawals }),
  };
  const refused =
    bytesToHex(hashHeader(header)) !== payload.blockHash
      ? "BRAID_PAYLOAD_WRONG_BLOCK_HASH"
      : versionedHashes !== undefined && !sameHashes(transactions, versionedHashes)
        ? "BRAID_PAYLOAD_WRONG_VERSIONED_HASHES"
        : undefined;
  return {
    rlp: bytesToHex(encodeBlock(block)),
    ...(validationError === undefined ? {} : { expectException: validationError }),
    ...(refused === undefined ? {} : { refused }),
  };
}

/** The numbers of a payload that came with later versions. */
function numbersOf({ blobGasUsed, excessBlobGas, slotNumber }: EnginePayload["params"][0]): Json {
  return { blobGasUsed, excessBlobGas, slotNumber };
}

/** EIP-4844: the consensus layer tells which blobs it has seen. */
function sameHashes(transactions: Uint8Array[], expected: string[]): boolean {
  const found = transactions
    .filter((raw) => raw[0] === 3)
    .flatMap((raw) => decodeTransaction(raw).blobVersionedHashes.map(bytesToHex));
  return found.join() === expected.join();
}
