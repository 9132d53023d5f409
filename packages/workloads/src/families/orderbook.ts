// Order books: one that matches on the chain, and one whose orders are signed off it.
import { ETHER } from "../chain/genesis.ts";
import { signHash } from "../chain/sign-transaction.ts";
import type { AbiValue } from "../contracts/abi.ts";
import type { Action } from "../traffic/traffic.ts";
import { LATER, type World } from "../world.ts";
import { BOTH, type Family } from "./family.ts";

const LOT = 10n ** 15n;
const UNIT = 10n ** 12n;
const MIDDLE = 1_000;
const ANYBODY = new Uint8Array(20);

export const ORDERBOOK_FAMILY: Family = {
  name: "orderbook",
  description:
    "limit orders that are matched on the chain; in the parallel form orders signed off it and filled",
  variants: BOTH,
  setUp: (world, variant) => (variant === "parallel" ? signedOrders(world) : matchedOrders(world)),
};

async function matchedOrders(world: World): Promise<Action[]> {
  const books = world.each((index) => {
    const [base, quote] = [world.createToken(`B${index}`), world.createToken(`Q${index}`)];
    const book = world.create("OrderBook", base.address, quote.address, LOT, UNIT);
    for (const token of [base, quote]) {
      world.allow(token, book);
      for (const from of world.users)
        world.send(book.call("deposit", token.address, 100_000n * ETHER), { from });
    }
    return { book, base, quote };
  });
  await world.settle();
  return [
    {
      name: "place",
      weight: 10,
      run(traffic, sender) {
        const { random } = traffic;
        const isBid = random.chance(50);
        const away = random.between(-3, 12);
        const tick = isBid ? MIDDLE - away : MIDDLE + away;
        const force = random.weighted([
          [70, 0],
          [20, 1],
          [10, 2],
        ]);
        traffic.send(
          sender,
          traffic.popular(books).book.call("place", isBid, tick, random.between(1, 50), force),
        );
      },
    },
    {
      name: "cancel",
      weight: 1,
      run(traffic, sender) {
        traffic.send(sender, traffic.popular(books).book.call("cancel", traffic.random.between(1, 200)));
      },
    },
    {
      name: "deposit or withdraw",
      weight: 1,
      run(traffic, sender) {
        const { book, base, quote } = traffic.popular(books);
        const token = traffic.random.pick([base, quote]).address;
        const amount = traffic.random.tokens(1, 10);
        if (traffic.random.chance(50)) traffic.send(sender, book.call("deposit", token, amount));
        else traffic.send(sender, book.call("withdraw", token, amount, sender.address));
      },
    },
  ];
}

async function signedOrders(world: World): Promise<Action[]> {
  const book = world.create("SignedOrderBook");
  const pairs = world.each(
    (index) => [world.createToken(`B${index}`), world.createToken(`Q${index}`)] as const,
  );
  for (const pair of pairs) for (const token of pair) world.allow(token, book);
  await world.settle();
  let nonce = 0n;
  /** Who asks for what, and its signature. */
  const order = async (
    maker: World["deployer"],
    amounts: readonly bigint[],
    tokens: readonly Uint8Array[],
  ): Promise<[AbiValue, Uint8Array]> => {
    const fields: AbiValue = [maker.address, ...tokens, ...amounts, ANYBODY, nonce++, LATER];
    return [fields, signHash(await world.view(book, "hashOf", fields), maker)];
  };
  return [
    {
      name: "fill",
      weight: 10,
      async run(traffic, sender) {
        const { random } = traffic;
        const tokens = traffic.popular(pairs).map(({ address }) => address);
        const [gives, wants] = [random.tokens(1, 100), random.tokens(1, 100)];
        const [fields, signature] = await order(traffic.peerOf(sender), [gives, wants], tokens);
        const minimum = traffic.takesFailure() ? gives * 2n : 0n;
        traffic.send(
          sender,
          book.call("fill", fields, signature, wants / BigInt(random.between(1, 3)), minimum),
        );
      },
    },
    {
      name: "match two",
      weight: 4,
      async run(traffic, sender) {
        const { random } = traffic;
        const [base, quote] = traffic.popular(pairs).map(({ address }) => address) as [
          Uint8Array,
          Uint8Array,
        ];
        const amount = random.tokens(1, 100);
        const seller = await order(traffic.peerOf(sender), [amount, amount], [base, quote]);
        const buyer = await order(traffic.peerOf(sender), [amount + amount / 100n, amount], [quote, base]);
        traffic.send(sender, book.call("fillEachOther", ...seller, ...buyer));
      },
    },
    {
      name: "cancel",
      weight: 1,
      run(traffic, sender) {
        traffic.send(
          sender,
          book.call("cancel", traffic.random.below(4), 1n << BigInt(traffic.random.below(256))),
        );
      },
    },
  ];
}
