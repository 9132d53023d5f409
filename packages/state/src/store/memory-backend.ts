// A store in memory: tries that share what they have in common, and the head's state flat beside them.
import { bytesToHex, type Hex } from "@braid/primitives";
import type { StateChanges } from "../state-changes.ts";
import { NO_NODES, type TrieNode } from "../trie/node.ts";
import type { Backend, CommitWrite, HeadStep, Pruning, TreeBlock, WalkedStep } from "./backend.ts";
import { FlatState } from "./flat-state.ts";
import { invertChanges } from "./invert-changes.ts";
import { KeptCodes } from "./kept-codes.ts";
import type { RecordChange, RecordRange } from "./records.ts";
import { SortedRecords } from "./sorted-records.ts";
import { UnknownBlockError } from "./state-store.ts";

interface Entry {
  readonly block: TreeBlock;
  readonly trie: TrieNode | undefined;
  delta: StateChanges;
  /** As KeptCodes knows what it needs. */
  readonly codes: readonly Hex[];
}

/** Nothing of it can fail half-way, so nothing of it has to be taken back. */
export class MemoryBackend implements Backend {
  readonly preloadLimit = 200_000;
  readonly nodes = NO_NODES;
  readonly flat = new FlatState();
  head: TreeBlock | undefined;
  base: TreeBlock | undefined;
  readonly #entries = new Map<Hex, Entry>();
  readonly #heights = new Map<number, TreeBlock[]>();
  readonly #codes = new KeptCodes();
  readonly #ancestors = new Map<bigint, Uint8Array>();
  readonly #records = new SortedRecords();

  block(hash: Uint8Array): TreeBlock | undefined {
    return this.#entries.get(bytesToHex(hash))?.block;
  }

  blocksAt(height: number): TreeBlock[] {
    return this.#heights.get(height) ?? [];
  }

  ancestorHash(number: bigint): Uint8Array | undefined {
    return this.#ancestors.get(number);
  }

  trie(block: TreeBlock): TrieNode | undefined {
    return this.#entry(block).trie;
  }

  delta(block: TreeBlock): StateChanges {
    return this.#entry(block).delta;
  }

  code(hash: Uint8Array): Uint8Array | undefined {
    return this.#codes.get(hash);
  }

  codes(): [Uint8Array, Uint8Array][] {
    return this.#codes.entries();
  }

  handle(): undefined {}

  record(key: Uint8Array): Uint8Array | undefined {
    return this.#records.get(key);
  }

  records(range: RecordRange): Iterable<[Uint8Array, Uint8Array]> {
    return this.#records.entries(range);
  }

  commit({ block, trie, changes, undo, ancestors, pruning, records }: CommitWrite): void {
    const codes = this.#codes.use(changes);
    this.#entries.set(bytesToHex(block.hash), { block, trie, delta: undo ?? changes, codes });
    const beside = this.#heights.get(block.height);
    if (beside === undefined) this.#heights.set(block.height, [block]);
    else beside.push(block);
    for (const [number, hash] of ancestors) this.#ancestors.set(number, hash);
    if (undo !== undefined) {
      this.flat.apply(changes);
      this.head = block;
      this.base ??= block;
    }
    this.#prune(pruning);
    this.#records.change(records);
  }

  move(steps: readonly HeadStep[], records: readonly RecordChange[]): WalkedStep[] {
    const walked = steps.map((step) => {
      const entry = this.#entry(step.block);
      const changes = entry.delta;
      entry.delta = invertChanges(changes, this.flat);
      this.flat.apply(changes);
      this.head = step.to;
      return { ...step, changes };
    });
    this.#records.change(records);
    return walked;
  }

  forget(gone: Pruning["beside"], records: readonly RecordChange[]): void {
    this.#prune({ onPath: [], beside: gone, forgotten: [] });
    this.#records.change(records);
  }

  async write(records: readonly RecordChange[]): Promise<void> {
    this.#records.change(records);
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}

  /** Blocks are asked for that were found here; since then one may have been given up. */
  #entry({ hash }: TreeBlock): Entry {
    const entry = this.#entries.get(bytesToHex(hash));
    if (entry === undefined) throw new UnknownBlockError(hash);
    return entry;
  }

  #prune({ onPath, beside, forgotten }: Pruning): void {
    // What the others gave to accounts lives on in the blocks on top of them.
    for (const { block } of beside) this.#codes.release(this.#entry(block).codes);
    for (const { block } of [...onPath, ...beside]) {
      this.#entries.delete(bytesToHex(block.hash));
      const rest = this.blocksAt(block.height).filter((other) => other !== block);
      if (rest.length > 0) this.#heights.set(block.height, rest);
      else this.#heights.delete(block.height);
    }
    for (const { block, child } of onPath) {
      this.#ancestors.set(block.number, block.hash);
      this.base = child;
    }
    for (const number of forgotten) this.#ancestors.delete(number);
  }
}
