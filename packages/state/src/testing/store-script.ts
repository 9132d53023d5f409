// For tests: random lives of a store, and the same life of a model.
import { bytesToHex } from "@braid/primitives";
import fc from "fast-check";
import { expect } from "vitest";
import type { StateChanges, StateChangesParts } from "../state-changes.ts";
import type { StateSource } from "../state-source.ts";
import { ADDRESSES, addressOf, SLOTS, slotOf, stateChanges } from "./arbitrary-changes.ts";
import { type Model, modelAfter, modelAnswers, readAll } from "./model.ts";
import { checkProofs } from "./proofs.ts";
import { hashOf, type OpenStore } from "./stores.ts";

/** One thing that happens to a store. Blocks are picked among those that are kept, modulo their number. */
export type Step =
  | {
      kind: "block";
      parent: number;
      onHead: boolean;
      made: { parts: StateChangesParts; changes: StateChanges };
    }
  | { kind: "head"; block: number }
  | { kind: "forget"; block: number }
  | { kind: "records"; key: number; value: number }
  | { kind: "reopen" };

export const steps = (maxLength: number): fc.Arbitrary<Step[]> =>
  fc.array<Step>(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("block" as const),
          parent: fc.nat(),
          onHead: fc.boolean(),
          made: stateChanges,
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("head" as const), block: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const), block: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant("records" as const),
          key: fc.integer({ min: 1, max: 5 }),
          value: fc.nat({ max: 3 }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
    ),
    { maxLength },
  );

export interface ModelBlock {
  index: number;
  hash: Uint8Array;
  number: bigint;
  height: number;
  parent: ModelBlock | undefined;
  state: Model;
}

