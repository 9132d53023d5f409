// The project's contracts, as Hardhat has built them: code, storage, and where in the sources things stand.

import { readFile } from "node:fs/promises";
import { keccak256 } from "@braid/kernel";
import { bytesToHex } from "@braid/primitives";
import type { ArtifactManager } from "hardhat/types/artifacts";
import { type AstNode, declarationsOf, placeOf } from "./ast.ts";
import { type ContractLayout, layoutOf, namespacesOf } from "./contract-layout.ts";
import { type CodePlace, SourceMap } from "./source-map.ts";
import { StorageTypes } from "./storage-types.ts";

interface CodeOutput {
  object: string;
  sourceMap?: string;
  linkReferences?: Record<string, Record<string, ByteRange[]>>;
  immutableReferences?: Record<string, ByteRange[]>;
}

interface ByteRange {
  start: number;
  length: number;
}

export interface AbiParameter {
  type: string;
  components?: AbiParameter[];
}

interface AbiEntry {
  type: string;
  name?: string;
  inputs?: AbiParameter[];
}

interface ContractOutput {
  abi?: AbiEntry[];
  evm?: { deployedBytecode?: CodeOutput; bytecode?: CodeOutput };
}

interface BuildOutput {
  contracts?: Record<string, Record<string, ContractOutput>>;
  sources?: Record<string, { id: number; ast?: AstNode }>;
}

/** Code as solc wrote it, and where the chain's may differ from it. */
export interface BuiltCode {
  /** What is filled in later is zero. */
  bytes: Uint8Array;
  /** Immutables, and the addresses of libraries. */
  filledIn: readonly ByteRange[];
}

/** Where something stands in the project's sources. */
export interface SourcePlace {
  /** As the project has it: `contracts/Pool.sol`. */
  file: string;
  line: number;
  /** `Pool.swap`; undefined outside of functions. */
  function: string | undefined;
}

const NOTHING: CodeOutput = { object: "" };

export class BuiltContract {
  readonly name: string;
  readonly file: string;
  readonly code: BuiltCode;
  /** `swap(uint256,address)` and what it takes, by its selector, eight hex digits. */
  readonly functions: ReadonlyMap<string, { signature: string; inputs: readonly AbiParameter[] }>;
  /** `InsufficientBalance(uint256)` by its selector. */
  readonly errors: ReadonlyMap<string, string>;
  readonly #build: Build;
  readonly #definition: AstNode;
  readonly #sourceMap: string;
  #layout: ContractLayout | undefined;
  #map: SourceMap | undefined;

  constructor(build: Build, file: string, definition: AstNode, { abi = [], evm = {} }: ContractOutput) {
    const { deployedBytecode = NOTHING } = evm;
    this.name = definition.name ?? "";
    this.file = file;
    this.code = codeOf(deployedBytecode);
    this.functions = new Map(
      abi
        .filter(({ type }) => type === "function")
        .map((entry) => {
          const signature = signatureOf(entry);
          return [selectorOf(signature), { signature, inputs: entry.inputs ?? [] }];
        }),
    );
    this.errors = new Map(
      abi
        .filter(({ type }) => type === "error")
        .map((entry) => [selectorOf(signatureOf(entry)), signatureOf(entry)]),
    );
    this.#build = build;
    this.#definition = definition;
    this.#sourceMap = deployedBytecode.sourceMap ?? "";
  }

  get layout(): ContractLayout {
    this.#layout ??= this.#build.layout(this.#definition);
    return this.#layout;
  }

  /** The line that an opcode comes from; undefined for code that the compiler adds. */
  placeOfCode(pc: number): SourcePlace | undefined {
    this.#map ??= new SourceMap(this.#sourceMap, this.code.bytes);
    const found = this.#map.at(pc);
    return found && this.#build.place(found);
  }

  /** Where the function with that selector begins. */
  placeOfFunction(selector: string): SourcePlace | undefined {
    const node = this.#build.functionOf(this.#definition, selector);
    return node && this.placeOfNode(node);
  }

  placeOfNode(node: AstNode): SourcePlace | undefined {
    const { start, length, file } = placeOf(node);
    return this.#build.place({ start, length, file });
  }
}

/** One run of the compiler. */
class Build {
  readonly #declarations: Map<number, AstNode>;
  readonly #types: StorageTypes;
  readonly #files = new Map<number, { name: string; functions: AstNode[]; content: Uint8Array }>();
  readonly #owners = new Map<AstNode, string>();
  #namespaces: ContractLayout["variables"] | undefined;

  constructor({ sources = {} }: BuildOutput, contents: Record<string, { content?: string }>) {
    const units = Object.values(sources).flatMap(({ ast }) => ast ?? []);
    this.#declarations = declarationsOf(units);
    this.#types = new StorageTypes(this.#declarations);
    for (const [source, { id, ast }] of Object.entries(sources)) {
      const functions: AstNode[] = [];
      for (const node of ast?.nodes ?? []) {
        if (isFunction(node)) functions.push(node);
        for (const member of node.nodeType === "ContractDefinition" ? (node.nodes ?? []) : []) {
          if (!isFunction(member)) continue;
          functions.push(member);
          this.#owners.set(member, node.name ?? "");
        }
      }
      const content = new TextEncoder().encode(contents[source]?.content ?? "");
      this.#files.set(id, { name: shownName(source), functions, content });
    }
  }

