// JSON-RPC transactions back to bytes: the same bytes as @ethereumjs/tx makes, for every type.
import { type Hex, hexToBytes } from "@braid/primitives";
import { Common, Mainnet } from "@ethereumjs/common";
import { createTx, type TypedTransaction } from "@ethereumjs/tx";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeJsonTransaction, type JsonTransaction } from "./json-transaction.ts";
import { loadKzg } from "./kzg.ts";

let common: Common;
beforeAll(async () => {
  common = new Common({ chain: Mainnet, hardfork: "prague", customCrypto: { kzg: await loadKzg() } });
});

const KEY = new Uint8Array(32).fill(9);
const hex = (length: number): fc.Arbitrary<Hex> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes): Hex => `0x${Buffer.from(bytes).toString("hex")}`);
const quantity = (bits: number): fc.Arbitrary<Hex> =>
  fc.bigInt(0n, 2n ** BigInt(bits) - 1n).map((value): Hex => `0x${value.toString(16)}`);
const accessList = fc.array(
  fc.record({ address: hex(20), storageKeys: fc.array(hex(32), { maxLength: 2 }) }),
  { maxLength: 2 },
);
const base = {
  nonce: quantity(63),
  gasLimit: fc.constant<Hex>("0x1000000"),
  value: quantity(200),
  data: fc.uint8Array({ maxLength: 40 }).map((bytes): Hex => `0x${Buffer.from(bytes).toString("hex")}`),
};
const to = fc.option(hex(20), { nil: undefined });
const prices = { maxPriorityFeePerGas: fc.constant<Hex>("0x0"), maxFeePerGas: quantity(64) };
const authorization = fc.record({
  chainId: fc.constantFrom<Hex>("0x0", "0x1"),
  address: hex(20),
  nonce: quantity(63),
  yParity: fc.constantFrom<Hex>("0x0", "0x1"),
  r: quantity(255),
  s: quantity(250),
});
const unsigned = fc.oneof(
  fc.record({ ...base, type: fc.constant(0), to, gasPrice: quantity(64) }),
  fc.record({ ...base, type: fc.constant(1), to, gasPrice: quantity(64), accessList }),
  fc.record({ ...base, ...prices, type: fc.constant(2), to, accessList }),
  fc.record({
    ...base,
    ...prices,
    type: fc.constant(3),
    to: hex(20),
    accessList,
    maxFeePerBlobGas: quantity(64),
    blobVersionedHashes: fc.array(
      hex(31).map((rest): Hex => `0x01${rest.slice(2)}`),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record({
    ...base,
    ...prices,
    type: fc.constant(4),
    to: hex(20),
    accessList,
    authorizationList: fc.array(authorization, { minLength: 1, maxLength: 2 }),
  }),
);

/** What eth_getBlockByNumber shows of a transaction. */
function toRpc(tx: TypedTransaction, fields: object): JsonTransaction {
  const json = tx.toJSON();
  const {
    gasLimit = "0x0",
    data = "0x",
    yParity,
    v,
    nonce = "0x0",
    value = "0x0",
    r = "0x0",
    s = "0x0",
  } = json;
  return {
    ...json,
    ...fields,
    nonce,
    value,
    r,
    s,
    gas: gasLimit,
    input: data,
    to: json.to ?? null,
    type: `0x${tx.type}`,
    v,
    ...(yParity === undefined ? {} : { yParity }),
    chainId: "0x1",
  };
}

describe("encodeJsonTransaction", () => {
  test("gives what was signed", () => {
    fc.assert(
      fc.property(unsigned, (fields) => {
        const tx = createTx({ ...fields, chainId: 1n }, { common }).sign(KEY);
        expect(
          encodeJsonTransaction(toRpc(tx, "accessList" in fields ? { accessList: fields.accessList } : {})),
        ).toEqual(tx.serialize());
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["an unknown type", { type: "0x7f" }],
    ["a missing gas price", { type: "0x0", gasPrice: undefined }],
    ["a missing fee", { type: "0x2" }],
  ])("refuses %s", (_name, fields) => {
    const tx: JsonTransaction = {
      nonce: "0x0",
      gas: "0x1",
      value: "0x0",
      input: "0x",
      r: "0x1",
      s: "0x1",
      v: "0x1b",
      chainId: "0x1",
      ...fields,
    };
    expect(() => encodeJsonTransaction(tx)).toThrow(
      expect.objectContaining({ code: "BRAID_FILE_MALFORMED" }),
    );
  });

  test("writes quantities without leading zeros, also when the server pads them", () => {
    const tx: JsonTransaction = {
      type: "0x0",
      nonce: "0x00",
      gasPrice: "0x0001",
      gas: "0x5208",
      value: "0x0",
      input: "0x",
      to: null,
      v: "0x1b",
      r: "0x0a",
      s: "0x0b",
    };
    expect(encodeJsonTransaction(tx)).toEqual(hexToBytes("0xcb8001825208808080" + "1b0a0b"));
  });
});
