// The rules of headers: what a valid one must be by @ethereumjs/block and the EIPs, and every way to break it.

import { number, runs } from "@braid/testing/arbitraries";
import { createBlockHeader } from "@ethereumjs/block";
import { Common, Mainnet } from "@ethereumjs/common";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Chain } from "../chain/chain.ts";
import { chainOf } from "../chain/chain-of.ts";
import type { ForkName } from "../chain/forks.ts";
import { InvalidBlockError } from "../errors.ts";
import { createHeader, NO_UNCLES_HASH } from "./create-header.ts";
import { ethashDifficulty } from "./difficulty.ts";
import { blobBaseFee, nextBaseFee, nextExcessBlobGas } from "./fees.ts";
import { genesisHeader } from "./genesis-header.ts";
import type { Header } from "./header.ts";
import { validateHeader } from "./validate-header.ts";

const GAS_LIMIT = 10_000_000n;
const FORKS_OF_FEES = ["cancun", "prague", "osaka", "bpo1", "bpo2"] as const;

function verdict(header: Header, parent: Header, chain: Chain): string {
  try {
    validateHeader(header, parent, chain);
  } catch (error) {
    if (error instanceof InvalidBlockError) return error.code;
    throw error;
  }
  return "valid";
}

/** A parent and a child that is valid, on a chain that is at `fork` from the start. */
function family(fork: ForkName): { parent: Header; child: Header; chain: Chain } {
  const chain = chainOf("mainnet").from(fork);
  const rules = chain.rulesOfFork(fork);
  const parent = createHeader(
    {
      number: 7n,
      timestamp: 1_000n,
      gasLimit: GAS_LIMIT,
      gasUsed: 3_000_000n,
      difficulty: rules.proofOfWork ? 200_000n : 0n,
    },
    rules,
  );
  const child = createHeader(
    {
      number: 8n,
      timestamp: 1_012n,
      gasLimit: GAS_LIMIT,
      ...(rules.eip1559 ? { baseFeePerGas: nextBaseFee(parent) } : {}),
      ...(rules.eip4844 ? { excessBlobGas: nextExcessBlobGas(parent, rules) } : {}),
    },
    rules,
  );
  child.difficulty = rules.proofOfWork ? ethashDifficulty(child, parent, rules) : 0n;
  return { parent, child, chain };
}

describe.each(["chainstart", "byzantium", "london", "paris", "cancun", "osaka"] as const)(
  "a header of %s",
  (fork) => {
    const { parent, child, chain } = family(fork);
    const rules = chain.rulesOfFork(fork);

    test("is valid", () => {
      expect(verdict(child, parent, chain)).toBe("valid");
    });

    const wrong: [string, Partial<Header>, string][] = [
      ["more gas used than its limit", { gasUsed: GAS_LIMIT + 1n }, "BRAID_BLOCK_GAS_USED_ABOVE_LIMIT"],
      ["another number", { number: 9n }, "BRAID_BLOCK_WRONG_NUMBER"],
      ["the parent's timestamp", { timestamp: 1_000n }, "BRAID_BLOCK_TIMESTAMP_NOT_LATER"],
      ["33 bytes of extra data", { extraData: new Uint8Array(33) }, "BRAID_BLOCK_EXTRA_DATA_TOO_LONG"],
      [
        "a gas limit one too high",
        { gasLimit: GAS_LIMIT + GAS_LIMIT / 1024n },
        "BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS",
      ],
      [
        "a gas limit one too low",
        { gasLimit: GAS_LIMIT - GAS_LIMIT / 1024n },
        "BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS",
      ],
      ["a gas limit of 2^63", { gasLimit: 1n << 63n }, "BRAID_BLOCK_GAS_LIMIT_TOO_BIG"],
      ["another difficulty", { difficulty: child.difficulty + 1n }, "BRAID_BLOCK_WRONG_DIFFICULTY"],
      ["a hash of 31 bytes", { mixHash: new Uint8Array(31) }, "BRAID_BLOCK_MALFORMED"],
      ["a timestamp of nine bytes", { timestamp: 1n << 64n }, "BRAID_BLOCK_MALFORMED"],
      ["a number that is no bigint", { number: 8 as never }, "BRAID_BLOCK_MALFORMED"],
    ];
    if (rules.eip1559) {
      wrong.push(["another base fee", { baseFeePerGas: 1n }, "BRAID_BLOCK_WRONG_BASE_FEE"]);
      wrong.push(["no base fee", { baseFeePerGas: undefined as never }, "BRAID_BLOCK_MALFORMED"]);
    } else wrong.push(["a base fee", { baseFeePerGas: 1n }, "BRAID_BLOCK_MALFORMED"]);
    if (!rules.proofOfWork)
      wrong.push(["a nonce", { nonce: new Uint8Array(8).fill(1) }, "BRAID_BLOCK_WRONG_NONCE"]);
    if (rules.eip4844)
      wrong.push(
        [
          "a blob too many",
          { blobGasUsed: rules.maxBlobGasPerBlock + 131_072n },
          "BRAID_BLOCK_BLOB_GAS_USED_ABOVE_LIMIT",
        ],
        ["half a blob", { blobGasUsed: 65_536n }, "BRAID_BLOCK_WRONG_BLOB_GAS_USED"],
        ["other excess blob gas", { excessBlobGas: 1n }, "BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS"],
      );

    test.each(wrong)("with %s is not", (_what, change, code) => {
      expect(verdict({ ...child, ...change }, parent, chain)).toBe(code);
    });
  },
);

