// Is an object a block?

import type { Chain } from "../chain/chain.ts";
import { checkHeaderFields, type Header, malformedBlock } from "../header/header.ts";
import type { Block } from "./block.ts";
import type { Withdrawal } from "./withdrawal.ts";

/**
 * Checks that a block which came as an object is one: that header and body have the parts of its fork, each of its type. What a type says
 * and no compiler has checked, and fields of another fork, show here and not somewhere in the middle.
 *
 * @throws InvalidBlockError BRAID_BLOCK_MALFORMED, `data.field` names the field.
 */
export function checkBlock(block: Block, chain: Chain): void {
  const header: unknown = block.header;
  if (typeof header !== "object" || header === null) throw malformedBlock("it has no header", "header");
  const rules = chain.rulesAt(block.header);
  checkHeaderFields(block.header, rules);
  const transactions = arrayOf<unknown>(block.transactions, "transactions");
  transactions.forEach((raw, i) => {
    if (!(raw instanceof Uint8Array))
      throw malformedBlock(`transaction ${i} is not a Uint8Array`, `transactions[${i}]`);
  });
  for (const uncle of arrayOf<Header>(block.uncles, "uncles")) checkHeaderFields(uncle, chain.rulesAt(uncle));
  if (!rules.eip4895) {
    if ((block.withdrawals ?? []).length > 0)
      throw malformedBlock(`it has withdrawals, which a block of ${rules.fork} does not have`, "withdrawals");
    return;
  }
  arrayOf<Withdrawal>(block.withdrawals, "withdrawals").forEach((withdrawal, i) => {
    const { index, validatorIndex, address, amount } = withdrawal;
    const numbers: unknown[] = [index, validatorIndex, amount];
    const fits = numbers.every((value) => typeof value === "bigint" && value >= 0n && value < 1n << 64n);
    if (!fits || !(address instanceof Uint8Array) || address.length !== 20)
      throw malformedBlock(`withdrawal ${i} is none`, `withdrawals[${i}]`);
  });
}

function arrayOf<T>(value: readonly T[] | undefined, name: string): readonly T[] {
  if (!Array.isArray(value)) throw malformedBlock(`its ${name} are not an array`, name);
  return value;
}
