// Payloads of the Engine API as blocks: the block that a payload was made of comes back, byte for byte.

import { Executor } from "@braid/executor";
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { decodeBlock, type Header, hashHeader } from "@braid/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestChain } from "../../chain/src/testing/test-chain.ts";
import { keyed } from "../../executor/src/testing/accounts.ts";
import { blobHash, signTransaction } from "../../executor/src/testing/sign.ts";
import { blocksOfPayloads } from "./engine-payloads.ts";
import type { EngineFixture, EnginePayload } from "./fixture-types.ts";
import { networkChain } from "./networks.ts";

const executor = new Executor({ workers: 1 });
afterAll(() => executor.close());

const BLOB = blobHash(1);

let rlp: Uint8Array;
let fixture: EngineFixture;

beforeAll(async () => {
  const chain = new TestChain(executor, "prague");
  const genesis = chain.parent;
  const unsigned = {
    chainId: 1n,
    gasLimit: 21_000n,
    maxFeePerGas: 2_000_000_000n,
    maxPriorityFeePerGas: 1n,
    to: keyed(3).address,
    value: 1n,
    data: new Uint8Array(0),
    accessList: [],
    maxFeePerBlobGas: 10n,
    authorizations: [],
  };
  const transactions = [
    signTransaction({ ...unsigned, type: 0, nonce: 0n, blobVersionedHashes: [] }, keyed(0)),
    signTransaction({ ...unsigned, type: 3, nonce: 1n, blobVersionedHashes: [BLOB] }, keyed(0)),
  ];
  const withdrawals = [{ index: 1n, validatorIndex: 2n, address: keyed(3).address, amount: 4n }];
  const sealed = await chain.seal({ transactions, withdrawals });
  rlp = sealed.rlp;
  const json = toJson(sealed.header);
  const { logsBloom, ...genesisJson } = toJson(genesis);
  const payload: EnginePayload = {
    params: [
      {
        ...pick(json, [
          "parentHash",
          "stateRoot",
          "logsBloom",
          "gasLimit",
          "gasUsed",
          "timestamp",
          "extraData",
          "baseFeePerGas",
          "blobGasUsed",
          "excessBlobGas",
        ]),
        feeRecipient: json.coinbase as Hex,
        receiptsRoot: json.receiptTrie as Hex,
        prevRandao: json.mixHash as Hex,
        blockNumber: json.number as Hex,
        blockHash: bytesToHex(hashHeader(sealed.header)),
        transactions: transactions.map(bytesToHex),
        withdrawals: [
          { index: "0x1", validatorIndex: "0x2", address: bytesToHex(keyed(3).address), amount: "0x4" },
        ],
      },
      [bytesToHex(BLOB)],
      json.parentBeaconBlockRoot as Hex,
      [],
    ],
  };
  fixture = {
    network: "Prague",
    pre: {},
    genesisBlockHeader: { ...genesisJson, bloom: logsBloom, hash: bytesToHex(hashHeader(genesis)) },
    lastblockhash: bytesToHex(hashHeader(sealed.header)),
    engineNewPayloads: [payload],
  };
});

/** A header with the names that fixtures have for its fields. */
function toJson(header: Header): Record<string, Hex> {
  const names: Record<string, string> = {
    unclesHash: "uncleHash",
    transactionsRoot: "transactionsTrie",
    receiptsRoot: "receiptTrie",
  };
  return Object.fromEntries(
    Object.entries(header).map(([name, value]: [string, bigint | Uint8Array]) => [
      names[name] ?? name,
      typeof value === "bigint" ? `0x${value.toString(16)}` : bytesToHex(value),
    ]),
  );
}

function pick<K extends string>(json: Record<string, Hex>, names: readonly K[]): Record<K, Hex> {
  return Object.fromEntries(names.map((name) => [name, json[name]])) as Record<K, Hex>;
}

/** The fixture with its payload changed. */
function changed(change: (payload: EnginePayload) => void): EngineFixture {
  const copy = structuredClone(fixture);
  for (const payload of copy.engineNewPayloads) change(payload);
  return copy;
}

describe("a payload", () => {
  test("is the block that it was made of, on the same genesis block", () => {
    const genesis = decodeBlock(hexToBytes(blocksOfPayloads(fixture).genesisRLP), networkChain("Prague"));
    expect(bytesToHex(hashHeader(genesis.header))).toBe(fixture.genesisBlockHeader.hash);
    expect(blocksOfPayloads(fixture).blocks).toEqual([{ rlp: bytesToHex(rlp) }]);
  });

  test("with another block hash is refused", () => {
    const { blocks } = blocksOfPayloads(
      changed(({ params }) => Object.assign(params[0], { gasUsed: "0x1" })),
    );
    expect(blocks).toMatchObject([{ refused: "BRAID_PAYLOAD_WRONG_BLOCK_HASH" }]);
  });

  test("with other blobs than were announced is refused", () => {
    const { blocks } = blocksOfPayloads(changed(({ params }) => params[1]?.pop()));
    expect(blocks).toMatchObject([{ refused: "BRAID_PAYLOAD_WRONG_VERSIONED_HASHES" }]);
  });

  test("that the API refuses for its form is no block", () => {
    expect(
      blocksOfPayloads(changed((payload) => Object.assign(payload, { errorCode: -32602 }))).blocks,
    ).toEqual([]);
  });

  test("keeps what it is expected to be rejected for", () => {
    const validationError = "BlockException.INVALID_BLOCK_HASH";
    expect(
      blocksOfPayloads(changed((payload) => Object.assign(payload, { validationError }))).blocks,
    ).toMatchObject([{ expectException: validationError }]);
  });
});
