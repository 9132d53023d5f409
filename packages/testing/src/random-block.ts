// For tests: random blocks over few accounts and few slots, so that nearly everything conflicts with something.

import { Random } from "@braid/primitives";
import { type FlatPreState, MemoryStateSource } from "@braid/state";
import { create2Address, createAddress, type KeyedAccount, keyed, plainAddress } from "./accounts.ts";
import { BlockBuilder, type Fork, type TestBlock } from "./block-builder.ts";
import { authorize, blobHash, type SignedAuthorization } from "./sign.ts";
import { cloneInit, TOOL, tool } from "./tool.ts";

const SENDERS = Array.from({ length: 7 }, (_, i) => keyed(i));
const AUTHORITIES = [20, 21].map(keyed);
const TOOLS = [1, 2, 3].map(plainAddress);
const FACTORY = TOOLS[0] as Uint8Array;
const INITS = [cloneInit(), cloneInit(7, 1, "SSTORE"), cloneInit(0, 1, "SSTORE", 5, 2, "SSTORE")];
const CHILDREN = INITS.flatMap((init) => [0, 1].map((salt) => create2Address(FACTORY, salt, init)));
const EYE = plainAddress(60);
const ONLOOKERS = [30, 31, 32].map(keyed);
const NOBODY = new Uint8Array(20);

/** One transaction to be: adds itself to a block. */
type Step = (block: BlockBuilder) => void;

/** The block of a seed, or of a selection of its transactions: then without those whose numbers are not in `only`. */
export async function randomBlock(
  fork: Fork,
  seed: number,
  only?: ReadonlySet<number>,
  gasLimit = 200_000_000n,
): Promise<TestBlock> {
  const random = new Random(seed);
  const coinbase = random.pick([
    plainAddress(9),
    (SENDERS[0] as KeyedAccount).address,
    TOOLS[1] as Uint8Array,
    CHILDREN[0] as Uint8Array,
  ]);
  const block = new BlockBuilder(fork, { coinbase, gasLimit });
  const world = new World(random, block, coinbase);
  world.fill();
  const steps = Array.from({ length: 20 + random.below(41) }, () => world.step());
  for (const [i, step] of steps.entries()) if (only === undefined || only.has(i)) step(block);
  return block.build();
}

/**
 * One more random block, on the state that `nonceOf` and `flat` tell of, which came of `randomBlock`'s accounts. `more` appends further
 * transactions.
 */
export async function randomBlockOn(
  fork: Fork,
  seed: number,
  flat: FlatPreState,
  more: (block: BlockBuilder) => void,
): Promise<TestBlock> {
  const random = new Random(seed);
  const coinbase = random.pick([plainAddress(9), TOOLS[1] as Uint8Array]);
  const block = new BlockBuilder(fork, { coinbase, gasLimit: 200_000_000n });
  // The builder counts nonces up from these; the accounts themselves are those of `flat`.
  for (const { address, account } of flat.accounts)
    if (account !== undefined) block.account(address, { nonce: account.nonce });
  const world = new World(random, block, coinbase);
  for (let i = 10 + random.below(20); i > 0; i--) world.step()(block);
  more(block);
  const built = await block.build();
  const { blockHashes } = built;
  return { ...built, pre: flat, source: () => MemoryStateSource.fromFlat({ ...flat, blockHashes }) };
}

/** A block that looks at everything that `randomBlock` can have changed: slots, balances, codes. Its own state before it does not count. */
export async function lookingBlock(fork: Fork): Promise<TestBlock> {
  const block = new BlockBuilder(fork);
  const eye = block.contract(EYE, TOOL);
  block.fund(...ONLOOKERS);
  const everybody = [...[...SENDERS, ...AUTHORITIES].map(({ address }) => address), ...TOOLS, ...CHILDREN];
  for (const [i, address] of [
    ...everybody,
    plainAddress(9),
    plainAddress(50),
    plainAddress(51),
    createAddress(FACTORY, 1),
  ].entries()) {
    const from = ONLOOKERS[i % ONLOOKERS.length] as KeyedAccount;
    block.send({ from, to: eye, data: tool.balance(address), gasLimit: 100_000 });
    block.send({ from, to: eye, data: tool.codeSize(address), gasLimit: 100_000 });
    for (let slot = 0; slot < 5; slot++)
      block.send({ from, to: address, data: tool.load(slot), gasLimit: 100_000 });
  }
  return block.build();
}

