// A contract's storage: its variables and those of the contracts that it inherits from, namespaces (ERC-7201), and slots that constants name.

import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, bytesToBigInt } from "@braid/primitives";
import { type AstNode, documentationOf } from "./ast.ts";
import type { StorageTypes, Variable } from "./storage-types.ts";

const NAMESPACE = /@custom:storage-location\s+erc7201:(\S+)/;

/** EIP-1967, by what proxies call them. */
const PROXY_SLOTS: readonly (readonly [name: string, text: string])[] = [
  ["ERC1967.implementation", "eip1967.proxy.implementation"],
  ["ERC1967.admin", "eip1967.proxy.admin"],
  ["ERC1967.beacon", "eip1967.proxy.beacon"],
];

/** A slot that goes by a name, and has no type that anybody knows. */
interface NamedSlot {
  name: string;
  slot: bigint;
  node?: AstNode;
}

export interface ContractLayout {
  /** Those of namespaces stand under one variable, at the namespace's slot. */
  variables: readonly Variable[];
  slots: readonly NamedSlot[];
}

const textHash = (text: string): bigint => bytesToBigInt(keccak256(new TextEncoder().encode(text)));

/** ERC-7201: where a namespace begins. */
export function namespaceSlot(id: string): bigint {
  return bytesToBigInt(keccak256(bigIntToBytes32(textHash(id) - 1n))) & ~0xffn;
}

const ERC1967_SLOTS: readonly NamedSlot[] = PROXY_SLOTS.map(([name, text]) => ({
  name,
  slot: textHash(text) - 1n,
}));

/** The namespaces of a build: whichever contract's code uses one of them means the same slots. */
export function namespacesOf(declarations: Iterable<AstNode>, types: StorageTypes): Variable[] {
  const found: Variable[] = [];
  for (const node of declarations) {
    const [, id] = node.nodeType === "StructDefinition" ? (NAMESPACE.exec(documentationOf(node)) ?? []) : [];
    if (id !== undefined)
      found.push({ name: id, slot: namespaceSlot(id), offset: 0, type: types.struct(node), node });
  }
  return found;
}

/** @param namespaces all that the build has. */
export function layoutOf(
  contract: AstNode,
  declarations: ReadonlyMap<number, AstNode>,
  types: StorageTypes,
  namespaces: readonly Variable[],
): ContractLayout {
  const bases = (contract.linearizedBaseContracts ?? [contract.id]).toReversed();
  const own = bases.flatMap((id) =>
    (declarations.get(id)?.nodes ?? []).filter(
      ({ nodeType, stateVariable }) => nodeType === "VariableDeclaration" && stateVariable === true,
    ),
  );
  const stored = own.filter(
    ({ constant, mutability, storageLocation }) =>
      constant !== true && mutability !== "immutable" && storageLocation !== "transient",
  );
  const { variables } = types.layOut(stored, firstSlot(contract));
  return {
    variables: [...variables, ...namespaces],
    slots: [...ERC1967_SLOTS, ...own.flatMap(constantSlot)],
  };
}

/** `contract C layout at 0x…`. */
function firstSlot({ storageLayout }: AstNode): bigint {
  const type = storageLayout?.baseSlotExpression?.typeDescriptions?.typeIdentifier ?? "";
  const [, value] = /^t_rational_(\d+)_by_1$/.exec(type) ?? [];
  return BigInt(value ?? 0);
}

/** `bytes32 constant SLOT = keccak256("…")` or `= 0x…`: who keeps words at chosen slots names them so. */
function constantSlot(node: AstNode): NamedSlot[] {
  const { constant, mutability, typeDescriptions, value, name = "" } = node;
  const isConstant = constant === true || mutability === "constant";
  if (
    !isConstant ||
    typeDescriptions?.typeString !== "bytes32" ||
    typeof value !== "object" ||
    value === null
  )
    return [];
  if (value.nodeType === "Literal" && typeof value.value === "string" && /^0x[\da-f]+$/i.test(value.value))
    return [{ name, slot: BigInt(value.value), node }];
  const [argument] = value.arguments ?? [];
  if (value.expression?.name === "keccak256" && argument?.nodeType === "Literal")
    return [{ name, slot: bytesToBigInt(keccak256(Buffer.from(argument.hexValue ?? "", "hex"))), node }];
  return [];
}
