// Chains: which fork rules a block, and that its rules are those of the forks up to there.

import {
  Common,
  createCommonFromGethGenesis,
  createCustomCommon,
  Holesky,
  Hoodi,
  Mainnet,
  Sepolia,
} from "@ethereumjs/common";
import { describe, expect, test } from "vitest";
import { InvalidChainError, InvalidGenesisFileError } from "../errors.ts";
import { Chain } from "./chain.ts";
import { type ChainInput, chainOf } from "./chain-of.ts";
import type { ChainSpec } from "./chain-spec.ts";
import { ASKED_EIPS } from "./common.ts";
import { FORKS, type ForkName, KNOWN_EIPS } from "./forks.ts";
import { type GethGenesis, specOfGenesis } from "./genesis.ts";

const OWN: ChainSpec = {
  name: "own",
  chainId: 1337,
  hardforks: [
    { name: "chainstart", block: 0 },
    { name: "london", block: 4 },
    { name: "paris", block: 10 },
    { name: "cancun", timestamp: 50 },
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

function code(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidChainError || error instanceof InvalidGenesisFileError) return error.code;
    throw error;
  }
  return "none";
}

describe("the fork of a block", () => {
  test.each([
    [1n, 1438269988n, "chainstart"],
    [1_919_999n, 1469020838n, "homestead"],
    [1_920_000n, 1469020840n, "dao"],
    [7_280_000n, 1551383524n, "petersburg"],
    [15_537_393n, 1663224162n, "grayGlacier"],
    [15_537_394n, 1663224179n, "paris"],
    [17_034_870n, 1681338479n, "shanghai"],
    [24_628_607n, 1773000000n, "bpo2"],
  ])("mainnet's %s", (number, timestamp, fork) => {
    expect(chainOf("mainnet").forkAt({ number, timestamp })).toBe(fork);
  });

  test.each([
    [3n, 49n, "grayGlacier before london is told by london's block", "muirGlacier"],
    [4n, 49n, "", "london"],
    [9n, 1_000n, "a timestamp counts for nothing before the block in front of it", "london"],
    [10n, 49n, "", "paris"],
    [10n, 50n, "shanghai is left out, and begins with cancun", "cancun"],
    [11n, 300n, "", "bpo1"],
    [11n, 9_999n, "", "bpo3"],
  ])("an own chain's %s at %s s %s", (number, timestamp, _why, fork) => {
    const own = new Chain(OWN);
    const found = own.forkAt({ number, timestamp });
    // Before London there is only Frontier: the forks between begin with it.
    expect(found).toBe(number < 4n ? "chainstart" : fork);
  });

  test("forks that are left out begin with the next one that is listed", () => {
    const { forks } = new Chain(OWN);
    expect(forks.filter(({ name }) => ["berlin", "grayGlacier", "shanghai"].includes(name))).toEqual([
      { name: "berlin", block: 4 },
      { name: "grayGlacier", block: 10 },
      { name: "shanghai", timestamp: 50 },
    ]);
    expect(forks.some(({ name }) => name === "dao" || name === "bpo2")).toBe(false);
  });

  test("forks of blob parameters may begin after later forks", () => {
    const hardforks = [
      { name: "prague", timestamp: 0 },
      { name: "osaka", timestamp: 10 },
      { name: "amsterdam", timestamp: 20 },
      { name: "bpo1", timestamp: 30 },
    ];
    const chain = new Chain({ name: "x", chainId: 1, hardforks, eips: { amsterdam: [7928] } });
    expect(chain.forkAt({ number: 1n, timestamp: 25n })).toBe("amsterdam");
    const rules = chain.rulesAt({ number: 1n, timestamp: 30n });
    expect([rules.fork, rules.eip7928, rules.maxBlobGasPerBlock]).toEqual(["bpo1", true, 15n * 131_072n]);
  });
});

