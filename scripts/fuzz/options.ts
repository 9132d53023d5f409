// What `pnpm fuzz` was asked for.

import { parseArgs } from "node:util";

export interface FuzzOptions {
  seconds: number;
  /** The first seed. */
  seed: number;
  processes: number;
  /** Which of the processes this is; undefined: the one that starts them. */
  part: number | undefined;
  /** Count what the cases reach instead of comparing engines. */
  coverage: boolean;
}

export function fuzzOptions(args: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "60" },
      minutes: { type: "string" },
      seed: { type: "string", default: "1" },
      processes: { type: "string", default: "1" },
      part: { type: "string" },
      coverage: { type: "boolean", default: false },
    },
  });
  const number = (text: string): number => {
    const value = Number(text);
    if (Number.isFinite(value) && value >= 0) return value;
    throw new RangeError(`${text} is no number of seconds, minutes, seeds or processes`);
  };
  return {
    seconds: values.minutes === undefined ? number(values.seconds) : 60 * number(values.minutes),
    seed: number(values.seed),
    processes: Math.max(1, number(values.processes)),
    part: values.part === undefined ? undefined : number(values.part),
    coverage: values.coverage,
  };
}
