// Makes the DeFi chain that ships with Braid: `node contracts/make-chain.ts [--seed braid] [--blocks 24] [--out file]`.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Bundle, writeBundle } from "@braid/replay";
import { createAccounts, type SigningAccount } from "./accounts.ts";
import { deploy } from "./deployment.ts";
import { ETHER, genesisState } from "./genesis.ts";
import { TextRandom } from "./random.ts";
import { type BlockAttributes, type MinedBlock, StockChain, toBundle } from "./stock-chain.ts";
import { Traffic } from "./traffic.ts";

export interface ChainOptions {
  /** Any text: the same one gives the same bytes. */
  seed: string;
  /** How many blocks of traffic follow on the three that deploy the contracts. Fewer blocks give a prefix of the same chain. */
  blocks: number;
  /** Called after each block. */
  onBlock?: (block: MinedBlock) => void;
}

/** What the file in packages/cli/data was made with. */
export const SHIPPED_CHAIN = { seed: "braid", blocks: 24 } as const;
export const SHIPPED_CHAIN_FILE = fileURLToPath(
  new URL("../packages/cli/data/defi-chain.braid", import.meta.url),
);

const ACCOUNTS = 500;
const TOKENS = 6;
/** Six in ten accounts hold a given token. */
const HOLDERS_PERCENT = 60;
/** An action may add a few more than asked for: no block has more than 500. */
const MOST_TRANSACTIONS = 490;
/** Pairs of tokens, 0 is wrapped ether; `POOL_POPULARITY` says how often each is traded. */
const POOLS = [
  [0, 1],
  [0, 2],
  [1, 2],
  [0, 3],
  [1, 4],
  [2, 5],
  [0, 6],
  [3, 4],
] as const;

/** The chain as a bundle: its genesis state, the deployment and the traffic, executed and sealed by stock @ethereumjs/vm. */
export async function makeChain({ seed, blocks, onBlock }: ChainOptions): Promise<Bundle> {
  const random = new TextRandom(seed);
  const accounts = createAccounts(seed, ACCOUNTS);
  const [deployer] = createAccounts(`${seed}/deployer`, 1) as [SigningAccount];
  const genesis = genesisState([
    [deployer.address, 1_000_000n * ETHER],
    ...accounts.map(({ address }) => [address, 10_000n * ETHER] as const),
  ]);
  const holders = Array.from({ length: TOKENS }, () => {
    return accounts.filter(() => random.chance(HOLDERS_PERCENT)).map(({ address }) => address);
  });
  const { deployment, blocks: deploymentBlocks } = deploy(deployer, {
    tokens: TOKENS,
    pools: POOLS,
    holders,
  });

  const chain = await StockChain.create(genesis);
  const genesisHeader = chain.head;
  const traffic = new Traffic(chain, random, accounts, deployment);
  const validators = createAccounts(`${seed}/validators`, 3).map(({ address }) => address);
  // Besides those whom nobody else ever touches: an account that sends in most blocks, and a contract with code.
  const coinbases = [
    ...validators,
    (accounts[0] as SigningAccount).address,
    deployment.tokens[0] as Uint8Array,
  ];
  const rlps: Uint8Array[] = [];
  let withdrawalIndex = 0n;
  for (let number = 1; number <= deploymentBlocks.length + blocks; number++) {
    const transactions =
      deploymentBlocks[number - 1] ?? (await traffic.block(random.between(100, MOST_TRANSACTIONS)));
    const coinbase = random.pick(coinbases);
    const withdrawals =
      number % 3 === 0 ? randomWithdrawals(random, accounts, coinbase, withdrawalIndex) : [];
    withdrawalIndex += BigInt(withdrawals.length);
    const block = await chain.mine(transactions, { coinbase, withdrawals });
    rlps.push(block.rlp);
    onBlock?.(block);
  }
  return toBundle(
    genesis,
    genesisHeader,
    rlps,
    `Made by contracts/make-chain.ts --seed ${seed} --blocks ${blocks}`,
  );
}

/** Up to 16 (EIP-4895): to accounts that also trade, to the beneficiary of the block, and to somebody new. */
function randomWithdrawals(
  random: TextRandom,
  accounts: readonly SigningAccount[],
  coinbase: Uint8Array,
  first: bigint,
): NonNullable<BlockAttributes["withdrawals"]> {
  const receivers = [
    coinbase,
    random.bytes(20),
    ...Array.from({ length: random.between(2, 14) }, () => random.pick(accounts).address),
  ];
  return receivers.map((address, index) => ({
    index: first + BigInt(index),
    validatorIndex: BigInt(random.below(1_000_000)),
    address,
    amount: BigInt(random.below(2 ** 32)),
  }));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: SHIPPED_CHAIN.seed },
      blocks: { type: "string", default: String(SHIPPED_CHAIN.blocks) },
      out: { type: "string", default: SHIPPED_CHAIN_FILE },
    },
  });
  const started = performance.now();
  const bundle = await makeChain({
    seed: values.seed,
    blocks: Number(values.blocks),
    onBlock: ({ header, gasUsed, outcomes }) => {
      const failed = outcomes.filter(({ succeeded }) => !succeeded).length;
      console.log(
        `block ${header.number}: ${outcomes.length} transactions, ${failed} failed, ${gasUsed} gas`,
      );
    },
  });
  await writeBundle(values.out, bundle);
  console.log(`${values.out} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

if (import.meta.main) await main();