describe("rules", () => {
  test("blob parameters are mainnet's, unless the chain has others", () => {
    const blobs = (chain: Chain, fork: ForkName): bigint[] => {
      const rules = chain.rulesOfFork(fork);
      return [
        rules.targetBlobGasPerBlock / 131_072n,
        rules.maxBlobGasPerBlock / 131_072n,
        rules.blobBaseFeeUpdateFraction,
      ];
    };
    const own = new Chain(OWN);
    expect(blobs(own, "cancun")).toEqual([2n, 4n, 111n]);
    expect(blobs(own, "osaka")).toEqual([6n, 9n, 5_007_716n]);
    expect(blobs(own, "bpo1")).toEqual([10n, 15n, 8_346_193n]);
    expect(blobs(own, "bpo3")).toEqual([20n, 30n, 333n]);
    expect(blobs(chainOf("mainnet"), "bpo2")).toEqual([14n, 21n, 11_684_671n]);
  });

  test("proof of stake from the first block on", () => {
    expect(new Chain(OWN).rulesOfFork("london").proofOfWork).toBe(true);
    expect(new Chain({ ...OWN, proofOfStake: true }).rulesOfFork("london").proofOfWork).toBe(false);
    expect(chainOf("mainnet").rulesOfFork("paris").proofOfWork).toBe(false);
  });

  test("a fork with other EIPs", () => {
    const chain = new Chain({ ...OWN, eips: { cancun: [1153, 4844] } });
    expect(chain.rulesOfFork("cancun").eip4788).toBe(false);
    expect(chain.rulesOfFork("cancun").eip4844).toBe(true);
  });

  test("of EIPs that nobody here knows are refused, where they hold and not before", () => {
    const hardforks = [...(OWN.hardforks ?? []), { name: "amsterdam", timestamp: 500 }];
    const chain = new Chain({ ...OWN, hardforks });
    expect(chain.rulesOfFork("bpo3").eip7594).toBe(true);
    expect(code(() => chain.rulesOfFork("amsterdam"))).toBe("BRAID_UNKNOWN_EIP");
  });

  test("keys are equal for equal rules, whatever the chain is called and in whatever order it is written", () => {
    const turned = {
      ...OWN,
      name: "other",
      blobSchedule: Object.fromEntries(Object.entries(OWN.blobSchedule ?? {}).reverse()),
    };
    expect(new Chain(turned).key).toBe(new Chain(OWN).key);
    const others: ChainSpec[] = [
      { ...OWN, chainId: 7 },
      { ...OWN, hardforks: OWN.hardforks?.slice(0, 7) ?? [] },
      {
        ...OWN,
        blobSchedule: { ...OWN.blobSchedule, prague: { target: 1, max: 2, baseFeeUpdateFraction: 3 } },
      },
      { ...OWN, eips: { osaka: [7594] } },
      { ...OWN, proofOfStake: true },
      { ...OWN, depositContractAddress: "0x4242424242424242424242424242424242424242" },
    ];
    expect(new Set([OWN, ...others].map((spec) => new Chain(spec).key)).size).toBe(7);
  });

  test("a chain's plain data gives the chain again", () => {
    const chain = new Chain(OWN);
    const again = new Chain(structuredClone(chain.spec));
    expect(again.forks).toEqual(chain.forks);
    expect(again.key).toBe(chain.key);
  });

  test("from a fork on, for blocks of any number", () => {
    const chain = chainOf("mainnet").from("shanghai");
    expect(chain.forkAt({ number: 1n, timestamp: 1n })).toBe("shanghai");
    expect(chain.rulesAt({ number: 1n, timestamp: 1n })).toEqual({
      ...chainOf("mainnet").rulesOfFork("shanghai"),
      daoForkBlock: undefined,
    });
    expect(code(() => chain.rulesOfFork("cancun"))).toBe("BRAID_UNKNOWN_CHAIN");
  });
});