test("the first ten blocks of the DAO's fork say so", () => {
  const chain = chainOf("mainnet");
  const rules = chain.rulesOfFork("dao");
  const at = (offset: bigint, extraData: Uint8Array): string => {
    const parent = createHeader(
      { number: 1_920_000n + offset - 1n, timestamp: 1n, gasLimit: GAS_LIMIT, difficulty: 1n << 40n },
      rules,
    );
    const child = createHeader(
      { number: 1_920_000n + offset, timestamp: 12n, gasLimit: GAS_LIMIT, extraData },
      rules,
    );
    child.difficulty = ethashDifficulty(child, parent, rules);
    return verdict(child, parent, chain);
  };
  const dao = new TextEncoder().encode("dao-hard-fork");
  const none = new Uint8Array(0);
  expect([at(-1n, none), at(0n, dao), at(9n, dao), at(10n, none)]).toEqual([
    "valid",
    "valid",
    "valid",
    "valid",
  ]);
  expect([at(0n, none), at(9n, none)]).toEqual([
    "BRAID_BLOCK_WRONG_DAO_EXTRA_DATA",
    "BRAID_BLOCK_WRONG_DAO_EXTRA_DATA",
  ]);
});

test("London's first block doubles the gas limit and begins with 1 gwei", () => {
  const chain = chainOf("mainnet");
  const parent = createHeader(
    { number: 12_964_999n, timestamp: 1n, gasLimit: 15_000_000n, difficulty: 1n << 50n },
    chain.rulesOfFork("berlin"),
  );
  const rules = chain.rulesOfFork("london");
  const child = createHeader(
    { number: 12_965_000n, timestamp: 14n, gasLimit: 30_000_000n, baseFeePerGas: 1_000_000_000n },
    rules,
  );
  child.difficulty = ethashDifficulty(child, parent, rules);
  expect(verdict(child, parent, chain)).toBe("valid");
  expect(verdict({ ...child, gasLimit: 15_000_000n }, parent, chain)).toBe(
    "BRAID_BLOCK_GAS_LIMIT_OUT_OF_BOUNDS",
  );
  expect(verdict({ ...child, baseFeePerGas: 7n }, parent, chain)).toBe("BRAID_BLOCK_WRONG_BASE_FEE");
});

describe("excess blob gas", () => {
  const GAS = 131_072n;
  const chain = new Chain({
    name: "x",
    chainId: 1,
    hardforks: [
      { name: "osaka", timestamp: 0 },
      { name: "bpo3", timestamp: 0 },
      { name: "bpo4", timestamp: 15_000 },
    ],
    blobSchedule: {
      bpo3: { target: 21, max: 32, baseFeeUpdateFraction: 20_609_697 },
      bpo4: { target: 14, max: 21, baseFeeUpdateFraction: 13_739_630 },
    },
  });
  // EIP-4844: excess + used - target, by the child's fork.
  const plain = (100n + 21n - 14n) * GAS;
  // EIP-7918, when the blob price is below its reserve: only used * (max - target) / max is added.
  const reserve = 100n * GAS + (21n * GAS * (21n - 14n)) / 21n;

  test.each([
    ["above the reserve price", 7n, plain],
    ["below the reserve price", 1_000_000n, reserve],
  ] as const)("follows the parameters of the fork that begins: %s", (_name, baseFeePerGas, excess) => {
    const parent = createHeader(
      {
        gasLimit: GAS_LIMIT,
        gasUsed: GAS_LIMIT / 2n,
        timestamp: 14_999n,
        baseFeePerGas,
        excessBlobGas: 100n * GAS,
        blobGasUsed: 21n * GAS,
      },
      chain.rulesOfFork("bpo3"),
    );
    const found = (excessBlobGas: bigint): string =>
      verdict(
        createHeader(
          { number: 1n, gasLimit: GAS_LIMIT, timestamp: 15_000n, baseFeePerGas, excessBlobGas },
          chain.rulesOfFork("bpo4"),
        ),
        parent,
        chain,
      );
    expect(found(excess)).toBe("valid");
    expect(found(excess + GAS)).toBe("BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS");
    expect(found((100n + 21n - 21n) * GAS)).toBe("BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS");
  });

  test("that would take for ever to compute costs what nobody can pay", () => {
    const rules = chain.rulesOfFork("bpo4");
    expect(blobBaseFee((1n << 64n) - 1n, rules)).toBe((1n << 256n) - 1n);
    expect(
      nextExcessBlobGas({ excessBlobGas: (1n << 64n) - 1n, blobGasUsed: 0n, baseFeePerGas: 1n }, rules),
    ).toBeGreaterThan(0n);
  });
});

