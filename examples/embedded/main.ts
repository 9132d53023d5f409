// Braid's node inside a program, without a server: many transactions in one block, what they have left, snapshots, time, and old states.

import { createNode } from "@braid/node";
import {
  createTestClient,
  custom,
  formatEther,
  type Hex,
  parseEther,
  publicActions,
  walletActions,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";

const MNEMONIC = "test test test test test test test test test test test junk";
const SENDERS = 20;
const EACH = 25;

await using node = await createNode({ accounts: SENDERS, mining: { auto: false } });
// It is an EIP-1193 provider: viem takes it as it is, and so does ethers (`new BrowserProvider(node)`).
const client = createTestClient({ chain: hardhat, mode: "hardhat", transport: custom(node), cacheTime: 0 })
  .extend(publicActions)
  .extend(walletActions);

const shop = "0x00000000000000000000000000000000000005e0";
const genesis = await client.getBlock();
const start = await client.snapshot();

// Nothing is mined until it is asked for: then all of it is in one block, executed on all cores.
const sent: Hex[] = [];
for (let i = 0; i < SENDERS; i++) {
  const account = mnemonicToAccount(MNEMONIC, { addressIndex: i });
  for (let nonce = 0; nonce < EACH; nonce++)
    sent.push(
      await client.sendTransaction({ account, to: shop, value: parseEther("0.01"), nonce, gas: 21_000n }),
    );
}
await client.mine({ blocks: 1 });
const block = await client.getBlock();
const receipts = await Promise.all(sent.map((hash) => client.getTransactionReceipt({ hash })));
const succeeded = receipts.filter(({ status }) => status === "success").length;
console.log(
  `block ${block.number}: ${block.transactions.length} transactions, ${succeeded} succeeded, ${block.gasUsed} gas`,
);
console.log(`the shop has ${formatEther(await client.getBalance({ address: shop }))} ETH`);
console.log(
  `before that block it had ${formatEther(await client.getBalance({ address: shop, blockNumber: 0n }))} ETH`,
);

// A year later.
await client.increaseTime({ seconds: 365 * 86_400 });
await client.mine({ blocks: 1 });
const { timestamp } = await client.getBlock();
console.log(`a year has passed: ${timestamp - genesis.timestamp >= 365n * 86_400n}`);

// And everything as it was.
await client.revert({ id: start });
console.log(
  `back at block ${await client.getBlockNumber()}, the shop has ${formatEther(await client.getBalance({ address: shop }))} ETH`,
);