/** Removes transactions from a failing block for as long as it fails; gives the numbers of those that are left. */
export async function shrink(
  count: number,
  fails: (only: ReadonlySet<number>) => Promise<boolean>,
): Promise<Set<number>> {
  let left = new Set(Array.from({ length: count }, (_, i) => i));
  for (let size = Math.ceil(count / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (const start of [...left].filter((_, i) => i % size === 0)) {
      const cut = new Set([...left].filter((i) => i < start || i >= start + size));
      if (cut.size < left.size && (await fails(cut))) left = cut;
    }
  }
  return left;
}

class World {
  readonly #random: Random;
  readonly #block: BlockBuilder;
  readonly #addresses: Uint8Array[];
  #blobs = 0;

  constructor(random: Random, block: BlockBuilder, coinbase: Uint8Array) {
    this.#random = random;
    this.#block = block;
    const keys = [...SENDERS, ...AUTHORITIES].map(({ address }) => address);
    this.#addresses = [
      ...keys,
      ...TOOLS,
      ...CHILDREN,
      coinbase,
      plainAddress(50),
      plainAddress(51),
      createAddress(FACTORY, 1),
    ];
  }

  fill(): void {
    const random = this.#random;
    this.#block.fund(...SENDERS, ...AUTHORITIES, ...ONLOOKERS);
    this.#block.contract(EYE, TOOL);
    const storage = (): [number, number][] =>
      Array.from({ length: 5 }, (_, slot): [number, number] => [slot, random.below(3)]);
    for (const address of TOOLS)
      this.#block.contract(address, TOOL, { balance: BigInt(random.below(50)), storage: storage() });
    for (const address of CHILDREN)
      if (random.chance(40))
        this.#block.contract(address, TOOL, { balance: BigInt(random.below(3)), storage: storage() });
    if (random.chance(50)) this.#block.account(plainAddress(50), {});
  }

  step(): Step {
    const random = this.#random;
    const from = random.pick(SENDERS);
    if (this.#block.since("prague") && random.chance(12)) return this.#delegation(from);
    if (random.chance(15)) {
      const [to, value] = [random.pick(this.#addresses), random.below(4)];
      return (block) => block.send({ from, to, value, gasLimit: 400_000 });
    }
    if (random.chance(5)) {
      const [data, value] = [random.pick(INITS), random.below(3)];
      return (block) => block.send({ from, data, value, gasLimit: 1_000_000 });
    }
    // Authorities never create: their nonces must be known beforehand.
    const sender = random.chance(10) ? random.pick(AUTHORITIES) : from;
    const to = random.pick([...TOOLS, ...TOOLS, ...CHILDREN, ...AUTHORITIES.map(({ address }) => address)]);
    const action = to === FACTORY && random.chance(35) ? this.#creation() : this.#action(2);
    const data = random.chance(20) ? tool.slowly(100 + random.below(400), action) : action;
    const [value, fields] = [random.chance(20) ? random.below(5) : 0, this.#fields()];
    return (block) => block.send({ from: sender, to, data, value, gasLimit: 1_200_000, ...fields });
  }

  /** Type and fees, as far as the fork has them. */
  #fields(): Partial<Parameters<BlockBuilder["send"]>[0]> {
    const random = this.#random;
    const types = [
      0,
      ...(this.#block.since("berlin") ? [1] : []),
      ...(this.#block.since("london") ? [2] : []),
      ...(this.#block.since("cancun") ? [3] : []),
    ];
    const type = random.pick(types) as 0 | 1 | 2 | 3;
    const price = BigInt(this.#block.since("london") ? 7 + random.below(20) : random.below(20));
    const accessList: [Uint8Array, Uint8Array[]][] =
      type === 0 || random.chance(50) ? [] : [[random.pick(TOOLS), [new Uint8Array(32)]]];
    // Fewer than the six that a block of Cancun may have.
    if (type === 3 && this.#blobs++ >= 5) return { type: 2, maxFeePerGas: price, accessList };
    return {
      type,
      maxFeePerGas: price,
      accessList,
      ...(type === 3 ? { blobVersionedHashes: [blobHash(random.below(5))] } : {}),
    };
  }

  #delegation(from: KeyedAccount): Step {
    const random = this.#random;
    const moves = Array.from({ length: 1 + random.below(2) }, () => ({
      authority: random.pick([...AUTHORITIES, from]),
      target: random.pick([...TOOLS, NOBODY, plainAddress(51)]),
      holds: random.chance(85),
    }));
    const [to, data] = [random.pick(TOOLS), this.#action(1)];
    return (block) => {
      const own = block.nextNonce(from);
      const authorizations: SignedAuthorization[] = [];
      const used = new Map<KeyedAccount, bigint>([[from, own + 1n]]);
      for (const { authority, target, holds } of moves) {
        const nonce = used.get(authority) ?? block.nextNonce(authority);
        authorizations.push(authorize(authority, target, holds ? nonce : nonce + 3n));
        if (holds) used.set(authority, nonce + 1n);
      }
      block.send({ from, type: 4, to, data, authorizations, gasLimit: 1_200_000 });
      for (const [authority, nonce] of used)
        while (block.nextNonce(authority) < nonce) block.skipNonce(authority.address);
    };
  }

  #creation(): Uint8Array {
    const random = this.#random;
    return random.chance(70)
      ? tool.create2(random.below(2), random.below(2), random.pick(INITS))
      : tool.create(random.below(2), random.pick(INITS));
  }

  /** Call data that creates nothing. */
  #action(depth: number): Uint8Array {
    const random = this.#random;
    const slot = (): number => random.below(5);
    const address = (): Uint8Array => random.pick(this.#addresses);
    const callee = (): Uint8Array =>
      random.pick([...TOOLS, ...CHILDREN, ...AUTHORITIES.map((one) => one.address)]);
    const kinds: (() => Uint8Array)[] = [
      () => tool.store(slot(), random.below(3)),
      () => tool.load(slot()),
      () => tool.increment(slot()),
      () => tool.transient(slot(), random.below(3)),
      () => tool.derive(slot(), slot(), random.below(2)),
      () => tool.storeIf(slot(), slot(), random.below(3)),
      () => tool.destroy(address()),
      () => tool.balance(address()),
      () => tool.pay(address(), random.below(30)),
      () => tool.storeAndRevert(slot(), random.below(3)),
      () => tool.loadAndFail(slot()),
      () => tool.loadTwice(slot(), 1 + random.below(100)),
      () => tool.codeHash(address()),
      () => tool.codeSize(address()),
      () => tool.blockHash(700 + random.below(310)),
    ];
    if (depth > 0 && random.chance(25)) {
      const then = this.#action(depth - 1);
      return random.chance(60)
        ? tool.call(callee(), then, random.chance(20) ? 30_000 : 0)
        : tool.delegate(callee(), then);
    }
    return random.pick(kinds)();
  }
}
