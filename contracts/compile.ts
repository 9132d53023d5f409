// Compiles src/ through Hardhat and keeps what generators and reports need in packages/workloads/compiled, which is committed: making a
// chain and testing it then need no compiler. `node contracts/compile.ts` after each change of a contract.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Hex } from "@braid/primitives";
import {
  type AbiEntry,
  type AbiParameter,
  COMPILED,
  type CompiledContract,
  type CompiledFamily,
  type StorageType,
  type StorageVariable,
} from "@braid/workloads";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** `<folder of src>/<file>:<contract>` is the rest of a contract's full name. */
const SOURCES = "contracts/src/";

/** Runs Hardhat's build task (cached in build/hardhat) and collects what it made, by family. Throws when a contract does not compile. */
export async function compileContracts(): Promise<Map<string, CompiledFamily>> {
  const { createHardhatRuntimeEnvironment } = await import("hardhat/hre");
  const { default: config } = await import("../hardhat.config.ts");
  const hardhat = await createHardhatRuntimeEnvironment(config, {}, ROOT);
  await hardhat.tasks.getTask("build").run({ quiet: true });
  const families = new Map<string, CompiledFamily>();
  const layouts = new Layouts(hardhat);
  for (const fullName of [...(await hardhat.artifacts.getAllFullyQualifiedNames())].sort()) {
    const family = fullName.slice(SOURCES.length).split("/")[0];
    if (!fullName.startsWith(SOURCES) || family === undefined) continue;
    const { bytecode, abi, contractName } = await hardhat.artifacts.readArtifact(fullName);
    // Interfaces and abstract contracts have none. What only tests deploy is no family.
    if (bytecode === "0x" || family === "test") continue;
    const contracts = families.get(family) ?? {};
    families.set(family, contracts);
    contracts[contractName] = {
      creationCode: bytecode as Hex,
      abi: (abi as AbiEntry[]).map(withoutInternalTypes),
      ...(await layouts.of(fullName)),
    };
  }
  return families;
}

/** The text of compiled/<family>.json: one line for each thing that can change by itself. */
export function formatFamily(family: CompiledFamily): string {
  const contracts = Object.entries(family).map(([name, { creationCode, abi, storage, types }]) => {
    const list = (items: unknown[]) => items.map((item) => `\n      ${JSON.stringify(item)}`).join(",");
    const typeLines = Object.entries(types).map(
      ([type, shape]) => `\n      ${JSON.stringify(type)}: ${JSON.stringify(shape)}`,
    );
    return [
      `  ${JSON.stringify(name)}: {`,
      `    "abi": [${list(abi)}],`,
      `    "storage": [${list(storage)}],`,
      `    "types": {${typeLines.join(",")}},`,
      `    "creationCode": ${JSON.stringify(creationCode)}`,
      "  }",
    ].join("\n");
  });
  return `{\n${contracts.join(",\n")}\n}\n`;
}

type Layout = Pick<CompiledContract, "storage" | "types">;

/** The storage layouts that the compiler wrote beside its code. */
class Layouts {
  private readonly hardhat: HardhatRuntimeEnvironment;
  private readonly outputs = new Map<string, Promise<BuildOutput>>();

  constructor(hardhat: HardhatRuntimeEnvironment) {
    this.hardhat = hardhat;
  }

  async of(fullName: string): Promise<Layout> {
    const id = await this.hardhat.artifacts.getBuildInfoId(fullName);
    if (id === undefined) throw new Error(`Hardhat has no build of ${fullName}`);
    const output = this.outputs.get(id) ?? this.read(id);
    this.outputs.set(id, output);
    const [source, contract] = fullName.split(":") as [string, string];
    const layout = (await output).contracts[`project/${source}`]?.[contract]?.storageLayout;
    if (layout === undefined) throw new Error(`the build of ${fullName} has no storage layout`);
    return withoutAstIds(layout);
  }

  private async read(id: string): Promise<BuildOutput> {
    const path = await this.hardhat.artifacts.getBuildInfoOutputPath(id);
    if (path === undefined) throw new Error(`build ${id} has no output`);
    return (JSON.parse(await readFile(path, "utf8")) as { output: BuildOutput }).output;
  }
}

interface BuildOutput {
  contracts: Record<string, Record<string, { storageLayout?: RawLayout }>>;
}

interface RawLayout {
  storage: StorageVariable[];
  types: Record<string, StorageType> | null;
}

/** The compiler numbers structs and contracts through all sources it is given; a change elsewhere must not change a layout. */
function withoutAstIds({ storage, types }: RawLayout): Layout {
  const rename = (type: string) => type.replaceAll(/\)\d+(?=_storage|,|\)|$)/g, ")");
  const variable = ({ label, slot, offset, type }: StorageVariable) => ({
    label,
    slot,
    offset,
    type: rename(type),
  });
  const renamed = new Map<string, StorageType>();
  for (const [name, { members, key, value, base, ...shape }] of Object.entries(types ?? {})) {
    if (renamed.has(rename(name))) throw new Error(`two types are called ${rename(name)}`);
    renamed.set(rename(name), {
      ...shape,
      ...(key && { key: rename(key) }),
      ...(value && { value: rename(value) }),
      ...(base && { base: rename(base) }),
      ...(members && { members: members.map(variable) }),
    });
  }
  const sorted = [...renamed].sort(([a], [b]) => (a < b ? -1 : 1));
  return { storage: storage.map(variable), types: Object.fromEntries(sorted) };
}

function withoutInternalTypes(entry: AbiEntry): AbiEntry {
  const strip = ({ name, type, indexed, components }: AbiParameter): AbiParameter => ({
    name,
    type,
    ...(indexed !== undefined && { indexed }),
    ...(components && { components: components.map(strip) }),
  });
  return {
    ...entry,
    ...(entry.inputs && { inputs: entry.inputs.map(strip) }),
    ...(entry.outputs && { outputs: entry.outputs.map(strip) }),
  };
}

async function main(): Promise<void> {
  const families = await compileContracts();
  await rm(COMPILED, { recursive: true, force: true });
  await mkdir(COMPILED);
  for (const [family, contracts] of families)
    await writeFile(join(COMPILED, `${family}.json`), formatFamily(contracts));
  console.log(`${basename(COMPILED)}: ${[...families.keys()].join(", ")}`);
}

if (import.meta.main) await main();
