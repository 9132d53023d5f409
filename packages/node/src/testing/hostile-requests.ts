// For tests: parameters as nobody in his right mind would send them, beside some that are right, so that the wrong ones get far.

import fc from "fast-check";

/** What of a node's chain is there to be asked for. */
export interface Known {
  addresses: readonly string[];
  /** Of blocks and transactions. */
  hashes: readonly string[];
  /** Transactions as eth_sendRawTransaction takes them. */
  raws: readonly string[];
}

const hexOfLength = (bytes: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((value) => `0x${Buffer.from(value).toString("hex")}`);

const bigQuantity = fc.bigInt(0n, (1n << 256n) - 1n).map((value) => `0x${value.toString(16)}`);

/** Of no form at all. */
const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      false,
      0,
      1,
      -1,
      1.5,
      -0,
      1e308,
      2 ** 53,
      "",
      "0x",
      "0X1",
      "0x01",
      "-0x1",
      "0x-1",
      "0xzz",
      "0x123",
      " 0x1",
    ],
    ...[
      "0",
      "00",
      "1e3",
      "Infinity",
      "NaN",
      "latest ",
      "LATEST",
      "constructor",
      "__proto__",
      "\u0000",
      "\ud800",
      "💥",
      [],
      {},
    ],
    ...[
      [[]],
      [null],
      [[null]],
      { __proto__: null },
      { toString: 1 },
      { length: -1 },
      { blockHash: 1, blockNumber: 1 },
    ],
  ),
  fc.string({ maxLength: 40, unit: "binary" }),
  fc.integer({ min: 0, max: 20_000 }).map((length) => `0x${"f".repeat(length)}`),
  fc.jsonValue({ maxDepth: 4 }),
);

/** What EVM code begins with, and anything: loops, calls of itself, creations, precompiles with any input. */
const code = fc.oneof(
  fc.constantFrom(
    "0x5b600056",
    "0x5b5f5f5f5f5f305af1505f56",
    "0x5b5f5f5ff05f56",
    "0x5b5a60205ff35f56",
    "0x5b6001600101803b5f56",
    "0x63ffffffff5ffd",
    "0x63ffffffff5ff3",
    "0x5f5f5f5f5f6005617530f100",
    "0x5f3580545f5260205ff3",
    "0xef0001",
    "0xfe",
    "0x30ff",
  ),
  fc.uint8Array({ maxLength: 200 }).map((value) => `0x${Buffer.from(value).toString("hex")}`),
);

