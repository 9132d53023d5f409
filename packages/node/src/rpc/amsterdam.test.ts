// Access lists and execution witnesses against those of Ethereum's tests of EIP-7928 and EIP-8025, an earlier Amsterdam than today's draft.

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Blockchain } from "@braid/chain";
import { Executor } from "@braid/executor";
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import {
  accessListHash,
  Chain,
  decodeAccessList,
  decodeBlock,
  FORKS,
  hashHeader,
  isTimed,
} from "@braid/protocol";
import { type GenesisAlloc, MemoryStateStore } from "@braid/state";
import { afterAll, describe, expect, test } from "vitest";
import { Node } from "../node.ts";
import { BraidProvider } from "../provider.ts";
import { FIXTURES } from "../testing/fixtures.ts";
import type { ExecutionWitness } from "./execution-witness.ts";

const FOLDER = join(FIXTURES, "eest-zkevm-v0.3.3");
const isPresent = existsSync(FOLDER);

interface FixtureBlock {
  rlp: Hex;
  executionWitness?: Pick<ExecutionWitness, "state" | "codes" | "headers">;
}

interface Fixture {
  genesisRLP: Hex;
  pre: GenesisAlloc;
  blocks: FixtureBlock[];
  config: { blobSchedule: Record<string, Record<"target" | "max" | "baseFeeUpdateFraction", Hex>> };
}

const DRAFT = [7708, 7778, 7843, 7928, 8024];

function chainOfFixture({ config }: Fixture): Chain {
  const names = FORKS.map(({ name }) => name).filter((name) => !/^(dao|bpo[345])$/.test(name));
  const numbers = (blobs: Record<string, Hex>) =>
    Object.fromEntries(Object.entries(blobs).map(([key, value]) => [key, Number(value)]));
  return new Chain({
    name: "fixture",
    chainId: 1,
    hardforks: names.map((name) => (isTimed(name) ? { name, timestamp: 0 } : { name, block: 0 })),
    blobSchedule: Object.fromEntries(
      Object.entries(config.blobSchedule).map(([fork, blobs]) => [fork.toLowerCase(), numbers(blobs)]),
    ) as never,
    eips: { amsterdam: DRAFT },
  });
}

const executor = new Executor({ workers: 0 });
afterAll(() => executor.close());

async function load(fixture: Fixture): Promise<BraidProvider> {
  const chain = chainOfFixture(fixture);
  const { header } = decodeBlock(hexToBytes(fixture.genesisRLP), chain);
  const hash = hashHeader(header);
  const store = MemoryStateStore.fromAlloc(fixture.pre, { hash, number: 0n });
  const tree = new Blockchain({ chain, store, executor, head: header });
  for (const { rlp } of fixture.blocks) await tree.importBlock(hexToBytes(rlp));
  return new BraidProvider(new Node({ chain: tree, store, executor, accounts: [], mining: { auto: false } }));
}

const sorted = (items: readonly string[]): string[] => [...items].sort();

/** Their witnesses lack something, or have too much, on purpose. */
const DAMAGED = /test_validation_|extra_unused_older_ancestor/;

/** The specification has looked at whom a delegation leads to before it sees that the caller cannot pay; the EVM here has not. */
const KNOWN_DIFFERENCES = /test_witness_codes_delegated_eoa_insufficient_balance/;

/** Cases that were written for another draft: their blocks are not valid by these rules. */
const OF_ANOTHER_DRAFT = 14;

function allCases(): [name: string, fixture: Fixture][] {
  const root = join(FOLDER, "blockchain_tests_zkevm");
  return globSync("**/*.json", { cwd: root })
    .sort()
    .flatMap((file) => Object.entries<Fixture>(JSON.parse(readFileSync(join(root, file), "utf8"))));
}

describe.skipIf(!isPresent)("eest-zkevm (needs BRAID_FIXTURES)", () => {
  test("the nodes and headers are the same ones, all codes are there, and lists are those that headers commit to", async () => {
    let drifted = 0;
    let compared = 0;
    for (const [name, fixture] of allCases()) {
      const provider = await load(fixture).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^BRAID_(BLOCK|TX)_/) });
      });
      if (provider === undefined) {
        drifted++;
        continue;
      }
      // Importing has looked at the lists of these runs already.
      provider.node.runOf = () => undefined;
      const ask = (method: string, block: string) => provider.request({ method, params: [block] });
      for (const [i, { executionWitness }] of fixture.blocks.entries()) {
        const number = `0x${(i + 1).toString(16)}`;
        const list = hexToBytes(String(await ask("debug_getRawBlockAccessList", number)));
        const { blockAccessListHash } = (await ask("eth_getHeaderByNumber", number)) as Record<string, Hex>;
        expect(bytesToHex(accessListHash(decodeAccessList(list))), name).toBe(blockAccessListHash);
        const found = (await ask("debug_executionWitness", number)) as ExecutionWitness;
        if (executionWitness === undefined || DAMAGED.test(name) || KNOWN_DIFFERENCES.test(name)) continue;
        compared++;
        expect(sorted(found.state), name).toEqual(sorted(executionWitness.state));
        expect(found.headers, name).toEqual(executionWitness.headers);
        for (const code of executionWitness.codes) expect(found.codes, name).toContain(code);
      }
      await provider.node.again.close();
    }
    expect(drifted).toBe(OF_ANOTHER_DRAFT);
    expect(compared).toBeGreaterThan(90);
  }, 300_000);
});
