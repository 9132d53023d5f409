// Blocks that no client may accept: they fail fast, with the same code and transaction in every mode and schedule, and leave the
// executor as good as before.

import { concatBytes, hexToBytes } from "@braid/primitives";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm } from "@braid/testing/assembler";
import { BlockBuilder, type BlockOptions, type Fork, type TestBlock } from "@braid/testing/block-builder";
import { authorize, blobHash } from "@braid/testing/sign";
import { TOOL, tool } from "@braid/testing/tool";
import { RLP } from "@ethereumjs/rlp";
import { describe, expect, test } from "vitest";
import { assertAllReject, fingerprint, runBraid, WORKER_COUNTS } from "./testing/agree.ts";

const CONTRACT = plainAddress(1);
const POOR = keyed(20);
const CONTRACT_KEY = keyed(21);
const MAX_U64 = (1n << 64n) - 1n;

interface Case {
  what: string;
  fork?: Fork;
  code: string;
  /** Appends the faulty transaction. */
  fault: (block: BlockBuilder) => void;
  options?: BlockOptions;
}

const transfer = { from: keyed(0), to: plainAddress(9) };

const CASES: Case[] = [
  {
    what: "a nonce that is too high",
    code: "BRAID_TX_NONCE_TOO_HIGH",
    fault: (b) => b.send({ ...transfer, nonce: 99 }),
  },
  {
    what: "a nonce that is too low",
    code: "BRAID_TX_NONCE_TOO_LOW",
    fault: (b) => b.send({ ...transfer, nonce: 0 }),
  },
  {
    what: "the last nonce",
    code: "BRAID_TX_NONCE_IS_MAX",
    fault: (b) => b.send({ ...transfer, nonce: MAX_U64 }),
  },
  {
    what: "a sender without ether",
    code: "BRAID_TX_INSUFFICIENT_FUNDS",
    fault: (b) => b.send({ from: keyed(99), to: CONTRACT }),
  },
  {
    what: "a sender who can pay for the gas or the value, not for both",
    code: "BRAID_TX_INSUFFICIENT_FUNDS",
    fault: (b) => b.send({ from: POOR, to: CONTRACT, gasLimit: 21_000, value: 420_000 }),
  },
  {
    what: "a sender who can pay at the price of the block, not at the maximum fee",
    code: "BRAID_TX_INSUFFICIENT_FUNDS",
    fault: (b) => b.send({ from: POOR, type: 2, to: CONTRACT, gasLimit: 21_000, maxFeePerGas: 1_000n }),
  },
  {
    what: "a sender with code",
    code: "BRAID_TX_SENDER_NOT_EOA",
    fault: (b) => b.send({ from: CONTRACT_KEY, nonce: 1, to: CONTRACT }),
  },
  {
    what: "less gas than the intrinsic",
    code: "BRAID_TX_INTRINSIC_GAS_TOO_LOW",
    fault: (b) => b.send({ ...transfer, gasLimit: 20_999 }),
  },
  {
    what: "less gas than the calldata floor",
    code: "BRAID_TX_GAS_FLOOR_TOO_LOW",
    fault: (b) => b.send({ ...transfer, data: new Uint8Array(1_000).fill(1), gasLimit: 40_000 }),
  },
  {
    what: "more gas than a transaction may have",
    code: "BRAID_TX_GAS_LIMIT_EXCEEDS_CAP",
    fault: (b) => b.send({ ...transfer, gasLimit: 16_777_217 }),
  },
  {
    what: "more gas than the block has",
    fork: "prague",
    code: "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK",
    fault: (b) => b.send({ ...transfer, gasLimit: 30_000_001 }),
  },
  {
    what: "a fee below the base fee",
    code: "BRAID_TX_FEE_BELOW_BASE_FEE",
    fault: (b) => b.send({ ...transfer, maxFeePerGas: 6n }),
  },
  {
    what: "a priority fee above the maximum fee",
    code: "BRAID_TX_PRIORITY_FEE_ABOVE_MAX_FEE",
    fault: (b) => b.send({ ...transfer, type: 2, maxFeePerGas: 20n, maxPriorityFeePerGas: 21n }),
  },
  {
    what: "init code that is too long",
    code: "BRAID_TX_INITCODE_TOO_LARGE",
    fault: (b) => b.send({ from: keyed(0), data: new Uint8Array(49_153), gasLimit: 10_000_000 }),
  },
  {
    what: "another chain",
    code: "BRAID_TX_WRONG_CHAIN_ID",
    fault: (b) => b.send({ ...transfer, chainId: 5n }),
  },
  {
    what: "another chain in a typed transaction",
    code: "BRAID_TX_WRONG_CHAIN_ID",
    fault: (b) => b.send({ ...transfer, type: 2, chainId: 5n }),
  },
  {
    what: "a type before its fork",
    fork: "istanbul",
    code: "BRAID_TX_TYPE_NOT_ACTIVE",
    fault: (b) => b.send({ ...transfer, type: 1 }),
  },
  {
    what: "a blob transaction before Cancun",
    fork: "shanghai",
    code: "BRAID_TX_TYPE_NOT_ACTIVE",
    fault: (b) => b.send({ ...transfer, type: 3, blobVersionedHashes: [blobHash(1)] }),
  },
  {
    what: "replay protection before its fork",
    fork: "homestead",
    code: "BRAID_TX_INVALID_SIGNATURE",
    fault: (b) => b.send({ ...transfer, chainId: 1n }),
  },
  {
    what: "an unknown type",
    code: "BRAID_TX_TYPE_NOT_ACTIVE",
    fault: (b) => b.raw(concatBytes(Uint8Array.of(9), lastRaw(b)), keyed(0)),
  },
  {
    what: "bytes that are no RLP",
    code: "BRAID_TX_MALFORMED",
    fault: (b) => b.raw(hexToBytes("0xf8ff01"), keyed(0)),
  },
  {
    what: "an empty transaction",
    code: "BRAID_TX_MALFORMED",
    fault: (b) => b.raw(new Uint8Array(0), keyed(0)),
  },
  {
    what: "bytes after its end",
    code: "BRAID_TX_MALFORMED",
    fault: (b) => b.raw(concatBytes(lastRaw(b), Uint8Array.of(0)), keyed(0)),
  },
  {
    what: "a field too few",
    code: "BRAID_TX_MALFORMED",
    fault: (b) =>
      b.raw(
        changed(lastRaw(b), (fields) => fields.slice(1)),
        keyed(0),
      ),
  },
  {
    what: "an integer with a leading zero",
    code: "BRAID_TX_MALFORMED",
    fault: (b) =>
      b.raw(
        changed(lastRaw(b), (fields) => fields.with(1, Uint8Array.of(0, 20))),
        keyed(0),
      ),
  },
  {
    what: "a receiver of 19 bytes",
    code: "BRAID_TX_MALFORMED",
    fault: (b) =>
      b.raw(
        changed(lastRaw(b), (fields) => fields.with(3, new Uint8Array(19))),
        keyed(0),
      ),
  },
  {
    what: "a signature that no key made",
    code: "BRAID_TX_INVALID_SIGNATURE",
    fault: (b) =>
      b.raw(
        changed(lastRaw(b), (fields) => fields.with(7, new Uint8Array(0))),
        keyed(0),
      ),
  },
  {
    what: "a high s (EIP-2)",
    code: "BRAID_TX_INVALID_SIGNATURE",
    fault: (b) =>
      b.raw(
        changed(lastRaw(b), (fields) => fields.with(8, new Uint8Array(32).fill(0xf0))),
        keyed(0),
      ),
  },
  {
    what: "a blob transaction without blobs",
    code: "BRAID_TX_NO_BLOBS",
    fault: (b) => b.send({ ...transfer, type: 3 }),
  },
  {
    what: "more blobs than a transaction may have",
    code: "BRAID_TX_BLOB_COUNT",
    fault: (b) =>
      b.send({ ...transfer, type: 3, blobVersionedHashes: Array.from({ length: 7 }, (_, i) => blobHash(i)) }),
  },
  {
    what: "a blob of another version",
    code: "BRAID_TX_BLOB_VERSION",
    fault: (b) => b.send({ ...transfer, type: 3, blobVersionedHashes: [blobHash(1).with(0, 2)] }),
  },
  {
    what: "a blob fee that is too low",
    code: "BRAID_TX_BLOB_FEE_TOO_LOW",
    fault: (b) => b.send({ ...transfer, type: 3, blobVersionedHashes: [blobHash(1)], maxFeePerBlobGas: 0n }),
  },
  {
    what: "a blob transaction that creates",
    code: "BRAID_TX_BLOB_CREATE",
    fault: (b) => b.send({ from: keyed(0), type: 3, blobVersionedHashes: [blobHash(1)], data: asm("STOP") }),
  },
  {
    what: "an empty authorization list",
    code: "BRAID_TX_AUTHORIZATION_LIST_EMPTY",
    fault: (b) => b.send({ ...transfer, type: 4 }),
  },
  {
    what: "authorizations that create",
    code: "BRAID_TX_AUTHORIZATION_CREATE",
    fault: (b) => b.send({ from: keyed(0), type: 4, authorizations: [authorize(keyed(1), CONTRACT, 9)] }),
  },
];

