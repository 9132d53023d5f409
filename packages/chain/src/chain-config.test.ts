// Forks, blob parameters and genesis files as chains.

import { createBlockHeader } from "@ethereumjs/block";
import { Common } from "@ethereumjs/common";
import { describe, expect, test } from "vitest";
import { type ChainDescription, chainConfig, FORKS, type ForkName } from "./chain-config.ts";
import { describeGenesis, type GethGenesis, InvalidGenesisFileError, openGenesis } from "./genesis.ts";
import { validateHeader } from "./validate-header.ts";

const upTo = (fork: ForkName): ChainDescription["forks"] => {
  const names: ForkName[] = FORKS.map(([name]) => name).filter((name) => name !== "dao");
  return names.slice(0, names.indexOf(fork) + 1).map((name) => ({ fork: name, at: 0 }));
};

describe("chainConfig", () => {
  test("a fork begins at its block or timestamp, and not before", () => {
    const forks = [
      ...upTo("paris"),
      { fork: "shanghai" as const, at: 1_000 },
      { fork: "cancun" as const, at: 2_000 },
    ];
    const common = new Common({ chain: chainConfig({ name: "x", chainId: 7, forks }) });
    const at = (timestamp: bigint): string => common.getHardforkBy({ blockNumber: 5n, timestamp });
    expect([0n, 999n, 1_000n, 1_999n, 2_000n].map(at)).toEqual([
      "paris",
      "paris",
      "shanghai",
      "shanghai",
      "cancun",
    ]);
    expect(common.chainId()).toBe(7n);
  });

  test("chains that differ have different names", () => {
    const chain: ChainDescription = { name: "x", chainId: 1, forks: upTo("osaka") };
    const names = [
      chain,
      { ...chain, chainId: 2 },
      { ...chain, forks: upTo("prague") },
      { ...chain, blobSchedule: { osaka: { target: 1, max: 2, baseFeeUpdateFraction: 3 } } },
      { ...chain, eips: { osaka: [7594] } },
    ].map((description) => chainConfig(description).name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("blob parameters of any fork, blob-parameter-only forks among them", () => {
    const blobSchedule = {
      cancun: { target: 1, max: 2, baseFeeUpdateFraction: 3 },
      bpo4: { target: 40, max: 60, baseFeeUpdateFraction: 70 },
    };
    const common = new Common({
      chain: chainConfig({ name: "x", chainId: 1, forks: upTo("bpo4"), blobSchedule }),
    });
    const scheduleAt = (fork: ForkName): unknown => {
      const own = common.copy();
      own.setHardfork(fork);
      return createBlockHeader(
        {},
        { common: own, skipConsensusFormatValidation: true },
      ).common.getBlobGasSchedule();
    };
    const gas = (blobs: bigint): bigint => blobs * 131_072n;
    expect(scheduleAt("cancun")).toEqual({
      targetBlobGasPerBlock: gas(1n),
      maxBlobGasPerBlock: gas(2n),
      blobGasPriceUpdateFraction: 3n,
    });
    expect(scheduleAt("bpo4")).toEqual({
      targetBlobGasPerBlock: gas(40n),
      maxBlobGasPerBlock: gas(60n),
      blobGasPriceUpdateFraction: 70n,
    });
  });
});

describe("excess blob gas", () => {
  const GAS = 131_072n;
  const BPO3 = { target: 21, max: 32, baseFeeUpdateFraction: 20_609_697 };
  const BPO4 = { target: 14, max: 21, baseFeeUpdateFraction: 13_739_630 };
  const forks = [...upTo("bpo3"), { fork: "bpo4" as const, at: 15_000 }];
  const common = new Common({
    chain: chainConfig({ name: "x", chainId: 1, forks, blobSchedule: { bpo3: BPO3, bpo4: BPO4 } }),
  });

  function verdict(baseFee: bigint, timestamp: bigint, excessBlobGas: bigint): string {
    const header = (data: Parameters<typeof createBlockHeader>[0]) =>
      createBlockHeader(data, { common, setHardfork: true, skipConsensusFormatValidation: true });
    const gasLimit = 10_000_000n;
    const parent = header({
      gasLimit,
      gasUsed: 5_000_000n,
      timestamp: 14_999n,
      baseFeePerGas: baseFee,
      excessBlobGas: 100n * GAS,
      blobGasUsed: 21n * GAS,
    });
    const child = header({ number: 1n, gasLimit, timestamp, baseFeePerGas: baseFee, excessBlobGas });
    try {
      validateHeader(child, parent);
      return "valid";
    } catch (error) {
      return (error as { code: string }).code;
    }
  }

  // EIP-4844: excess + used - target, by the child's fork.
  const plain = (100n + 21n - 14n) * GAS;
  // EIP-7918, when the blob price is below its reserve: only used * (max - target) / max is added.
  const reserve = 100n * GAS + (21n * GAS * (21n - 14n)) / 21n;

  test.each([
    ["above the reserve price", 7n, plain],
    ["below the reserve price", 1_000_000n, reserve],
  ] as const)("follows the parameters of the fork that begins: %s", (_name, baseFee, excess) => {
    expect(verdict(baseFee, 15_000n, excess)).toBe("valid");
    expect(verdict(baseFee, 15_000n, excess + GAS)).toBe("BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS");
    expect(verdict(baseFee, 15_000n, (100n + 21n - 21n) * GAS)).toBe("BRAID_BLOCK_WRONG_EXCESS_BLOB_GAS");
  });
});

describe("a geth genesis file", () => {
  const genesis: GethGenesis = {
    config: {
      chainId: 9,
      homesteadBlock: 0,
      eip150Block: 2,
      eip158Block: 3,
      byzantiumBlock: 4,
      mergeNetsplitBlock: 5,
      shanghaiTime: 60,
      bpo1Time: null,
    },
    alloc: { "0x00000000000000000000000000000000000000aa": { balance: "0x10" } },
    gasLimit: "0x5f5e100",
    difficulty: "0x20000",
    nonce: "0x0",
    timestamp: "0x0",
  };

  test("gives the forks that it has a number for", () => {
    expect(describeGenesis(genesis).forks).toEqual([
      { fork: "chainstart", at: 0 },
      { fork: "homestead", at: 0 },
      { fork: "tangerineWhistle", at: 2 },
      { fork: "spuriousDragon", at: 3 },
      { fork: "byzantium", at: 4 },
      { fork: "paris", at: 5 },
      { fork: "shanghai", at: 60 },
    ]);
  });

  test("gives the first block on its state", async () => {
    const { header, store } = await openGenesis(genesis);
    expect(store.head).toMatchObject({ hash: header.hash(), number: 0n, stateRoot: header.stateRoot });
    expect([header.number, header.gasLimit, header.difficulty]).toEqual([0n, 100_000_000n, 131_072n]);
  });

  test.each([-1, 1.5, "7", {}])("with %j for a fork is refused", (londonBlock) => {
    const broken: GethGenesis = { ...genesis, config: { ...genesis.config, londonBlock } };
    expect(() => describeGenesis(broken)).toThrow(InvalidGenesisFileError);
  });
});
