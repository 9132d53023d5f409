// How long state roots take, beside @ethereumjs/mpt in the same run: `node packages/state/src/state.bench.ts`.
import { bytesToHex, type Hex } from "@braid/primitives";
import { createMPT } from "@ethereumjs/mpt";
import { Bench } from "tinybench";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "./constants.ts";
import { keccak256 } from "./keccak.ts";
import { type AccountChange, NO_ACCOUNT_CHANGE, type StateChanges } from "./state-changes.ts";
import { stateChangesOf } from "./state-changes-writer.ts";
import { MemoryStateStore } from "./store/memory-state-store.ts";
import { encodeAccount } from "./testing/account-leaf.ts";

const ACCOUNTS = 20_000;
const CHANGED = 200;

const addressOf = (n: number): Uint8Array => keccak256(Uint8Array.of(n >> 16, n >> 8, n)).slice(0, 20);

/** New balances, for other accounts in every round. */
let round = 0;
function nextChanges(): StateChanges {
  round++;
  const accounts = new Map<Hex, AccountChange>();
  for (let i = 0; i < CHANGED; i++) {
    const address = bytesToHex(addressOf((i * 97 + round * 13) % ACCOUNTS));
    accounts.set(address, { ...NO_ACCOUNT_CHANGE, balance: BigInt(round) });
  }
  return stateChangesOf({ accounts });
}

const alloc: Record<Hex, { balance: string }> = {};
for (let n = 0; n < ACCOUNTS; n++) alloc[bytesToHex(addressOf(n))] = { balance: "1" };
const store = MemoryStateStore.fromAlloc(alloc);

const oracle = await createMPT({ useKeyHashing: true });
const oracleLeaf = (balance: bigint) =>
  encodeAccount({ nonce: 0n, balance, storageRoot: EMPTY_TRIE_ROOT, codeHash: EMPTY_CODE_HASH });
for (let n = 0; n < ACCOUNTS; n++) await oracle.put(addressOf(n), oracleLeaf(1n));

const bench = new Bench({ time: 1000 });
bench
  .add(`${CHANGED} of ${ACCOUNTS} accounts: MemoryStateStore.commit`, async () => {
    const after = store.prepare(store.head.hash, nextChanges());
    // The states go by their roots.
    await after.commit({ hash: after.root, number: store.head.number + 1n });
  })
  .add(`${CHANGED} of ${ACCOUNTS} accounts: @ethereumjs/mpt`, async () => {
    for (const [address, { balance = 0n }] of nextChanges().accounts) {
      await oracle.put(Buffer.from(address.slice(2), "hex"), oracleLeaf(balance));
    }
    oracle.root();
  });
await bench.run();
console.table(bench.table());