describe("descriptions that cannot be used", () => {
  const forks = (hardforks: ChainSpec["hardforks"]): ChainSpec => ({
    name: "x",
    chainId: 1,
    hardforks: hardforks ?? [],
  });
  test.each<[string, unknown, string]>([
    ["a name that nobody knows", "goerli", "BRAID_UNKNOWN_CHAIN"],
    ["a known name with another id", { name: "mainnet", chainId: 2 }, "BRAID_UNKNOWN_CHAIN"],
    [
      "a fork that nobody knows",
      forks([
        { name: "chainstart", block: 0 },
        { name: "sofia", block: 1 },
      ]),
      "BRAID_UNKNOWN_CHAIN",
    ],
    ["no forks", forks([]), "BRAID_INVALID_CHAIN"],
    ["no fork at block 0", forks([{ name: "london", block: 1 }]), "BRAID_INVALID_CHAIN"],
    ["a fork by block that begins by time", forks([{ name: "london", timestamp: 0 }]), "BRAID_INVALID_CHAIN"],
    ["a fork at no whole number", forks([{ name: "london", block: 0.5 }]), "BRAID_INVALID_CHAIN"],
    [
      "forks in another order",
      forks([
        { name: "london", block: 0 },
        { name: "berlin", block: 0 },
      ]),
      "BRAID_INVALID_CHAIN",
    ],
    [
      "a fork before the one in front of it",
      forks([
        { name: "berlin", block: 0 },
        { name: "london", block: 5 },
        { name: "paris", block: 4 },
      ]),
      "BRAID_INVALID_CHAIN",
    ],
    [
      "a fork twice",
      forks([
        { name: "berlin", block: 0 },
        { name: "berlin", block: 0 },
      ]),
      "BRAID_INVALID_CHAIN",
    ],
    [
      "a time without the block of the merge",
      forks([
        { name: "london", block: 0 },
        { name: "cancun", timestamp: 9 },
      ]),
      "BRAID_INVALID_CHAIN",
    ],
    [
      "blob parameters that nobody has",
      forks([
        { name: "osaka", timestamp: 0 },
        { name: "bpo4", timestamp: 0 },
      ]),
      "BRAID_INVALID_CHAIN",
    ],
    [
      "blob parameters that are none",
      { ...OWN, blobSchedule: { cancun: { target: 3, max: 2, baseFeeUpdateFraction: 1 } } },
      "BRAID_INVALID_CHAIN",
    ],
    ["a deposit contract that is none", { ...OWN, depositContractAddress: "0x12" }, "BRAID_INVALID_CHAIN"],
    ["a chain id that is none", { ...OWN, chainId: -1 }, "BRAID_INVALID_CHAIN"],
    ["EIPs of no fork", { ...OWN, eips: { sofia: [1] } }, "BRAID_INVALID_CHAIN"],
    ["a number", 1, "BRAID_INVALID_CHAIN"],
    ["null", null, "BRAID_INVALID_CHAIN"],
  ])("%s", (_what, input, expected) => {
    expect(code(() => chainOf(input as ChainInput))).toBe(expected);
  });
});