describe("@ethereumjs/block", () => {
  test.each(FORKS_OF_FEES)("gives the same fees at %s", (fork) => {
    const common = new Common({ chain: Mainnet, hardfork: fork });
    const rules = chainOf("mainnet").rulesOfFork(fork);
    const parents = fc.record({
      gasLimit: fc.bigInt(5_000n, 100_000_000n),
      share: fc.nat(100),
      baseFeePerGas: fc.bigInt(0n, 1n << 45n),
      excessBlobGas: fc.bigInt(0n, 400_000_000n),
      blobs: fc.nat(21),
    });
    fc.assert(
      fc.property(parents, ({ share, blobs, ...fields }) => {
        const gasUsed = (fields.gasLimit * BigInt(share)) / 100n;
        const parent = { ...fields, gasUsed, blobGasUsed: BigInt(blobs) * 131_072n };
        const stock = createBlockHeader(parent, { common, skipConsensusFormatValidation: true });
        expect(nextBaseFee(parent)).toBe(stock.calcNextBaseFee());
        expect(nextExcessBlobGas(parent, rules)).toBe(stock.calcNextExcessBlobGas(stock.common));
        expect(blobBaseFee(parent.excessBlobGas, rules)).toBe(stock.getBlobGasPrice());
      }),
      runs(100),
    );
  });

  // London's delay of the bomb (EIP-3554) is missing there.
  test.each([
    "chainstart",
    "homestead",
    "tangerineWhistle",
    "byzantium",
    "constantinople",
    "istanbul",
    "muirGlacier",
    "arrowGlacier",
    "grayGlacier",
  ] as const)("gives the same difficulty at %s", (fork) => {
    const common = new Common({ chain: Mainnet, hardfork: fork });
    const rules = chainOf("mainnet").rulesOfFork(fork);
    const cases = fc.record({
      // Beyond it ethereumjs's bomb has more bits than a header can hold.
      block: fc.bigInt(0n, 20_000_000n),
      seconds: fc.oneof(fc.bigInt(1n, 40n), fc.bigInt(1n, 2_000n)),
      difficulty: fc.oneof(number(3), number(8)),
      unclesHash: fc.constantFrom(NO_UNCLES_HASH, new Uint8Array(32)),
    });
    const options = { common, skipConsensusFormatValidation: true };
    fc.assert(
      fc.property(cases, ({ block, seconds, difficulty, unclesHash }) => {
        const parent = { timestamp: 1_000n, difficulty, unclesHash };
        const child = { number: block + 1n, timestamp: 1_000n + seconds };
        // The DAO's blocks must have extra data.
        if (child.number >= 1_920_000n && child.number < 1_920_010n) return;
        const stock = createBlockHeader(child, options).ethashCanonicalDifficulty(
          createBlockHeader({ number: 5n, timestamp: 1_000n, difficulty, uncleHash: unclesHash }, options),
        );
        expect(ethashDifficulty(child, parent, rules)).toBe(stock);
      }),
      runs(150),
    );
  });

  test("London's bomb goes off 9,700,000 blocks later (EIP-3554)", () => {
    const rules = chainOf("mainnet").rulesOfFork("london");
    const parent = { difficulty: 1n << 53n, timestamp: 0n, unclesHash: NO_UNCLES_HASH };
    const at = (block: bigint): bigint => ethashDifficulty({ number: block, timestamp: 10n }, parent, rules);
    expect(at(13_000_000n) - (1n << 53n)).toBe(1n << 31n);
  });
});

test("a genesis block", () => {
  const config = { chainId: 9, homesteadBlock: 0, londonBlock: 0 };
  const stateRoot = new Uint8Array(32).fill(5);
  const header = genesisHeader(
    {
      config,
      gasLimit: "0x5f5e100",
      difficulty: "0x20000",
      nonce: "0x2a",
      timestamp: "0x7",
      extraData: "0x0102",
      mixHash: `0x${"11".repeat(32)}`,
      alloc: {},
    },
    stateRoot,
  );
  expect(header).toMatchObject({
    number: 0n,
    gasLimit: 100_000_000n,
    difficulty: 131_072n,
    timestamp: 7n,
    baseFeePerGas: 1_000_000_000n,
    stateRoot,
  });
  expect([...header.nonce]).toEqual([0, 0, 0, 0, 0, 0, 0, 42]);
  expect(header.extraData).toEqual(Uint8Array.of(1, 2));
  expect(() => genesisHeader({ config, gasLimit: "many" }, stateRoot)).toThrow(
    expect.objectContaining({ code: "BRAID_INVALID_GENESIS_FILE", data: { field: "gasLimit" } }),
  );
});
