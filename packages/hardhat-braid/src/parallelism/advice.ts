// What can be done about a variable that makes users wait.

import type { Pattern } from "./names.ts";

export interface Advice {
  /** What it is. */
  what: string;
  /** How such contracts are usually written instead. */
  rewrite: string;
  /** The page about it: a file of the package, and a heading in it. */
  page: string;
}

const PAGE = "hardhat-braid/docs/parallel-friendly-contracts.md";

const ADVICE: Record<Pattern, readonly [what: string, rewrite: string, section: string]> = {
  counter: [
    "a counter or a sum: every call adds something that does not depend on its value",
    "add to one of several shards, chosen by the account, and sum them up in a view; or leave it to the events",
    "counters-and-sums",
  ],
  tokens: [
    "the balance of an account that many pay into or out of",
    "keep the tokens at several addresses, chosen by the account; or let each user be paid out of an account of their own (pull payments)",
    "tokens-in-one-place",
  ],
  ether: [
    "the ether of a contract, whose amount is looked at",
    "count what belongs to whom in a mapping, and do not look at the contract's balance",
    "tokens-in-one-place",
  ],
  bits: [
    "a word of bits: 256 neighbours share it",
    "give each a slot of its own (a mapping to bool) where many set theirs at the same time",
    "bitmaps",
  ],
  list: [
    "a list that everybody appends to or takes from, or the number of what comes next",
    "use a mapping by an identifier that the user brings, instead of a list with a running number",
    "lists-and-running-numbers",
  ],
  creation: [
    "the number of contracts that a contract has created",
    "create with CREATE2 from several factories, or once for each user and not in the hot path",
    "lists-and-running-numbers",
  ],
  figure: [
    "a figure that each call computes from what the one before has left",
    "keep it per user, market or epoch; or change it at set times, and only read it in between",
    "figures-that-change-with-every-call",
  ],
};

export function adviceFor(pattern: Pattern): Advice {
  const [what, rewrite, section] = ADVICE[pattern];
  return { what, rewrite, page: `${PAGE}#${section}` };
}