/** The bytes of a good transaction that the same sender could send next. */
function lastRaw(block: BlockBuilder): Uint8Array {
  const scratch = new BlockBuilder(block.fork);
  scratch.send({ ...transfer, nonce: block.nextNonce(keyed(0)) });
  return scratch.transactions[0] as Uint8Array;
}

function changed(raw: Uint8Array, change: (fields: Uint8Array[]) => Uint8Array[]): Uint8Array {
  return RLP.encode(change(RLP.decode(raw) as Uint8Array[]));
}

/** Good transactions around the faulty one, which is number 7. */
async function faultyBlock({ fork = "osaka", fault, options = {} }: Case): Promise<TestBlock> {
  const block = new BlockBuilder(fork, options);
  block.fund(...Array.from({ length: 6 }, (_, i) => keyed(i)));
  block.account(POOR.address, { balance: 800_000n });
  block.contract(CONTRACT_KEY.address, TOOL, { balance: 10n ** 18n, nonce: 1n });
  block.contract(CONTRACT, TOOL);
  const good = (i: number): void => {
    block.send({
      from: keyed(i % 6),
      to: CONTRACT,
      data: tool.slowly(200, tool.increment(1)),
      gasLimit: 300_000,
    });
  };
  for (let i = 0; i < 7; i++) good(i);
  fault(block);
  // keyed(0) would now have a gap in its nonces, and others follow: none of that is the first fault.
  for (let i = 1; i < 6; i++) good(i);
  return block.build();
}

