// `--max-file-size`, which every command that reads files has.
import { InvalidArgumentError, Option } from "commander";

/** Bytes. */
export const MIB = 2 ** 20;
/** As @braid/primitives has it; repeated here because `braid --help` loads nothing else. */
const DEFAULT_MIB = 256;
const MOST_MIB = 8192;

/** In MiB. */
export function maxFileSizeOption(): Option {
  return new Option(
    "--max-file-size <MiB>",
    "refuse files that have more, or would take more memory when they are unfolded",
  )
    .argParser(parseSize)
    .default(DEFAULT_MIB);
}

function parseSize(value: string): number {
  const size = Number(value);
  if (/^\d+$/.test(value) && size >= 1 && size <= MOST_MIB) return size;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_MIB}.`);
}
