// A blockchain test: every block imported onto the chain, invalid ones rejected for the expected reason.

import { Blockchain, type ImportedBlock } from "@braid/chain";
import { BaseError, bytesToHex, equalBytes, hexToBytes } from "@braid/primitives";
import { decodeBlock, hashHeader } from "@braid/protocol";
import { type BegunStore, MemoryStateStore } from "@braid/state";
import { compareAccessLists } from "./access-list.ts";
import { fitsExpectation } from "./exceptions.ts";
import type { BlockchainFixture, FixtureBlock } from "./fixture-types.ts";
import type { BlockExecutor, RunMode } from "./modes.ts";
import { networkChain } from "./networks.ts";

/** Runs a case in one mode. Returns why it fails, or undefined. */
export async function runBlockchainCase(
  fixture: BlockchainFixture,
  executor: BlockExecutor,
  mode: RunMode,
): Promise<string | undefined> {
  const rules = networkChain(fixture.network, fixture.config);
  const { header } = decodeBlock(hexToBytes(fixture.genesisRLP), rules);
  const hash = hashHeader(header);
  const store = MemoryStateStore.fromAlloc(fixture.pre, { hash, number: header.number });
  if (bytesToHex(hash) !== fixture.genesisBlockHeader.hash)
    return `the genesis block has hash ${bytesToHex(hash)}, not ${fixture.genesisBlockHeader.hash}`;
  if (!equalBytes(store.head.stateRoot, header.stateRoot))
    return `the pre-state has root ${bytesToHex(store.head.stateRoot)}, not ${bytesToHex(header.stateRoot)}`;
  const chain = new Blockchain({ chain: rules, store, executor, head: header });
  for (const [i, block] of fixture.blocks.entries()) {
    const failure = await runBlock(chain, store, block, mode);
    if (failure !== undefined) return `block ${i + 1} of ${fixture.blocks.length}: ${failure}`;
  }
  const last = bytesToHex(chain.head.hash);
  if (last !== fixture.lastblockhash) return `the last block has hash ${last}, not ${fixture.lastblockhash}`;
  return checkPostState(fixture, store);
}

async function runBlock(
  chain: Blockchain,
  store: BegunStore,
  block: FixtureBlock,
  mode: RunMode,
): Promise<string | undefined> {
  if (block.refused !== undefined) {
    if (block.expectException === undefined) return `it is valid but was refused with ${block.refused}`;
    if (fitsExpectation(block.refused, block.expectException)) return undefined;
  }
  const before = { head: chain.head.hash, state: store.head };
  let imported: ImportedBlock;
  try {
    imported = await chain.importBlock(hexToBytes(block.rlp), mode.options);
  } catch (error) {
    if (!(error instanceof BaseError)) throw error;
    const rejection = `${error.code}: ${error.message}`;
    if (block.expectException === undefined) return `it is valid but was rejected with ${rejection}`;
    if (chain.head.hash !== before.head || store.head !== before.state)
      return "it was rejected but has changed the state";
    return fitsExpectation(error.code, block.expectException)
      ? undefined
      : `it was rejected, but for ${block.expectException} and not ${rejection}`;
  }
  if (block.expectException !== undefined)
    return `it was imported, but it is invalid (${block.expectException})`;
  const { blockAccessList } = block;
  return blockAccessList === undefined
    ? undefined
    : compareAccessLists(blockAccessList, imported.result.accessList);
}

function checkPostState(
  { postState, postStateHash }: BlockchainFixture,
  store: BegunStore,
): string | undefined {
  const root = bytesToHex(store.head.stateRoot);
  if (postStateHash !== undefined && postStateHash !== root)
    return `the state root is ${root}, not ${postStateHash}`;
  if (postState === undefined) return undefined;
  const expected = bytesToHex(MemoryStateStore.fromAlloc(postState).head.stateRoot);
  return expected === root
    ? undefined
    : `the state root is ${root}, that of the fixture's post-state ${expected}`;
}
