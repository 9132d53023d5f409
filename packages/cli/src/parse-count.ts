// Workers, repetitions and other small counts on the command line.

import { InvalidArgumentError } from "commander";

export function parseCount(value: string): number {
  const count = Number(value);
  if (/^\d+$/.test(value) && count >= 1 && count <= 1000) return count;
  throw new InvalidArgumentError("It must be a whole number from 1 to 1000.");
}