describe("@ethereumjs/common", () => {
  // Known by the fork's name, without rules of headers or transactions, or left out of Osaka by mistake.
  const besides = new Set([1, 606, 607, 608, 609, 1013, 1679, 1716, 2384, 4345, 5133, 7934]);
  const numbers = Array.from({ length: 10_000 }, (_, eip) => eip);

  test("has for each fork the EIPs that ours has", () => {
    for (const { name, eips } of FORKS) {
      if (/^bpo[345]$/.test(name)) continue;
      const common = new Common({ chain: { ...Mainnet, hardforks: [{ name, block: 0 }] }, hardfork: name });
      const stock = numbers.filter((eip) => common.isActivatedEIP(eip) && !besides.has(eip));
      expect(stock, name).toEqual(eips.filter((eip) => eip !== 7934).toSorted((a, b) => a - b));
    }
    expect(KNOWN_EIPS.has(7934)).toBe(true);
  });

  test("knows no EIP that would be passed over when it is read", () => {
    const hardforks = FORKS.map(({ name }) => ({ name, block: 0 })).filter(
      ({ name }) => !/^bpo[345]$/.test(name),
    );
    const common = new Common({ chain: { ...Mainnet, hardforks }, hardfork: "amsterdam" });
    const knows = (eip: number): boolean => {
      try {
        common.setEIPs([eip]);
      } catch (error) {
        return !String(error).includes("not supported");
      }
      return true;
    };
    // EIP-3554 (the bomb in London) and EIP-3607 (senders without code) hold whether or not anybody says so.
    const passedOver = numbers.filter((eip) => knows(eip) && !ASKED_EIPS.includes(eip) && !besides.has(eip));
    expect(passedOver).toEqual([3554, 3607]);
  });

  test.each([
    [Mainnet, "mainnet"],
    [Sepolia, "sepolia"],
    [Holesky, "holesky"],
    [Hoodi, "hoodi"],
  ] as const)("%#: its chains are ours", (config, name) => {
    const known = chainOf(name);
    const common = new Common({ chain: config });
    const read = chainOf(common);
    const positions = read.forks.map((fork) =>
      "block" in fork
        ? { number: BigInt(fork.block), timestamp: 0n }
        : { number: 10n ** 12n, timestamp: BigInt(fork.timestamp) },
    );
    expect(positions.length).toBeGreaterThan(10);
    for (const position of positions) {
      expect(read.rulesAt(position)).toEqual(known.rulesAt(position));
      const stock = common.getHardforkBy({ blockNumber: position.number, timestamp: position.timestamp });
      expect(known.forkAt(position)).toBe(stock === "mergeNetsplitBlock" ? "paris" : stock);
    }
  });

  test("the hardfork that a Common is set to does not matter, and stays", () => {
    const common = new Common({ chain: Mainnet, hardfork: "london" });
    expect(chainOf(common).forkAt({ number: 1n, timestamp: 0n })).toBe("chainstart");
    expect(chainOf(common).rulesOfFork("osaka").eip7934).toBe(true);
    expect(common.hardfork()).toBe("london");
    expect(() => common.param("targetBlobGasPerBlock")).toThrow();
    expect(chainOf(common)).toBe(chainOf(common));
  });

  test("custom forks, blob parameters and EIPs are carried over", () => {
    const common = new Common({
      chain: {
        ...Mainnet,
        name: "own",
        chainId: 99,
        depositContractAddress: "0x4242424242424242424242424242424242424242",
        customHardforks: {
          cancun: {
            eips: [1153, 4844],
            params: {
              targetBlobGasPerBlock: 131_072,
              maxBlobGasPerBlock: 262_144,
              blobGasPriceUpdateFraction: 5,
            },
          },
          amsterdam: { eips: [7928, 7843] },
        },
        hardforks: Mainnet.hardforks.map((fork) =>
          fork.name === "amsterdam" ? { ...fork, timestamp: 2_000_000_000 } : fork,
        ),
      },
    });
    const chain = chainOf(common);
    const cancun = chain.rulesOfFork("cancun");
    expect([
      chain.chainId,
      cancun.eip4788,
      cancun.targetBlobGasPerBlock,
      cancun.blobBaseFeeUpdateFraction,
    ]).toEqual([99n, false, 131_072n, 5n]);
    expect(chain.rulesOfFork("prague").targetBlobGasPerBlock).toBe(6n * 131_072n);
    expect(cancun.depositContract).toBe("0x4242424242424242424242424242424242424242");
    const amsterdam = chain.rulesAt({ number: 10n ** 9n, timestamp: 2_000_000_000n });
    expect([amsterdam.fork, amsterdam.eip7928, amsterdam.eip7843, amsterdam.eip7778]).toEqual([
      "amsterdam",
      true,
      true,
      false,
    ]);
  });

  test("an EIP that it activates besides is not passed over", () => {
    const common = new Common({ chain: Mainnet, hardfork: "london", eips: [3855] });
    expect(chainOf(common).spec.eips).toMatchObject({ chainstart: [3855] });
    const verkle = new Common({ chain: Mainnet, hardfork: "prague", eips: [7864] });
    expect(code(() => chainOf(verkle).rulesOfFork("prague"))).toBe("BRAID_UNKNOWN_EIP");
  });

  test("proof of stake from the start, and proof of authority", () => {
    const stake = createCustomCommon({ name: "x", consensus: { type: "pos", algorithm: "casper" } }, Mainnet);
    expect(chainOf(stake).rulesOfFork("london").proofOfWork).toBe(false);
    const authority = createCustomCommon(
      { name: "x", consensus: { type: "poa", algorithm: "clique" } },
      Mainnet,
    );
    expect(code(() => chainOf(authority))).toBe("BRAID_INVALID_CHAIN");
  });

  test("a geth genesis is the same chain read by it and by us", () => {
    const genesis = gethGenesis({
      shanghaiTime: 60,
      cancunTime: 60,
      pragueTime: 90,
      terminalTotalDifficulty: 0,
    });
    const stock = createCommonFromGethGenesis(
      {
        ...genesis,
        alloc: {},
        extraData: "0x",
        nonce: "0x0",
        baseFeePerGas: null,
        gasLimit: "0x1000000",
        difficulty: "0x0",
        timestamp: "0x0",
      },
      { chain: "own" },
    );
    for (const timestamp of [0n, 59n, 60n, 90n]) {
      const position = { number: 9n, timestamp };
      expect(chainOf(stock).rulesAt(position)).toEqual(chainOf(genesis).rulesAt(position));
    }
  });
});