/** An object that has some of its fields, each mostly of the right kind. */
function objectOf(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<unknown> {
  const loose = Object.entries(fields).map(([name, value]) => [
    name,
    fc.oneof({ arbitrary: value, weight: 40 }, { arbitrary: junk, weight: 1 }),
  ]);
  return fc.record(Object.fromEntries(loose), { requiredKeys: [] });
}

/** Parameters by what they are to be. */
function kindsOf({ addresses, hashes, raws }: Known) {
  const address = fc.oneof(
    { arbitrary: fc.constantFrom(...addresses), weight: 4 },
    { arbitrary: fc.nat(20).map((n) => `0x${n.toString(16).padStart(40, "0")}`), weight: 1 },
    { arbitrary: hexOfLength(20), weight: 1 },
  );
  const hash = fc.oneof(
    { arbitrary: fc.constantFrom(...hashes), weight: 3 },
    { arbitrary: hexOfLength(32), weight: 1 },
  );
  const quantity = fc.oneof(
    fc.nat(300).map((n) => `0x${n.toString(16)}`),
    fc.constantFrom(
      "0x5208",
      "0xffffffff",
      "0x7fffffffffffffff",
      "0xffffffffffffffff",
      "0x10000000000000000",
    ),
    bigQuantity,
  );
  const tag = fc.constantFrom("latest", "earliest", "pending", "safe", "finalized");
  const block = fc.oneof(
    tag,
    fc.nat(6).map((n) => `0x${n.toString(16)}`),
    hash,
    objectOf({ blockHash: hash, requireCanonical: fc.boolean() }),
    objectOf({ blockNumber: quantity }),
  );
  const slots = fc.array(fc.oneof(quantity, hexOfLength(32)), { maxLength: 5 });
  const raw = fc.oneof(
    fc.constantFrom(...raws),
    fc.tuple(fc.constantFrom(...raws), fc.nat(), hexOfLength(1)).map(([one, at, byte]) => {
      const place = 2 + 2 * (at % ((one.length - 2) / 2));
      return one.slice(0, place) + byte.slice(2) + one.slice(place + 2);
    }),
    hexOfLength(100),
  );
  const plain = objectOf({ from: address, to: address, data: code, value: quantity });
  const whole = objectOf({
    from: address,
    to: address,
    gas: quantity,
    gasPrice: quantity,
    maxFeePerGas: quantity,
    maxPriorityFeePerGas: quantity,
    maxFeePerBlobGas: quantity,
    value: quantity,
    nonce: quantity,
    data: code,
    input: code,
    type: quantity,
    chainId: fc.constantFrom("0x7a69", "0x1"),
    accessList: fc.array(objectOf({ address, storageKeys: slots }), { maxLength: 3 }),
    blobVersionedHashes: fc.array(hash, { maxLength: 8 }),
    authorizationList: fc.array(
      objectOf({ chainId: quantity, address, nonce: quantity, yParity: quantity, r: quantity, s: quantity }),
      { maxLength: 3 },
    ),
  });
  const transaction = fc.oneof(plain, whole);
  const slotMap = fc.dictionary(fc.oneof(hexOfLength(32), quantity), hexOfLength(32), { maxKeys: 3 });
  const stateOverrides = fc.dictionary(
    fc.oneof(address, fc.string({ maxLength: 5 })),
    objectOf({
      balance: quantity,
      nonce: quantity,
      code,
      state: slotMap,
      stateDiff: slotMap,
      movePrecompileToAddress: address,
    }),
    { maxKeys: 3 },
  );
  const blockOverrides = objectOf({
    number: quantity,
    time: quantity,
    gasLimit: quantity,
    feeRecipient: address,
    prevRandao: hash,
    baseFeePerGas: quantity,
    blobBaseFee: quantity,
    withdrawals: fc.array(
      objectOf({ index: quantity, validatorIndex: quantity, address, amount: quantity }),
      { maxLength: 2 },
    ),
  });
  const filter = objectOf({
    address: fc.oneof(address, fc.array(address, { maxLength: 3 })),
    topics: fc.array(fc.oneof(hash, fc.constant(null), fc.array(hash, { maxLength: 3 })), { maxLength: 5 }),
    fromBlock: block,
    toBlock: block,
    blockHash: hash,
  });
  const tracer = objectOf({
    tracer: fc.constantFrom(
      "",
      "callTracer",
      "prestateTracer",
      "4byteTracer",
      "noopTracer",
      "flatCallTracer",
      "muxTracer",
      "structLogger",
      "{}",
    ),
    tracerConfig: objectOf({
      onlyTopCall: fc.boolean(),
      withLog: fc.boolean(),
      diffMode: fc.boolean(),
      disableCode: fc.boolean(),
      callTracer: fc.constant({}),
    }),
    enableMemory: fc.boolean(),
    disableStack: fc.boolean(),
    enableReturnData: fc.boolean(),
    limit: fc.oneof(fc.integer(), quantity),
    timeout: fc.constantFrom("1ms", "5s", "1h"),
    stateOverrides,
    blockOverrides,
  });
  const simulation = objectOf({
    blockStateCalls: fc.array(
      objectOf({ blockOverrides, stateOverrides, calls: fc.array(transaction, { maxLength: 3 }) }),
      { maxLength: 3 },
    ),
    traceTransfers: fc.boolean(),
    validation: fc.boolean(),
    returnFullTransactions: fc.boolean(),
  });
  const types = fc.dictionary(
    fc.constantFrom("EIP712Domain", "Mail", "Person", "Mail[]"),
    fc.array(
      objectOf({
        name: fc.constantFrom("a", "b", "__proto__"),
        type: fc.constantFrom(
          "Mail",
          "Person",
          "Mail[]",
          "uint256",
          "uint7",
          "bytes33",
          "string[9999999]",
          "address",
        ),
      }),
      { maxLength: 3 },
    ),
  );
  const typedData = objectOf({
    types,
    primaryType: fc.constantFrom("Mail", "Person", "EIP712Domain", "__proto__"),
    domain: objectOf({ name: fc.string(), chainId: quantity }),
    message: objectOf({ a: fc.oneof(quantity, fc.object({ maxDepth: 2 })), b: junk }),
  });
  const payload = objectOf({
    timestamp: quantity,
    prevRandao: hash,
    suggestedFeeRecipient: address,
    parentBeaconBlockRoot: hash,
    withdrawals: fc.array(
      objectOf({ index: quantity, validatorIndex: quantity, address, amount: quantity }),
      { maxLength: 2 },
    ),
  });
  return {
    ...{
      address,
      hash,
      quantity,
      block,
      tag,
      slots,
      raw,
      code,
      transaction,
      stateOverrides,
      blockOverrides,
      filter,
      tracer,
    },
    ...{ simulation, typedData, payload, junk },
    flag: fc.boolean(),
    raws: fc.array(raw, { maxLength: 3 }),
    text: typedData.map((value) => JSON.stringify(value)),
    topic: fc.constantFrom("newHeads", "logs", "newPendingTransactions", "syncing"),
    percentiles: fc.array(fc.double({ min: -1, max: 101 }), { maxLength: 4 }),
    slotsOf: fc.dictionary(address, slots, { maxKeys: 3 }),
    word: hexOfLength(32),
    few: fc.nat(3),
    number: fc.integer(),
  };
}

type Kind = keyof ReturnType<typeof kindsOf>;

/** What methods take, by their names: the first line that fits. Others get anything. */
const SHAPES: readonly (readonly [RegExp, readonly Kind[]])[] = [
  [/sendRawTransaction/, ["raw"]],
  [/^debug_traceBlock$/, ["raw", "tracer"]],
  [/ByHashAndIndex$/, ["hash", "quantity"]],
  [/ByNumberAndIndex$/, ["block", "quantity"]],
  [/^eth_getBlockByHash$/, ["hash", "flag"]],
  [/^eth_getBlockByNumber$/, ["block", "flag"]],
  [/^debug_trace.*(ByHash|Transaction)$/, ["hash", "tracer"]],
  [/^debug_trace.*ByNumber$/, ["block", "tracer"]],
  [/^debug_traceCall$/, ["transaction", "block", "tracer"]],
  [/^trace_/, ["hash"]],
  [/Hash$|Receipt$|_dropTransaction$|RawTransaction$/, ["hash"]],
  [/ByNumber$|^debug_getRaw|BlockReceipts$|BlockAccessList|executionWitness/, ["block"]],
  [/^eth_(call|estimateGas)$/, ["transaction", "block", "stateOverrides", "blockOverrides"]],
  [/^eth_createAccessList$/, ["transaction", "block", "stateOverrides"]],
  [/^eth_(send|sign|fill)Transaction$/, ["transaction"]],
  [/^eth_simulateV1$/, ["simulation", "block"]],
  [/^eth_(getBalance|getCode|getTransactionCount)$/, ["address", "block"]],
  [/^eth_getStorageAt$/, ["address", "word", "block"]],
  [/^eth_getProof$/, ["address", "slots", "block"]],
  [/^eth_getStorageValues$/, ["slotsOf", "block"]],
  [/^eth_feeHistory$/, ["quantity", "block", "percentiles"]],
  [/^eth_(getLogs|newFilter)$/, ["filter"]],
  [/^eth_subscribe$/, ["topic", "filter"]],
  [/^eth_signTypedData/, ["address", "typedData"]],
  [/^eth_sign$/, ["address", "code"]],
  [/^personal_sign$/, ["code", "address"]],
  [/[sS]etBalance$|[sS]etAccountBalance$|[sS]et(Account)?Nonce$/, ["address", "quantity"]],
  [/[sS]et(Account)?Code$/, ["address", "code"]],
  [/[sS]et(Account)?StorageAt$/, ["address", "word", "word"]],
  [/mpersonateAccount$|[cC]oinbase$|contentFrom$/, ["address"]],
  [/_set(Automine|LoggingEnabled)$|_autoImpersonateAccount$/, ["flag"]],
  [/_setPrevRandao$/, ["word"]],
  [/^evm_mine$/, ["few"]],
  [/_mine$/, ["quantity", "quantity"]],
  [/_(set|increase|revert)/, ["quantity"]],
  [/^testing_buildBlockV1$/, ["hash", "payload", "raws", "code"]],
];

/** Parameters of a method: as a rule of the right kinds, often with something else among them. */
export function hostileParams(method: string, known: Known): fc.Arbitrary<unknown> {
  const kinds = kindsOf(known);
  const anyKind = fc.oneof(...Object.values<fc.Arbitrary<unknown>>(kinds));
  const shape = SHAPES.find(([name]) => name.test(method))?.[1] ?? [];
  const right = shape.map((kind) =>
    fc.oneof(
      { arbitrary: kinds[kind] as fc.Arbitrary<unknown>, weight: 12 },
      { arbitrary: anyKind, weight: 1 },
    ),
  );
  return fc.oneof(
    {
      arbitrary: fc.tuple(fc.tuple(...right), fc.nat(8)).map(([all, some]) => all.slice(0, some + 1)),
      weight: 12,
    },
    { arbitrary: fc.array(anyKind, { maxLength: 5 }), weight: 3 },
    { arbitrary: junk, weight: 1 },
  );
}
