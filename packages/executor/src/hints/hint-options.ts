// Which kinds of hints a block is run with.

import type { HintOptions } from "../block/block-input.ts";

const ALL_HINTS: HintOptions = { accessLists: true, blockAccessList: true, facts: true, learned: true };
const NO_HINTS: HintOptions = { accessLists: false, blockAccessList: false, facts: false, learned: false };

/** The options that `hints` stands for. */
export function hintOptions(hints: boolean | Partial<HintOptions> | undefined): HintOptions {
  if (hints === undefined || hints === true) return ALL_HINTS;
  return hints === false ? NO_HINTS : { ...ALL_HINTS, ...hints };
}
