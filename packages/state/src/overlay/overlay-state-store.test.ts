// A store over a state that lies elsewhere, against a model of plain maps: whatever is known of the other state, and whenever it answers.
import { bytesToHex } from "@braid/primitives";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { MissingBlockHashError } from "../errors.ts";
import { keccak256 } from "../keccak.ts";
import { type AccountChange, NO_ACCOUNT_CHANGE, type StateChanges } from "../state-changes.ts";
import { stateChangesOf } from "../state-changes-writer.ts";
import type { SourceAccount, StateSource } from "../state-source.ts";
import { addressOf, CODE, CODE_HASH, slotOf, stateChanges } from "../testing/arbitrary-changes.ts";
import { type Model, modelAfter, modelAnswers, readAll } from "../testing/model.ts";
import { type Answers, check, StoreModel, steps, takeStep } from "../testing/store-script.ts";
import { hashOf } from "../testing/stores.ts";
import { OverlayStateStore } from "./overlay-state-store.ts";

const ROOT = keccak256(Uint8Array.of(1));

/** A model's state, of which some answers come at once and some later. */
function sourceOf(model: Model, isLate: () => boolean): StateSource {
  const answer = <T>(value: T): T | Promise<T> => (isLate() ? Promise.resolve(value) : value);
  const storageOf = (address: Uint8Array) => model.get(bytesToHex(address))?.storage;
  return {
    getAccount(address): SourceAccount | undefined | Promise<SourceAccount | undefined> {
      const account = model.get(bytesToHex(address));
      if (account === undefined) return answer(undefined);
      const { nonce, balance, codeHash, storage } = account;
      return answer({ nonce, balance, codeHash, hasStorage: storage.size > 0 });
    },
    getStorage: (address, slot) => answer(storageOf(address)?.get(bytesToHex(slot)) ?? 0n),
    getCode: () => answer(CODE),
    getBlockHash(number) {
      throw new MissingBlockHashError(number);
    },
  };
}

type Answered = Record<string, SourceAccount | bigint | undefined>;

/** Nobody can tell that the last slot of a storage that lies elsewhere was emptied: `hasStorage` is left to a test of its own. */
const withoutHasStorage = (answers: Answered): unknown =>
  Object.fromEntries(
    Object.entries(answers).map(([key, value]) => {
      if (typeof value !== "object") return [key, value];
      const { hasStorage: _, ...account } = value;
      return [key, account];
    }),
  );

const ANSWERS: Answers = {
  found: async (state) => withoutHasStorage((await readAll(state)) as Answered),
  expected: (model) => withoutHasStorage(modelAnswers(model) as Answered),
};

const runs = Number(process.env.BRAID_ROUNDS ?? 60);

it("answers for every kept block as a model does, and forgets what it is told to", async () => {
  const property = fc.asyncProperty(stateChanges, steps(12), fc.nat(), async (first, script, lateness) => {
    const model = new StoreModel(Number.POSITIVE_INFINITY);
    const genesis = model.add(undefined, first.parts);
    let calls = lateness;
    const source = sourceOf(genesis.state, () => (++calls * 2_654_435_761) % 3 === 0);
    const store = new OverlayStateStore(source, {
      hash: genesis.hash,
      number: genesis.number,
      stateRoot: ROOT,
    });
    const opened = { store, reopen: async () => store, remove: async () => {} };
    for (const step of script) {
      await takeStep(opened, model, step);
      await check(opened, model, ANSWERS);
    }
    for (const block of model.kept) {
      const found = (await readAll(store.stateAt(block.hash))) as Answered;
      for (const [key, told] of Object.entries(modelAnswers(block.state) as Answered))
        if (typeof told === "object" && told.hasStorage)
          expect(found[key]).toMatchObject({ hasStorage: true });
    }
  });
  await fc.assert(property, { numRuns: runs });
}, 3_600_000);

it("tells the changes from where the head was, as long as blocks follow one another", async () => {
  const property = fc.asyncProperty(
    stateChanges,
    fc.array(stateChanges, { maxLength: 6 }),
    async (first, blocks) => {
      let state = modelAfter(new Map(), first.parts);
      const store = new OverlayStateStore(
        sourceOf(state, () => false),
        { hash: hashOf(0), number: 0n, stateRoot: ROOT },
      );
      for (const [i, { changes }] of blocks.entries()) {
        const before = store.head.stateRoot;
        await store.prepare(hashOf(i), changes).commit({ hash: hashOf(i + 1), number: BigInt(i + 1) });
        const source = store.stateAt(hashOf(i + 1));
        const way = source.changesSince?.(before);
        if (bytesToHex(before) !== bytesToHex(source.stateRoot)) expect(way).toBeDefined();
        for (const one of way ?? []) state = modelAfter(state, one);
        expect(withoutHasStorage((await readAll(source)) as Answered)).toEqual(
          withoutHasStorage(modelAnswers(state) as Answered),
        );
      }
    },
  );
  await fc.assert(property, { numRuns: runs });
}, 3_600_000);