function gethGenesis(more: Record<string, unknown>): GethGenesis {
  const config: GethGenesis["config"] = { chainId: 9 };
  for (const name of [
    "homestead",
    "eip150",
    "eip155",
    "eip158",
    "byzantium",
    "constantinople",
    "petersburg",
    "istanbul",
    "berlin",
    "london",
  ])
    config[`${name}Block`] = 0;
  return { config: { ...config, ...more } };
}

describe("a geth genesis file", () => {
  const config = {
    chainId: 9,
    homesteadBlock: 0,
    daoForkBlock: 1,
    daoForkSupport: true,
    eip150Block: 2,
    eip158Block: 3,
    byzantiumBlock: 4,
    mergeNetsplitBlock: 5,
    shanghaiTime: 60,
    bpo1Time: null,
  };

  test("gives the forks that it has a number for", () => {
    expect(specOfGenesis({ config }).hardforks).toEqual([
      { name: "chainstart", block: 0 },
      { name: "homestead", block: 0 },
      { name: "dao", block: 1 },
      { name: "tangerineWhistle", block: 2 },
      { name: "spuriousDragon", block: 3 },
      { name: "byzantium", block: 4 },
      { name: "paris", block: 5 },
      { name: "shanghai", timestamp: 60 },
    ]);
    expect(chainOf({ config }).forkAt({ number: 5n, timestamp: 59n })).toBe("paris");
  });

  test("without support of the DAO's fork has none", () => {
    const chain = chainOf({ config: { ...config, daoForkSupport: false } });
    expect(chain.rulesOfFork("byzantium").daoForkBlock).toBeUndefined();
  });

  test("that has merged from the start says so by its total difficulty", () => {
    expect(
      chainOf(gethGenesis({ terminalTotalDifficulty: 0, shanghaiTime: 5 })).forkAt({
        number: 0n,
        timestamp: 0n,
      }),
    ).toBe("paris");
    // Else the block of the merge must stand in it.
    expect(code(() => chainOf(gethGenesis({ terminalTotalDifficulty: 7, shanghaiTime: 5 })))).toBe(
      "BRAID_INVALID_CHAIN",
    );
  });

  test("with blob parameters after a later fork", () => {
    const blobSchedule = { bpo3: { target: 1, max: 2, baseFeeUpdateFraction: 3 } };
    const chain = chainOf(
      gethGenesis({
        terminalTotalDifficulty: 0,
        shanghaiTime: 0,
        osakaTime: 0,
        amsterdamTime: 5,
        bpo3Time: 9,
        blobSchedule,
      }),
    );
    expect(chain.forkAt({ number: 1n, timestamp: 9n })).toBe("bpo3");
  });

  test.each<[string, unknown]>([
    ["no config", {}],
    ["a chain id that is none", { config: { chainId: "0x1" } }],
    ["a negative fork", { config: { ...config, londonBlock: -1 } }],
    ["half a fork", { config: { ...config, londonBlock: 1.5 } }],
    ["a fork in a string", { config: { ...config, londonBlock: "7" } }],
    ["a fork that is an object", { config: { ...config, londonBlock: {} } }],
  ])("with %s is refused", (_what, genesis) => {
    expect(code(() => chainOf({ config: undefined, ...(genesis as object) } as never))).toBe(
      "BRAID_INVALID_GENESIS_FILE",
    );
  });
});
