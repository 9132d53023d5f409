// `--limit name=number`, as often as wanted: what clients of a node may ask for. Which names there are is known to what they limit.

import { InvalidArgumentError, Option } from "commander";

/** Numbers by the limits' names. */
export type Limits = Readonly<Record<string, number>>;

export function limitOption(): Option {
  return new Option(
    "--limit <name=number>",
    "what clients may ask for, such as batchLength=100; several times for several limits",
  )
    .argParser(parseLimit)
    .default({}, "the README of @braid/cli has them all");
}

function parseLimit(text: string, before: Limits): Limits {
  const [, name, value] = /^([a-z]+)=([1-9]\d{0,14})$/i.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("It must be a name, = and a number above 0.");
  return { ...before, [name]: Number(value) };
}
