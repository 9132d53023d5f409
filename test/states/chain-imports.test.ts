// Chains imported onto every kind of store: each header's state root, and the answers and proofs of every block's state against
// @ethereumjs/mpt. Of the long chain the first blocks; BRAID_BLOCKS says how many (all: 3000).
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Blockchain, type GenesisFile, openGenesis } from "@braid/chain";
import { Executor } from "@braid/executor";
import { bytesToHex, type Hex, hexToBytes, readRlpItem } from "@braid/primitives";
import { hashHeader } from "@braid/protocol";
import {
  changesOfAlloc,
  EMPTY_CODE_HASH,
  EMPTY_TRIE_ROOT,
  LmdbStateStore,
  MemoryStateStore,
  type StateStore,
} from "@braid/state";
import { afterAll, describe, expect, test } from "vitest";
import { FIXTURES, isPresent } from "../mainnet/fixture-files.ts";
import { TrieOracle } from "./oracle.ts";

const LIMIT = Number(process.env.BRAID_BLOCKS ?? 150);
/** Accounts of a block that are looked at again. */
const LOOKED_AT = 4;
const KEPT = 20;
const ABSENT = new Uint8Array(20).fill(0xab);

const executor = new Executor({ workers: 2 });
afterAll(() => executor.close());

interface ImportedBlock {
  hash: Uint8Array;
  root: Uint8Array;
  /** What of the state is looked at: addresses that the block changed, each with slots. */
  keys: [address: Uint8Array, slots: Uint8Array[]][];
}

describe.each(["execution-apis", "hive-sync"])("the chain %s", (name) => {
  const folder = `chain-imports/${name}`;
  test.skipIf(!isPresent(folder))(
    "has the same states in memory, on disk, and on disk with the last blocks alone",
    async () => {
      const genesis = JSON.parse(readFileSync(join(FIXTURES, folder, "genesis.json"), "utf8")) as GenesisFile;
      const blocks = splitBlocks(readFileSync(join(FIXTURES, folder, "chain.rlp"))).slice(0, LIMIT);
      const path = await mkdtemp(join(tmpdir(), "braid-import-"));
      try {
        const oracle = new TrieOracle();
        const memory = new MemoryStateStore();
        const imported = await importChain(genesis, memory, blocks, oracle);
        await checkStates(memory, imported, oracle);
        for (const [kind, keep] of [
          ["all", undefined],
          ["last", KEPT],
        ] as const) {
          const at = join(path, kind);
          const options = keep === undefined ? {} : { keep };
          const store = await LmdbStateStore.open(at, options);
          await importChain(genesis, store, blocks);
          await store.close();
          const again = await LmdbStateStore.open(at, options);
          await checkStates(again, imported.slice(-(keep ?? imported.length)), oracle);
          await again.close();
        }
      } finally {
        await rm(path, { recursive: true });
      }
    },
    3_600_000,
  );
});

/** Imports the blocks, each with its header's root. With an oracle: also onto that. */
async function importChain(
  genesis: GenesisFile,
  store: StateStore,
  blocks: Uint8Array[],
  oracle?: TrieOracle,
): Promise<ImportedBlock[]> {
  const { chain: rules, header } = await openGenesis(genesis, store);
  const chain = new Blockchain({ chain: rules, store, executor, head: header });
  await oracle?.apply(changesOfAlloc(genesis.alloc));
  const imported: ImportedBlock[] = [];
  for (const raw of blocks) {
    // Rejects a block whose state has another root than its header says.
    const { block, result, stateRoot } = await chain.importBlock(raw);
    await oracle?.apply(result.stateChanges);
    if (oracle !== undefined) expect(bytesToHex(oracle.root)).toBe(bytesToHex(stateRoot));
    const keys = [...result.stateChanges.accounts].slice(0, LOOKED_AT).map(([address, { storage }]) => {
      const slots: Hex[] = [...storage.keys()].slice(0, LOOKED_AT);
      return [
        hexToBytes(address),
        [...slots.map(hexToBytes), new Uint8Array(32)],
      ] as ImportedBlock["keys"][number];
    });
    imported.push({ hash: hashHeader(block.header), root: stateRoot, keys });
  }
  expect(imported).toHaveLength(blocks.length);
  return imported;
}

/** Every block's state, among them those of old ones: reads and proofs, also of what the block before changed and of what is not there. */
async function checkStates(store: StateStore, blocks: ImportedBlock[], oracle: TrieOracle): Promise<void> {
  for (const [i, { hash, root, keys }] of blocks.entries()) {
    const state = store.stateAt(hash);
    expect(bytesToHex(state.stateRoot)).toBe(bytesToHex(root));
    for (const [address, slots] of [
      ...keys,
      ...(blocks[i - 1]?.keys ?? []),
      [ABSENT, [new Uint8Array(32)]] as const,
    ]) {
      const account = await oracle.account(root, address);
      const found = await state.getAccount(address);
      expect(found?.nonce).toBe(account?.nonce);
      expect(found?.balance).toBe(account?.balance);
      expect(found?.codeHash).toEqual(account?.codeHash);
      const storageRoot = account?.storageRoot ?? EMPTY_TRIE_ROOT;
      expect(found?.hasStorage ?? false).toBe(bytesToHex(storageRoot) !== bytesToHex(EMPTY_TRIE_ROOT));
      const proof = state.prove(address, slots);
      expect(proof).toMatchObject({ storageRoot, codeHash: account?.codeHash ?? EMPTY_CODE_HASH });
      expect(proof.accountProof.map(bytesToHex)).toEqual((await oracle.proof(root, address)).map(bytesToHex));
      for (const { slot, value, proof: nodes } of proof.storageProof) {
        expect(value).toBe(await oracle.slot(storageRoot, slot));
        expect(await state.getStorage(address, slot)).toBe(value);
        const expected = account === undefined ? [] : await oracle.proof(storageRoot, slot);
        expect(nodes.map(bytesToHex)).toEqual(expected.map(bytesToHex));
      }
    }
  }
}

/** The file holds one block's RLP after the other. */
function splitBlocks(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const item = readRlpItem(bytes, at);
    if (item === undefined) throw new Error(`no block at byte ${at}`);
    blocks.push(bytes.subarray(at, item.end));
    at = item.end;
  }
  return blocks;
}
