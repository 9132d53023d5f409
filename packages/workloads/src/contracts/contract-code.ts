// The compiled contracts by name, and where their variables lie.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { word } from "./abi.ts";
import { COMPILED, type CompiledContract, type CompiledFamily } from "./compiled-contract.ts";

/** The families in the order of their names, each with its contracts by name. PERF: the first call reads and parses all of compiled/. */
export function contractFamilies(): ReadonlyMap<string, CompiledFamily> {
  families ??= new Map(
    readdirSync(COMPILED)
      .sort()
      .map((file) => [
        file.slice(0, -".json".length),
        JSON.parse(readFileSync(join(COMPILED, file), "utf8")),
      ]),
  );
  return families;
}

let families: ReadonlyMap<string, CompiledFamily> | undefined;

/** The contract of that name; no two families share one. Throws a RangeError when there is none. */
export function compiledContract(name: string): CompiledContract {
  for (const contracts of contractFamilies().values()) {
    const found = contracts[name];
    if (found !== undefined) return found;
  }
  throw new RangeError(`no contract ${name} in ${COMPILED}`);
}

/** The slot of a state variable, as 32 bytes. Throws when the contract has no such variable. */
export function slotOf(contract: string, variable: string): Uint8Array {
  const found = compiledContract(contract).storage.find(({ label }) => label === variable);
  if (found === undefined) throw new RangeError(`${contract} has no variable ${variable}`);
  return word(BigInt(found.slot));
}
