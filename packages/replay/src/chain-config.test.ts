// Chain descriptions: hardforks by block and time, and blob parameters where they are not mainnet's.
import { createBlockHeader } from "@ethereumjs/block";
import { describe, expect, test } from "vitest";
import { type ChainSpec, commonOf, hardforkOf, MAINNET } from "./chain-config.ts";

const OWN: ChainSpec = {
  name: "own",
  chainId: 1337,
  hardforks: [
    { name: "chainstart", block: 0 },
    { name: "london", block: 0 },
    { name: "paris", block: 10 },
    { name: "cancun", timestamp: 0 },
    { name: "prague", timestamp: 100 },
    { name: "osaka", timestamp: 200 },
    { name: "bpo1", timestamp: 300 },
    { name: "bpo3", timestamp: 400 },
  ],
  blobSchedule: {
    cancun: { target: 2, max: 4, baseFeeUpdateFraction: 111 },
    bpo3: { target: 20, max: 30, baseFeeUpdateFraction: 333 },
  },
};

describe("mainnet", () => {
  test.each([
    [1n, 1438269988n, "chainstart"],
    [1_920_000n, 1469020840n, "dao"],
    [7_280_000n, 1551383524n, "petersburg"],
    [15_537_393n, 1663224162n, "grayGlacier"],
    [15_537_394n, 1663224179n, "paris"],
    [17_034_870n, 1681338479n, "shanghai"],
    [24_628_607n, 1773000000n, "bpo2"],
  ])("block %s is ruled by its fork", (number, timestamp, fork) => {
    expect(hardforkOf(commonOf(MAINNET), number, timestamp)).toBe(fork);
  });
});

describe("an own chain", () => {
  // Parameters become complete when a header is made: it brings those of blocks.
  const scheduleAt = (timestamp: bigint) =>
    createBlockHeader(
      { number: 20n, timestamp },
      { common: commonOf(OWN), setHardfork: true },
    ).common.getBlobGasSchedule();

  test("has the blob parameters that it lists, and mainnet's for the others", () => {
    const blobs = (target: bigint, max: bigint, blobGasPriceUpdateFraction: bigint) => ({
      targetBlobGasPerBlock: target * 131_072n,
      maxBlobGasPerBlock: max * 131_072n,
      blobGasPriceUpdateFraction,
    });
    expect(scheduleAt(50n)).toEqual(blobs(2n, 4n, 111n));
    expect(scheduleAt(150n)).toEqual(blobs(6n, 9n, 5_007_716n));
    expect(scheduleAt(350n)).toEqual(blobs(10n, 15n, 8_346_193n));
    expect(scheduleAt(450n)).toEqual(blobs(20n, 30n, 333n));
  });

  test("keeps the rules of a fork whose blob parameters it changes", () => {
    const common = commonOf(OWN);
    common.setHardfork("cancun");
    expect(common.isActivatedEIP(4844)).toBe(true);
    expect(common.isActivatedEIP(1153)).toBe(true);
  });
});

describe("what is not known", () => {
  test.each<[string, ChainSpec]>([
    ["a name", { name: "nowhere", chainId: 99 }],
    ["a name with another chain's id", { name: "mainnet", chainId: 5 }],
    [
      "a hardfork",
      {
        ...OWN,
        hardforks: [
          { name: "chainstart", block: 0 },
          { name: "someday", timestamp: 5 },
        ],
      },
    ],
    ["a BPO fork that ethereumjs has no parameters for", { ...OWN, blobSchedule: {} }],
  ])("%s is refused", (_name, spec) => {
    expect(() => commonOf(spec)).toThrow(expect.objectContaining({ code: "BRAID_UNKNOWN_CHAIN" }));
  });
});