const changesTo = (change: Partial<AccountChange>, n = 1): StateChanges =>
  stateChangesOf({
    accounts: new Map([[bytesToHex(addressOf(n)), { ...NO_ACCOUNT_CHANGE, ...change }]]),
    codes: new Map([[bytesToHex(CODE_HASH), CODE]]),
  });

it("has a root for each content, whatever way led to it", async () => {
  const store = new OverlayStateStore(
    sourceOf(new Map(), () => true),
    { hash: hashOf(0), number: 0n, stateRoot: ROOT },
  );
  expect(store.stateAt(hashOf(0)).stateRoot).toEqual(ROOT);
  expect(store.prepare(hashOf(0), stateChangesOf({})).root).toEqual(ROOT);
  const rich = store.prepare(hashOf(0), changesTo({ balance: 5n }));
  const richer = store.prepare(hashOf(0), changesTo({ balance: 6n }));
  expect(rich.root).not.toEqual(richer.root);
  await richer.commit({ hash: hashOf(1), number: 1n });
  expect(store.prepare(hashOf(1), changesTo({ balance: 5n })).root).toEqual(rich.root);
});

it("asks for the same once, while it waits for it and after, and again when that has failed", async () => {
  let fails = true;
  const getAccount = vi.fn(async () => {
    if (fails) throw new Error("not now");
    return undefined;
  });
  const source = { ...sourceOf(new Map(), () => true), getAccount };
  const store = new OverlayStateStore(source, { hash: hashOf(0), number: 0n, stateRoot: ROOT });
  const read = () => store.stateAt(hashOf(0)).getAccount(addressOf(1));
  await expect(Promise.allSettled([read(), read()])).resolves.toMatchObject([
    { status: "rejected" },
    { status: "rejected" },
  ]);
  expect(getAccount).toHaveBeenCalledTimes(1);
  fails = false;
  expect(await Promise.all([read(), read()])).toEqual([undefined, undefined]);
  expect(read()).toBeUndefined();
  expect(getAccount).toHaveBeenCalledTimes(2);
  const answers = await store
    .stateAt(hashOf(0))
    .getMany?.([{ address: addressOf(1) }, { address: addressOf(2), slot: slotOf(0) }]);
  expect(answers).toEqual([
    { status: "fulfilled", value: undefined },
    { status: "fulfilled", value: 0n },
  ]);
});

it("keeps a code as long as a block needs it", async () => {
  const source: StateSource = {
    ...sourceOf(new Map(), () => true),
    getCode: async () => Uint8Array.of(0),
  };
  const store = new OverlayStateStore(source, { hash: hashOf(0), number: 0n, stateRoot: ROOT });
  const withCode = changesTo({ codeHash: CODE_HASH });
  await store.prepare(hashOf(0), withCode).commit({ hash: hashOf(1), number: 1n });
  await store.setHead(hashOf(0));
  await store.prepare(hashOf(0), withCode).commit({ hash: hashOf(2), number: 1n });
  await store.forget(hashOf(1));
  expect(await store.stateAt(hashOf(2)).getCode(CODE_HASH)).toEqual(CODE);
  await store.setHead(hashOf(0));
  await store.forget(hashOf(2));
  expect(await store.stateAt(hashOf(0)).getCode(CODE_HASH)).toEqual(Uint8Array.of(0));
});

it("proves nothing, and has one first block", () => {
  const store = new OverlayStateStore(
    sourceOf(new Map(), () => true),
    { hash: hashOf(0), number: 0n, stateRoot: ROOT },
  );
  expect(() => store.stateAt(hashOf(0)).prove(addressOf(1), [])).toThrow(
    expect.objectContaining({ code: "BRAID_STATE_UNPROVABLE" }),
  );
  expect(() => store.prepare(undefined, stateChangesOf({}))).toThrow(
    expect.objectContaining({ code: "BRAID_KNOWN_BLOCK" }),
  );
});
