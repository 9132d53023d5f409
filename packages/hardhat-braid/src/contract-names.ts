// Which contract of the project some code is, and which of its functions a call goes to.

import { keccak256 } from "@braid/kernel";
import type { BraidProvider } from "@braid/node";
import { bytesToHex, type Hex, hexToBytes, rlpOfBigInt, rlpOfBytes, rlpOfList } from "@braid/primitives";
import type { ArtifactManager } from "hardhat/types/artifacts";

type Artifact = Awaited<ReturnType<ArtifactManager["readArtifact"]>>;
type Parameter = { type: string; components?: readonly Parameter[] };
type Places = { readonly [file: string]: unknown };

/** What is called: nobody for a creation. */
export interface Described {
  from: string;
  to: string | null | undefined;
  input: string;
  /** No transaction: that there is no contract is worth a warning. */
  isCall: boolean;
  /** The sender's; default: what is next. */
  nonce?: string;
}

interface Contract {
  name: string;
  runtime: Pattern;
  creation: Pattern;
  /** Functions by their selectors. */
  functions: ReadonlyMap<string, string>;
}

/** Code, some of whose bytes are only known when it is deployed. */
interface Pattern {
  code: string;
  /** Places of hexadecimal digits that may be any, in order. */
  holes: readonly (readonly [start: number, end: number])[];
}

const UNKNOWN_CONTRACT = "<UnrecognizedContract>";
const UNKNOWN_FUNCTION = "<unrecognized-selector>";
/** Code that is not found may have been compiled meanwhile. */
const STALE_MS = 2_000;
/** Digits with 0x. */
const SELECTOR_LENGTH = 10;
const LAST_PRECOMPILE = 0x1ffn;

export class ContractNames {
  readonly #braid: BraidProvider;
  readonly #artifacts: ArtifactManager;
  #contracts: readonly Contract[] = [];
  #read = Number.NEGATIVE_INFINITY;
  /** By code. */
  readonly #known = new Map<string, Contract>();

  constructor(braid: BraidProvider, artifacts: ArtifactManager) {
    this.#braid = braid;
    this.#artifacts = artifacts;
  }

  /** What Hardhat's own network says of a call before all else. */
  async describe({
    from,
    to,
    input,
    isCall,
    nonce: given,
  }: Described): Promise<(string | [string, string])[]> {
    if (to === null || to === undefined) {
      const found = await this.#find(input, "creation");
      const nonce = given ?? (await this.#ask("eth_getTransactionCount", [from, "latest"]));
      return [
        ["Contract deployment", found?.name ?? UNKNOWN_CONTRACT],
        ["Contract address", createdAddress(from, BigInt(nonce as string))],
      ];
    }
    const number = BigInt(to);
    if (number > 0n && number <= LAST_PRECOMPILE)
      return [["Precompile call", `<PrecompileContract ${number}>`]];
    const code = (await this.#ask("eth_getCode", [to, "latest"])) as string;
    if (code === "0x") return isCall ? ["WARNING: Calling an account which is not a contract"] : [];
    // What has no selector is not looked up, as on Hardhat's own network.
    const contract = input.length < SELECTOR_LENGTH ? undefined : await this.#find(code, "runtime");
    const selector = input.slice(0, SELECTOR_LENGTH).toLowerCase();
    const name = contract?.functions.get(selector) ?? UNKNOWN_FUNCTION;
    return [["Contract call", `${contract?.name ?? UNKNOWN_CONTRACT}#${name}`]];
  }

  async #find(code: string, kind: "runtime" | "creation"): Promise<Contract | undefined> {
    const key = `${kind} ${code}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    for (;;) {
      const found = this.#contracts
        .filter((contract) => fits(code, contract[kind], kind === "runtime"))
        .sort((a, b) => b[kind].code.length - a[kind].code.length)[0];
      if (found !== undefined) this.#known.set(key, found);
      if (found !== undefined || performance.now() - this.#read < STALE_MS) return found;
      this.#contracts = await this.#readAll();
      this.#read = performance.now();
    }
  }

  async #readAll(): Promise<Contract[]> {
    const names = [...(await this.#artifacts.getAllFullyQualifiedNames())];
    const artifacts = await Promise.all(names.map((name) => this.#artifacts.readArtifact(name)));
    return artifacts.filter(({ bytecode }) => bytecode.length > 2).map(contractOf);
  }

  #ask(method: string, params: unknown[]): Promise<unknown> {
    return this.#braid.request({ method, params });
  }
}

function createdAddress(from: string, nonce: bigint): Hex {
  const sender = hexToBytes(from);
  return bytesToHex(keccak256(rlpOfList([rlpOfBytes(sender), rlpOfBigInt(nonce)])).subarray(12));
}

function contractOf(artifact: Artifact): Contract {
  const abi = artifact.abi as readonly { type: string; name?: string; inputs?: readonly Parameter[] }[];
  const { immutableReferences = {} } = artifact as { immutableReferences?: Places };
  return {
    name: artifact.contractName,
    runtime: patternOf(artifact.deployedBytecode, artifact.deployedLinkReferences, immutableReferences),
    creation: patternOf(artifact.bytecode, artifact.linkReferences),
    functions: new Map(
      abi
        .filter(({ type }) => type === "function")
        .map(({ name = "", inputs = [] }) => [selectorOf(`${name}(${inputs.map(typeOf).join()})`), name]),
    ),
  };
}

function patternOf(code: string, ...references: Places[]): Pattern {
  const holes = references
    .flatMap(placesIn)
    .map(({ start, length }): [number, number] => [2 + 2 * start, 2 + 2 * (start + length)]);
  // A library begins with its own address.
  if (code.startsWith(`0x73${"00".repeat(20)}`)) holes.push([4, 44]);
  return { code: code.toLowerCase(), holes: holes.sort(([a], [b]) => a - b) };
}

function placesIn(value: unknown): { start: number; length: number }[] {
  if (typeof value !== "object" || value === null) return [];
  if ("start" in value && "length" in value && !Array.isArray(value))
    return [value as { start: number; length: number }];
  return Object.values(value).flatMap(placesIn);
}

/** @param whole nothing comes after it. */
function fits(code: string, { code: pattern, holes }: Pattern, whole: boolean): boolean {
  if (whole ? code.length !== pattern.length : code.length < pattern.length) return false;
  let at = 0;
  for (const [start, end] of holes) {
    if (code.slice(at, start) !== pattern.slice(at, start)) return false;
    at = Math.max(at, end);
  }
  return code.slice(at, pattern.length) === pattern.slice(at);
}

function typeOf({ type, components = [] }: Parameter): string {
  return type.startsWith("tuple") ? `(${components.map(typeOf).join()})${type.slice("tuple".length)}` : type;
}

function selectorOf(signature: string): string {
  const hash = keccak256(new TextEncoder().encode(signature));
  return bytesToHex(hash.subarray(0, 4));
}
