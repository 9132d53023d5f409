// EIP-2930 lists as transactions bring them: of what they touch, of something near it, or of nothing that matters.
import type { AccessList } from "../chain/sign-transaction.ts";
import type { TextRandom } from "../chain/text-random.ts";

/** How many transactions bring a list of each kind, in percent. */
export interface AccessListShares {
  /** All that the transaction touches in this place of the block. */
  right: number;
  /** Some of it, and beside it what it does not touch. */
  partlyWrong: number;
  /** Nothing that it touches. */
  useless: number;
}

/** The list that a transaction brings which touches what `exact` says; undefined for none. */
export function chooseAccessList(
  random: TextRandom,
  { right, partlyWrong, useless }: AccessListShares,
  exact: AccessList,
): AccessList | undefined {
  const kind = random.weighted([
    [right, "right"],
    [partlyWrong, "partly wrong"],
    [useless, "useless"],
    [Math.max(0, 100 - right - partlyWrong - useless), "none"],
  ] as const);
  if (kind === "right") return exact;
  if (kind === "partly wrong")
    return exact
      .filter(() => random.chance(80))
      .map(([address, slots]) => [address, [...slots.filter(() => random.chance(60)), random.bytes(32)]]);
  if (kind === "useless")
    return Array.from({ length: random.between(1, 3) }, () => [
      random.bytes(20),
      Array.from({ length: random.between(0, 4) }, () => random.bytes(32)),
    ]);
  return undefined;
}

/** 2,400 gas an address and 1,900 a slot; the warm accesses that they buy are not counted against it. */
export function accessListGas(list: AccessList): bigint {
  return list.reduce((sum, [, slots]) => sum + 2_400n + 1_900n * BigInt(slots.length), 0n);
}