test.each(CASES)("$what: $code", async (invalid) => {
  const error = await assertAllReject(await faultyBlock(invalid));
  expect(error).toMatchObject({ code: invalid.code, data: { transactionIndex: 7 } });
});

describe("the gas of the block", () => {
  /** Transaction 0 has a gas limit of 100 units and uses 60, transaction 1 has the limits given; the block's limit is 100. */
  async function block(limits: number[], used: number): Promise<TestBlock> {
    const UNIT = 1_000_000;
    const builder = new BlockBuilder("london", { gasLimit: BigInt(100 * UNIT) });
    builder.fund(keyed(0), keyed(1), keyed(2));
    // Burns all its gas.
    builder.contract(plainAddress(5), asm("INVALID"));
    builder.send({ from: keyed(0), to: plainAddress(5), gasLimit: 60 * UNIT });
    for (const [i, limit] of limits.entries())
      builder.send({
        from: keyed(1 + i),
        to: used === 0 ? plainAddress(6) : plainAddress(5),
        gasLimit: limit * UNIT,
      });
    return builder.build();
  }

  test("limit 100: transaction 0 uses 60, transaction 1 has limit 50 and would use less: the block is invalid", async () => {
    const over = await block([50], 0);
    const failure = { code: "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK", data: { transactionIndex: 1 } };
    expect(await assertAllReject(over, { repeat: 5 })).toMatchObject(failure);
  });

  test("limit 100: exactly what is left is admitted", async () => {
    const full = await block([40], 1);
    const sequential = await runBraid(full, 1, { mode: "sequential" });
    expect(sequential.gasUsed).toBe(100_000_000n);
    for (const workers of WORKER_COUNTS)
      expect(fingerprint(await runBraid(full, workers))).toBe(fingerprint(sequential));
  });

  test("limit 100: the third one too many is named", async () => {
    const over = await block([40, 1], 1);
    const failure = { code: "BRAID_TX_GAS_LIMIT_EXCEEDS_BLOCK", data: { transactionIndex: 2 } };
    expect(await assertAllReject(over, { repeat: 5 })).toMatchObject(failure);
  });
});

