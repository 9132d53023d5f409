// Compiles src/*.sol through Hardhat and keeps what the generators need in compiled.json, which is committed: making a
// chain and testing it then need no compiler. `node contracts/compile.ts` after each change of a contract.
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Hex } from "@braid/primitives";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import config from "../hardhat.config.ts";

/** Creation code and callable functions by contract name. */
export type CompiledContracts = Record<string, { creationCode: Hex; functions: string[] }>;

/** The contracts that are deployed by themselves; the abstract ones are part of them. */
const CONTRACTS = ["BatchWallet", "Pool", "PoolFactory", "Router", "Token", "WrappedEther"];

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUTPUT = fileURLToPath(new URL("compiled.json", import.meta.url));

/** Runs Hardhat's build task (cached in build/hardhat) and collects its artifacts. Throws when a contract does not compile. */
export async function compileContracts(): Promise<CompiledContracts> {
  const hardhat = await createHardhatRuntimeEnvironment(config, {}, ROOT);
  await hardhat.tasks.getTask("build").run({ quiet: true });
  const compiled: CompiledContracts = {};
  for (const name of CONTRACTS) {
    const { bytecode, abi } = await hardhat.artifacts.readArtifact(name);
    const functions = (abi as AbiEntry[]).filter((entry) => entry.type === "function").map(signatureOf);
    compiled[name] = { creationCode: bytecode as Hex, functions: functions.sort() };
  }
  return compiled;
}

/** The text of compiled.json. */
export function formatCompiled(compiled: CompiledContracts): string {
  return `${JSON.stringify(compiled, null, 2)}\n`;
}

interface AbiEntry {
  type: string;
  name: string;
  inputs: AbiParameter[];
}

interface AbiParameter {
  type: string;
  components?: AbiParameter[];
}

function signatureOf(entry: AbiEntry): string {
  return `${entry.name}${tupleOf(entry.inputs)}`;
}

/** A struct's type is "tuple" and its name nowhere: a selector is made of the fields' types. */
function tupleOf(parameters: AbiParameter[]): string {
  const types = parameters.map(({ type, components }) =>
    components === undefined ? type : type.replace("tuple", tupleOf(components)),
  );
  return `(${types.join(",")})`;
}

if (import.meta.main) await writeFile(OUTPUT, formatCompiled(await compileContracts()));
