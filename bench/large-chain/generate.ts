// The chain: a genesis file of many accounts, and full blocks in which some of them send ether to others and write to a contract.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { Blockchain, type GenesisFile, openGenesis } from "@braid/chain";
import { Executor } from "@braid/executor";
import { bigIntToBytes32, bytesToHex, concatBytes, hexToBytes, Random } from "@braid/primitives";
import { encodeBlock } from "@braid/protocol";
import { LmdbStateStore } from "@braid/state";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { signTransaction } from "@braid/testing/sign";

/** Accounts that send; the others receive. */
const SENDERS = 5_000;
const SECONDS = 12n;
const CHAIN_ID = 1_234n;
/** Counts in the slot that the data names, and in the caller's, and leaves a log. */
export const COUNTER = hexToBytes("0x00000000000000000000000000000000000000c4");
const CODE = "0x5f358054600101905533805460010190555f5fa0";
const TRANSFER_GAS = 21_000n;
const CALL_GAS = 100_000n;
/** Gas that a call takes at least: no block has more candidates than would fit. */
const LEAST_CALL_GAS = 30_000n;

export interface ChainSize {
  blocks: number;
  accounts: number;
  /** Of a block. */
  gas: bigint;
}

export interface GeneratedChain {
  genesis: string;
  blocks: string;
  transactions: number;
  /** The last block's hash. */
  head: string;
  size: { blocks: number; accounts: number };
}

/** The chain in a folder, made when it is not there yet. */
export async function generateChain(
  folder: string,
  size: ChainSize,
  say: (what: string) => void,
): Promise<GeneratedChain> {
  const about = join(folder, `${size.blocks}-${size.accounts}-${size.gas}.json`);
  if (existsSync(about)) return JSON.parse(readFileSync(about, "utf8")) as GeneratedChain;
  mkdirSync(folder, { recursive: true });
  const genesis = genesisOf(size);
  const genesisPath = join(folder, "genesis.json");
  writeFileSync(genesisPath, JSON.stringify(genesis));
  // With all states: those of many accounts are written in pieces there.
  const store = await LmdbStateStore.open(join(folder, "made"));
  const { chain: rules, header } = await openGenesis(genesis, store);
  say(`the first state has ${size.accounts} accounts`);
  const executor = new Executor();
  const chain = new Blockchain({ chain: rules, store, executor, head: header });
  const path = join(folder, "chain.rlp");
  const file = await open(path, "w");
  const random = new Random(1);
  const nonces = new Map<number, bigint>();
  let transactions = 0;
  for (let i = 0; i < size.blocks; i++) {
    const { header: parent } = chain.head;
    const drawn = draw(size, random, nonces, parent.baseFeePerGas ?? 0n);
    const attributes = { timestamp: parent.timestamp + SECONDS, coinbase: plainAddress(0xffff) };
    const built = await chain.build(
      attributes,
      drawn.map(({ raw }) => raw),
      { senders: drawn.map(({ sender }) => keyed(sender).address) },
    );
    for (const index of built.result.included) {
      const { sender } = drawn[index] as (typeof drawn)[0]; // it is one of those
      nonces.set(sender, (nonces.get(sender) ?? 0n) + 1n);
    }
    await chain.append(built);
    await file.write(encodeBlock(built.block));
    transactions += built.block.transactions.length;
    if ((i + 1) % 50 === 0) say(`${i + 1} blocks are made`);
  }
  await file.close();
  const head = bytesToHex(chain.head.hash);
  await executor.close();
  await store.close();
  await rm(join(folder, "made"), { recursive: true });
  const { blocks, accounts } = size;
  const made = { genesis: genesisPath, blocks: path, transactions, head, size: { blocks, accounts } };
  writeFileSync(about, JSON.stringify(made));
  return made;
}

export function accountOf(index: number): Uint8Array {
  return index < SENDERS ? keyed(index).address : plainAddress(index);
}

function genesisOf({ accounts, gas }: ChainSize): GenesisFile {
  const alloc = Object.fromEntries(
    Array.from({ length: accounts }, (_, i) => [
      bytesToHex(accountOf(i)),
      { balance: i < SENDERS ? "0xd3c21bcecceda1000000" : "0x1" },
    ]),
  );
  const blocks = ["homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg"];
  return {
    config: {
      chainId: Number(CHAIN_ID),
      ...Object.fromEntries([...blocks, "istanbul", "berlin", "london"].map((fork) => [`${fork}Block`, 0])),
      terminalTotalDifficulty: 0,
      shanghaiTime: 0,
    },
    gasLimit: `0x${gas.toString(16)}`,
    difficulty: "0x0",
    baseFeePerGas: "0x7",
    alloc: { ...alloc, [bytesToHex(COUNTER)]: { balance: "0x0", code: CODE } },
  };
}

/** More than go into one block. A sender has one transaction in it: what is left out leaves no gap. */
function draw(
  { accounts, gas }: ChainSize,
  random: Random,
  nonces: ReadonlyMap<number, bigint>,
  baseFee: bigint,
): { raw: Uint8Array; sender: number }[] {
  const first = random.below(SENDERS);
  let left = gas;
  const drawn: { raw: Uint8Array; sender: number }[] = [];
  for (let i = 0; left > 0n && i < SENDERS; i++) {
    const sender = (first + i) % SENDERS;
    const isCall = random.chance(30);
    const slot = bigIntToBytes32(BigInt(random.below(accounts)));
    const raw = signTransaction(
      {
        type: 2,
        chainId: CHAIN_ID,
        nonce: nonces.get(sender) ?? 0n,
        gasLimit: isCall ? CALL_GAS : TRANSFER_GAS,
        maxFeePerGas: 2n * baseFee + 10n,
        maxPriorityFeePerGas: 1n,
        to: isCall ? COUNTER : accountOf(random.below(accounts)),
        value: isCall ? 0n : 1n,
        data: isCall ? concatBytes(slot) : new Uint8Array(0),
        accessList: [],
        maxFeePerBlobGas: 0n,
        blobVersionedHashes: [],
        authorizations: [],
      },
      keyed(sender),
    );
    drawn.push({ raw, sender });
    left -= isCall ? LEAST_CALL_GAS : TRANSFER_GAS;
  }
  return drawn;
}