/** What a store should hold. */
export class StoreModel {
  readonly blocks: ModelBlock[] = [];
  readonly records = new Map<number, number>();
  readonly #keep: number;
  readonly #forgotten: ModelBlock[] = [];
  head: ModelBlock | undefined;
  #base: ModelBlock | undefined;

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** The blocks that are kept, oldest first. */
  get kept(): ModelBlock[] {
    return this.blocks.filter(
      (block) => isAncestor(this.#base, block) && !this.#forgotten.some((gone) => isAncestor(gone, block)),
    );
  }

  /** False when the head is among what would go. */
  forget(block: ModelBlock): boolean {
    if (isAncestor(block, this.head as ModelBlock)) return false;
    this.#forgotten.push(block);
    return true;
  }

  add(parent: ModelBlock | undefined, parts: Pick<StateChangesParts, "accounts">): ModelBlock {
    const index = this.blocks.length;
    const block: ModelBlock = {
      index,
      hash: hashOf(index),
      number: (parent?.number ?? 99n) + 1n,
      height: (parent?.height ?? -1) + 1,
      parent,
      state: modelAfter(parent?.state ?? new Map(), parts),
    };
    this.blocks.push(block);
    if (parent === this.head) {
      this.head = block;
      this.#base ??= block;
      let base = block;
      for (let i = 1; i < this.#keep && base.parent !== undefined; i++) base = base.parent;
      if (base.height > this.#base.height) this.#base = base;
    }
    return block;
  }
}

function isAncestor(base: ModelBlock | undefined, block: ModelBlock): boolean {
  let at: ModelBlock | undefined = block;
  while (at !== undefined && at !== base) at = at.parent;
  return at !== undefined;
}

/** Lives a script on a store and checks it after every step. Gives what should be there in the end. */
export async function liveScript(
  opened: OpenStore,
  keep: number,
  first: { parts: StateChangesParts; changes: StateChanges },
  script: readonly Step[],
): Promise<StoreModel> {
  const model = new StoreModel(keep);
  const genesis = model.add(undefined, first.parts);
  await opened.store.prepare(undefined, first.changes).commit(genesis, recordOf(7, genesis.index));
  model.records.set(7, genesis.index);
  for (const step of script) {
    await takeStep(opened, model, step);
    await check(opened, model, ALL_ANSWERS);
  }
  return model;
}

/** What a store's states are asked, and what they should answer. */
export interface Answers {
  found(state: StateSource): Promise<unknown>;
  expected(state: Model): unknown;
}

const ALL_ANSWERS: Answers = { found: readAll, expected: modelAnswers };

const recordOf = (key: number, value: number) => [
  { key: Uint8Array.of(key), value: value === 0 ? undefined : Uint8Array.of(value & 0xff, value >> 8) },
];

export async function takeStep(opened: OpenStore, model: StoreModel, step: Step): Promise<void> {
  const { store } = opened;
  const { kept } = model;
  if (step.kind === "block") {
    const parent = step.onHead ? (model.head as ModelBlock) : (kept[step.parent % kept.length] as ModelBlock);
    const prepared = store.prepare(parent.hash, step.made.changes);
    const block = model.add(parent, step.made.parts);
    await prepared.commit(block, recordOf(7, block.index));
    model.records.set(7, block.index);
  } else if (step.kind === "head") {
    model.head = kept[step.block % kept.length] as ModelBlock;
    await store.setHead(model.head.hash, recordOf(6, model.head.index));
    model.records.set(6, model.head.index);
  } else if (step.kind === "forget") {
    const block = kept[step.block % kept.length] as ModelBlock;
    const below = kept.filter((one) => isAncestor(block, one)).map(({ hash }) => bytesToHex(hash));
    expect(
      store
        .descendants(block.hash)
        .map(({ hash }) => bytesToHex(hash))
        .sort(),
    ).toEqual(below.sort());
    const forgetting = store.forget(block.hash, recordOf(5, block.index));
    if (model.forget(block)) {
      await forgetting;
      model.records.set(5, block.index);
    } else await expect(forgetting).rejects.toMatchObject({ code: "BRAID_BLOCK_IN_USE" });
  } else if (step.kind === "records") {
    await store.write(recordOf(step.key, step.value));
    model.records.set(step.key, step.value);
  } else await opened.reopen();
}

/** The store against the model: head, kept blocks and their states, block hashes, entries. */
export async function check(
  { store }: Pick<OpenStore, "store">,
  model: StoreModel,
  { found: read, expected: told }: Answers,
): Promise<void> {
  expect(store.head).toMatchObject({ hash: model.head?.hash, number: model.head?.number });
  const kept = new Set(model.kept);
  for (const block of model.blocks) {
    if (!kept.has(block)) {
      expect(store.block(block.hash)).toBeUndefined();
      expect(() => store.stateAt(block.hash)).toThrow(
        expect.objectContaining({ code: "BRAID_UNKNOWN_BLOCK" }),
      );
      continue;
    }
    const state = store.stateAt(block.hash);
    expect(await read(state)).toEqual(told(block.state));
    for (let ancestor: ModelBlock | undefined = block; ancestor !== undefined; ancestor = ancestor.parent)
      expect(state.getBlockHash(ancestor.number)).toEqual(ancestor.hash);
    for (const number of [block.number + 1n, 99n])
      expect(() => state.getBlockHash(number)).toThrow(
        expect.objectContaining({ code: "BRAID_MISSING_BLOCK_HASH" }),
      );
  }
  const expected = [...model.records].filter(([, value]) => value !== 0).sort(([a], [b]) => a - b);
  const found = [...store.records()].map(([key, value]) => [
    key[0],
    (value[0] ?? 0) | ((value[1] ?? 0) << 8),
  ]);
  expect(found).toEqual(expected);
  expect([...store.records({ reverse: true })].map(([key]) => key[0])).toEqual(
    expected.map(([key]) => key).reverse(),
  );
}

/** Roots and proofs of every kept block against @ethereumjs/mpt. */
export async function checkRootsAndProofs({ store }: OpenStore, model: StoreModel): Promise<void> {
  const addresses = Array.from({ length: ADDRESSES + 1 }, (_, i) => addressOf(i + 1));
  const slots = Array.from({ length: SLOTS + 1 }, (_, i) => slotOf(i));
  for (const block of model.kept) {
    const state = store.stateAt(block.hash);
    expect(bytesToHex(state.stateRoot)).toBe(bytesToHex(store.block(block.hash)?.stateRoot as Uint8Array));
    await checkProofs(state, block.state, addresses, slots);
  }
}
