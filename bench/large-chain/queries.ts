// What clients ask of a large chain, many at once: newest and old states, blocks, receipts, calls.
import { bigIntToBytes32, bytesToHex, Random } from "@braid/primitives";
import { accountOf, COUNTER, type GeneratedChain } from "./generate.ts";
import { ask } from "./import.ts";

const CLIENTS = 16;
const SECONDS = 5;

export interface QueryRate {
  name: string;
  perSecond: number;
}

/** Asks each kind of question for some seconds. */
export async function queryRates(
  url: string,
  { size: { blocks, accounts } }: GeneratedChain,
  say: (what: string) => void,
): Promise<QueryRate[]> {
  const random = new Random(2);
  const account = (): string => bytesToHex(accountOf(random.below(accounts)));
  const old = (): string => `0x${(1 + random.below(blocks)).toString(16)}`;
  const slot = (): string => bytesToHex(bigIntToBytes32(BigInt(random.below(accounts))));
  const counter = bytesToHex(COUNTER);
  const inBlock = (block: string): object => ({ fromBlock: block, toBlock: block });
  const hashes: string[] = [];
  for (let i = 0; i < Math.min(20, blocks); i++) {
    const block = (await ask(url, "eth_getBlockByNumber", [old(), false])) as { transactions: string[] };
    hashes.push(...block.transactions);
  }
  const kinds: [string, () => [string, unknown[]]][] = [
    ["eth_getBalance, newest", () => ["eth_getBalance", [account(), "latest"]]],
    ["eth_getBalance, any block", () => ["eth_getBalance", [account(), old()]]],
    ["eth_getStorageAt, any block", () => ["eth_getStorageAt", [counter, slot(), old()]]],
    ["eth_call, newest", () => ["eth_call", [{ to: counter, data: slot() }, "latest"]]],
    ["eth_getProof, any block", () => ["eth_getProof", [account(), [], old()]]],
    ["eth_getLogs, any block", () => ["eth_getLogs", [{ address: counter, ...inBlock(old()) }]]],
    ["eth_getBlockByNumber, whole", () => ["eth_getBlockByNumber", [old(), true]]],
    ["eth_getTransactionReceipt", () => ["eth_getTransactionReceipt", [random.pick(hashes)]]],
  ];
  const rates: QueryRate[] = [];
  for (const [name, question] of kinds) {
    const end = performance.now() + SECONDS * 1_000;
    const counts = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        let count = 0;
        for (; performance.now() < end; count++) {
          const [method, params] = question();
          if ((await ask(url, method, params)) === null) throw new Error(`${method} found nothing`);
        }
        return count;
      }),
    );
    rates.push({ name, perSecond: counts.reduce((sum, count) => sum + count, 0) / SECONDS });
    say(`${name}: ${rates.at(-1)?.perSecond.toFixed(0)} a second`);
  }
  return rates;
}