test("the first of several faults is named", async () => {
  const block = new BlockBuilder("osaka");
  block.fund(keyed(0), keyed(1), keyed(2));
  block.contract(CONTRACT, TOOL);
  block.send({
    from: keyed(0),
    to: CONTRACT,
    data: tool.slowly(1_000, tool.increment(1)),
    gasLimit: 500_000,
  });
  block.send({ from: keyed(1), to: CONTRACT, nonce: 4 });
  block.raw(hexToBytes("0xc0"), keyed(2));
  block.send({ from: keyed(99), to: CONTRACT });
  const built = await block.build();
  expect(await assertAllReject(built, { repeat: 5 })).toMatchObject({
    code: "BRAID_TX_NONCE_TOO_HIGH",
    data: { transactionIndex: 1 },
  });
});

test("more blobs in all than the block may have", async () => {
  const block = new BlockBuilder("cancun");
  block.fund(...Array.from({ length: 8 }, (_, i) => keyed(i)));
  for (let i = 0; i < 7; i++)
    block.send({ from: keyed(i), type: 3, to: CONTRACT, blobVersionedHashes: [blobHash(i)] });
  const built = await block.build();
  expect(await assertAllReject(built)).toMatchObject({ code: "BRAID_BLOCK_BLOB_GAS_EXCEEDED" });
});

test("a deposit event that is not laid out as EIP-6110 wants it", async () => {
  const contract = hexToBytes("0x00000000219ab540356cbb839cbe05303d7705fa");
  const event = hexToBytes("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
  const block = new BlockBuilder("prague");
  block.fund(keyed(0));
  block.contract(contract, asm(event, 32, 0, "LOG1"));
  block.send({ from: keyed(0), to: contract });
  const built = await block.build();
  expect(await assertAllReject(built)).toMatchObject({ code: "BRAID_BLOCK_DEPOSIT_LOG_MALFORMED" });
});

test("after a hundred faults an executor is as good as before", async () => {
  const good = new BlockBuilder("osaka");
  good.fund(keyed(0));
  good.contract(CONTRACT, TOOL);
  for (let i = 0; i < 20; i++) good.send({ from: keyed(0), to: CONTRACT, data: tool.increment(i % 3) });
  const block = await good.build();
  const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
  const faulty = await faultyBlock(CASES[0] as Case);
  for (let i = 0; i < 100; i++) {
    await assertAllReject(faulty, { workers: [2], repeat: 1 });
    if (i % 20 === 19) expect(fingerprint(await runBraid(block, 2))).toBe(right);
  }
});
