// For tests: one block of Prague as a blockchain test and as an engine_newPayload call, right in every respect.

import type { Executor } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import { encodeBlock, type Header, hashHeader } from "@braid/protocol";
import type { GenesisAlloc } from "@braid/state";
import { keyed } from "@braid/testing/accounts";
import { REQUEST_CONTRACTS } from "@braid/testing/block-builder";
import { blobHash, signTransaction } from "@braid/testing/sign";
import { TestChain } from "@braid/testing/test-chain";
import type { BlockchainFixture, EngineFixture } from "../fixture-types.ts";

const BLOB = blobHash(1);
const RECEIVER = keyed(3).address;

export interface BlockFixtures {
  /** The block, as both have it. */
  rlp: Uint8Array;
  blockchain: BlockchainFixture;
  engine: EngineFixture;
}

/** A legacy transfer, a blob transaction and a withdrawal. */
export async function blockFixtures(executor: Executor): Promise<BlockFixtures> {
  const pre: GenesisAlloc = Object.fromEntries([
    ...[0, 1, 2, 3].map((i) => [bytesToHex(keyed(i).address), { balance: "0xde0b6b3a7640000" }]),
    ...REQUEST_CONTRACTS.map((address) => [bytesToHex(address), { code: "0x00" }]),
  ]);
  const chain = new TestChain(executor, "prague", [], pre);
  const genesis = chain.parent;
  const unsigned = {
    chainId: 1n,
    gasLimit: 21_000n,
    maxFeePerGas: 2_000_000_000n,
    maxPriorityFeePerGas: 1n,
    to: RECEIVER,
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
  const withdrawals = [{ index: 1n, validatorIndex: 2n, address: RECEIVER, amount: 4n }];
  const { header, rlp } = await chain.seal({ transactions, withdrawals });
  const { logsBloom, ...genesisJson } = toJson(genesis);
  const json = toJson(header);
  const common = {
    network: "Prague",
    pre,
    postStateHash: bytesToHex(header.stateRoot),
    genesisBlockHeader: { ...genesisJson, bloom: logsBloom, hash: bytesToHex(hashHeader(genesis)) },
    lastblockhash: bytesToHex(hashHeader(header)),
    config: { chainid: "0x1" },
  };
  const genesisBlock = { header: genesis, transactions: [], uncles: [], withdrawals: [] };
  return {
    rlp,
    blockchain: {
      ...common,
      genesisRLP: bytesToHex(encodeBlock(genesisBlock)),
      blocks: [{ rlp: bytesToHex(rlp) }],
    },
    engine: {
      ...common,
      engineNewPayloads: [
        {
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
              blockHash: bytesToHex(hashHeader(header)),
              transactions: transactions.map(bytesToHex),
              withdrawals: [
                { index: "0x1", validatorIndex: "0x2", address: bytesToHex(RECEIVER), amount: "0x4" },
              ],
            },
            [bytesToHex(BLOB)],
            json.parentBeaconBlockRoot as Hex,
            [],
          ],
        },
      ],
    },
  };
}

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
