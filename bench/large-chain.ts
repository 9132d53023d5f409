// A large chain: full blocks over many accounts are generated once, imported by `braid node` into an empty folder, with a kill -9 in the middle, and served.
//
//   npx -y pnpm@12 bench:large-chain [--blocks 300] [--accounts 1000000] [--gas 30000000] [--folder <keeps the chain and the node's data>]
import { mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import { type GeneratedChain, generateChain } from "./large-chain/generate.ts";
import { bytesOnDisk, killImport, type Served, startNode } from "./large-chain/import.ts";
import { queryRates } from "./large-chain/queries.ts";

const MIB = 2 ** 20;
const { values } = parseArgs({
  options: {
    blocks: { type: "string", default: "300" },
    accounts: { type: "string", default: "1000000" },
    gas: { type: "string", default: "30000000" },
    folder: { type: "string" },
  },
});
const size = { blocks: Number(values.blocks), accounts: Number(values.accounts), gas: BigInt(values.gas) };
if (!(size.blocks >= 2 && size.accounts >= 10_000))
  throw new RangeError("at least --blocks 2 and --accounts 10000");
const environment = describeEnvironment("bench:large-chain");
const folder = values.folder ?? mkdtempSync(join(tmpdir(), "braid-large-chain-"));
mkdirSync(folder, { recursive: true });
const begin = performance.now();
const say = (what: string): void =>
  console.error(`${((performance.now() - begin) / 1_000).toFixed(0)} s: ${what}`);

const chain: GeneratedChain = await generateChain(join(folder, "chain"), size, say);
const lines = [
  `chain      ${size.blocks} blocks of ${size.gas} gas, ${chain.transactions} transactions, ${size.accounts} accounts at its beginning; ${mib(statSync(chain.blocks).size)} MiB`,
];
const data = join(folder, "data");
rmSync(data, { recursive: true, force: true });
const killed = await killImport(chain, data);
lines.push(
  `import     ${killed.seconds.toFixed(1)} s until kill -9 at block ${killed.reached}, ${mib(killed.peakBytes)} MiB of its own at most`,
);
say(`killed at block ${killed.reached} after ${killed.seconds.toFixed(1)} s`);
const whole = await startNode(chain, data);
say(`the rest in ${whole.seconds.toFixed(1)} s`);
await report("the rest", whole, size.blocks - killed.reached);
lines.push(`on disk    ${mib(bytesOnDisk(data))} MiB`);
for (const { name, perSecond } of await queryRates(whole.url, chain, say))
  lines.push(`${name.padEnd(28)} ${perSecond.toFixed(0)} a second`);
lines.push(`served     ${mib(whole.peakBytes())} MiB of its own at most up to here`);
await whole.end();

const again = await startNode(chain, data);
await report("open again", again, 0);
await again.end();
say("opened again");

console.log(formatEnvironment(environment));
for (const line of lines) console.log(line);
if (values.folder === undefined) rmSync(folder, { recursive: true });

/** A node that has all blocks; so many of them it has just imported. */
async function report(what: string, node: Served, blocks: number): Promise<void> {
  const head = await node.ask("eth_getBlockByNumber", "latest", false);
  const { hash } = head as { hash: string };
  if (hash !== chain.head)
    throw new Error(`${what}: the newest block is ${hash} and should be ${chain.head}`);
  const rate = (Number(size.gas) * blocks) / node.seconds / 1e6;
  const speed = blocks === 0 ? "" : `, ${rate.toFixed(0)} Mgas a second with everything`;
  lines.push(
    `${what.padEnd(10)} ${node.seconds.toFixed(1)} s, ${mib(node.peakBytes())} MiB of its own at most${speed}`,
  );
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}
