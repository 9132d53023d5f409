// The difficulty of ethash blocks (Yellow Paper section 4.4.4; EIP-2, EIP-100, and the EIPs that delay the bomb).

import { equalBytes } from "@braid/primitives";
import type { ForkRules } from "../chain/rules.ts";
import { NO_UNCLES_HASH } from "./create-header.ts";
import type { Header } from "./header.ts";

const MIN_DIFFICULTY = 131_072n;
const BOUND_DIVISOR = 2_048n;
const FRONTIER_SECONDS = 13n;
const HOMESTEAD_SECONDS = 10n;
const BYZANTIUM_SECONDS = 9n;
const LEAST_ADJUSTMENT = -99n;
const BOMB_PERIOD = 100_000n;
/** No header can have a difficulty of 2^256: beyond it the exact number does not matter. */
const MAX_BOMB_EXPONENT = 256n;

/** The difficulty that a block must have; `rules` are the block's. */
export function ethashDifficulty(
  { number, timestamp }: Pick<Header, "number" | "timestamp">,
  parent: Pick<Header, "difficulty" | "timestamp" | "unclesHash">,
  rules: Pick<ForkRules, "homestead" | "byzantium" | "difficultyBombDelay">,
): bigint {
  const step = parent.difficulty / BOUND_DIVISOR;
  let difficulty = parent.difficulty + step * adjustment(timestamp - parent.timestamp, parent, rules);
  const counted = number - rules.difficultyBombDelay;
  const exponent = (counted > 0n ? counted : 0n) / BOMB_PERIOD - 2n;
  if (exponent >= 0n) difficulty += 1n << (exponent < MAX_BOMB_EXPONENT ? exponent : MAX_BOMB_EXPONENT);
  return difficulty > MIN_DIFFICULTY ? difficulty : MIN_DIFFICULTY;
}

function adjustment(
  seconds: bigint,
  parent: Pick<Header, "unclesHash">,
  { homestead, byzantium }: Pick<ForkRules, "homestead" | "byzantium">,
): bigint {
  if (!homestead) return seconds < FRONTIER_SECONDS ? 1n : -1n;
  const base = byzantium && !equalBytes(parent.unclesHash, NO_UNCLES_HASH) ? 2n : 1n;
  const found = base - seconds / (byzantium ? BYZANTIUM_SECONDS : HOMESTEAD_SECONDS);
  return found > LEAST_ADJUSTMENT ? found : LEAST_ADJUSTMENT;
}