  get contracts(): AstNode[] {
    return [...this.#declarations.values()].filter(({ nodeType }) => nodeType === "ContractDefinition");
  }

  fileOf(node: AstNode): string {
    return this.#files.get(placeOf(node).file)?.name ?? "";
  }

  /** The contract's own, or the nearest that it inherits. */
  functionOf({ linearizedBaseContracts = [] }: AstNode, selector: string): AstNode | undefined {
    return linearizedBaseContracts
      .flatMap((id) => this.#declarations.get(id)?.nodes ?? [])
      .find(({ functionSelector }) => functionSelector === selector);
  }

  layout(contract: AstNode): ContractLayout {
    this.#namespaces ??= namespacesOf(this.#declarations.values(), this.#types);
    return layoutOf(contract, this.#declarations, this.#types, this.#namespaces);
  }

  place({ start, file }: CodePlace): SourcePlace | undefined {
    const found = this.#files.get(file);
    if (found === undefined) return undefined;
    let line = 1;
    for (let i = 0; i < start && i < found.content.length; i++) if (found.content[i] === NEW_LINE) line++;
    const node = found.functions.find((one) => {
      const { start: first, length } = placeOf(one);
      return start >= first && start < first + length;
    });
    return { file: found.name, line, function: node && this.#functionName(node) };
  }

  #functionName(node: AstNode): string {
    const name = node.name || node.kind || "";
    const owner = this.#owners.get(node);
    return owner === undefined ? name : `${owner}.${name}`;
  }
}

const NEW_LINE = 10;

function selectorOf(signature: string): string {
  return bytesToHex(keccak256(new TextEncoder().encode(signature)).subarray(0, 4)).slice(2);
}

function signatureOf({ name = "", inputs = [] }: AbiEntry): string {
  return `${name}${tupleOf(inputs)}`;
}

function tupleOf(parameters: readonly AbiParameter[]): string {
  const types = parameters.map(({ type, components }) =>
    components === undefined ? type : type.replace("tuple", tupleOf(components)),
  );
  return `(${types.join(",")})`;
}

function isFunction({ nodeType }: AstNode): boolean {
  return nodeType === "FunctionDefinition" || nodeType === "ModifierDefinition";
}

/** Sources go by `project/<path>` and `npm/<package>@<version>/<path>`. */
function shownName(source: string): string {
  return source.replace(/^(project|npm)\//, "");
}

function codeOf({ object, linkReferences = {}, immutableReferences = {} }: CodeOutput): BuiltCode {
  const links = Object.values(linkReferences).flatMap((byName) => Object.values(byName).flat());
  // A library that is not linked yet stands there as text.
  const bytes = Uint8Array.from(
    Buffer.from(object.replaceAll(/__\$?.{34,36}?\$?__/g, "0".repeat(40)), "hex"),
  );
  const filledIn = [...links, ...Object.values(immutableReferences).flat()];
  // A library's code begins with its own address.
  if (bytes[0] === PUSH20 && bytes.subarray(1, 21).every((byte) => byte === 0))
    filledIn.push({ start: 1, length: 20 });
  return { bytes, filledIn };
}

const PUSH20 = 0x73;

/** All contracts that have code. PERF: builds are large; tens of milliseconds for each megabyte. */
export async function readBuilds(
  artifacts: Pick<ArtifactManager, "getAllBuildInfoIds" | "getBuildInfoPath" | "getBuildInfoOutputPath">,
): Promise<BuiltContract[]> {
  const contracts: BuiltContract[] = [];
  for (const id of await artifacts.getAllBuildInfoIds()) {
    const [inputPath, outputPath] = [
      await artifacts.getBuildInfoPath(id),
      await artifacts.getBuildInfoOutputPath(id),
    ];
    if (inputPath === undefined || outputPath === undefined) continue;
    const { input } = JSON.parse(await readFile(inputPath, "utf8")) as {
      input: { sources: Record<string, { content?: string }> };
    };
    const { output } = JSON.parse(await readFile(outputPath, "utf8")) as { output: BuildOutput };
    contracts.push(...contractsOf(output, input.sources));
  }
  return contracts;
}

export function contractsOf(
  output: BuildOutput,
  sources: Record<string, { content?: string }>,
): BuiltContract[] {
  const build = new Build(output, sources);
  const outputs = new Map(
    Object.entries(output.contracts ?? {}).flatMap(([source, byName]) =>
      Object.entries(byName).map(([name, contract]) => [`${shownName(source)}:${name}`, contract] as const),
    ),
  );
  return build.contracts.flatMap((definition) => {
    const file = build.fileOf(definition);
    const contract = outputs.get(`${file}:${definition.name ?? ""}`);
    const hasCode = (contract?.evm?.deployedBytecode?.object ?? "") !== "";
    return contract === undefined || !hasCode ? [] : [new BuiltContract(build, file, definition, contract)];
  });
}
