// Types as storage has them, and where the members of a struct or the variables of a contract lie: Solidity's "Layout of State
// Variables in Storage", worked out of the syntax tree, which each build of Hardhat has.

import type { AstNode } from "./ast.ts";

/** A variable, or a struct's member. */
export interface Variable {
  name: string;
  /** From the beginning of the contract or struct. */
  slot: bigint;
  /** In bytes, from the low end of the slot. */
  offset: number;
  type: StorageType;
  node: AstNode;
}

export type StorageType =
  /** Lies within one slot. */
  | { kind: "value"; label: string; bytes: number }
  | { kind: "struct"; label: string; slots: bigint; members: readonly Variable[] }
  | { kind: "array"; label: string; slots: bigint; length: bigint; base: StorageType }
  | { kind: "dynamicArray"; label: string; base: StorageType }
  /** `bytes` and `string`. */
  | { kind: "bytes"; label: string }
  /** The value's type is known when somebody asks for it: structs may hold mappings to themselves. */
  | { kind: "mapping"; label: string; key: string; value: () => StorageType };

const SLOT_BYTES = 32;
const ADDRESS_BYTES = 20;
/** An external function is an address and a selector; an internal one is a place in the code. */
const EXTERNAL_FUNCTION_BYTES = 24;
const INTERNAL_FUNCTION_BYTES = 8;
/** An enum has one byte for up to so many members. */
const ENUM_BYTE = 256;

export function slotsOf(type: StorageType): bigint {
  return type.kind === "struct" || type.kind === "array" ? type.slots : 1n;
}

/** How many elements of an array share a slot; 1 for those that take whole ones. */
export function elementsPerSlot(base: StorageType): bigint {
  return base.kind === "value" ? BigInt(Math.max(1, Math.floor(SLOT_BYTES / base.bytes))) : 1n;
}

/** Makes types of the nodes of one build. */
export class StorageTypes {
  readonly #declarations: ReadonlyMap<number, AstNode>;
  readonly #structs = new Map<number, StorageType>();

  constructor(declarations: ReadonlyMap<number, AstNode>) {
    this.#declarations = declarations;
  }

  /** Lays variables out, one after the other; with the number of slots that they take. */
  layOut(nodes: readonly AstNode[], first = 0n): { variables: Variable[]; slots: bigint } {
    let slot = first;
    let offset = 0;
    const variables = nodes.map((node): Variable => {
      const type = this.of(node.typeName);
      const bytes = type.kind === "value" ? type.bytes : SLOT_BYTES;
      if (offset + bytes > SLOT_BYTES) {
        slot++;
        offset = 0;
      }
      const variable = { name: node.name ?? "", slot, offset, type, node };
      if (type.kind === "struct" || type.kind === "array") {
        // What comes behind one of these begins a slot as well.
        slot += type.slots;
        offset = 0;
      } else offset += bytes;
      return variable;
    });
    return { variables, slots: slot - first + (offset > 0 ? 1n : 0n) };
  }

  of(node: AstNode | null | undefined): StorageType {
    const label = node?.typeDescriptions?.typeString ?? "unknown";
    switch (node?.nodeType) {
      case "ElementaryTypeName":
        return elementary(label);
      case "Mapping":
        return {
          kind: "mapping",
          label,
          key: this.#keyOf(node.keyType),
          value: () => this.of(node.valueType),
        };
      case "ArrayTypeName":
        return this.#array(node, label);
      case "FunctionTypeName":
        return {
          kind: "value",
          label,
          bytes: node.visibility === "external" ? EXTERNAL_FUNCTION_BYTES : INTERNAL_FUNCTION_BYTES,
        };
      case "UserDefinedTypeName":
        return this.#defined(node, label);
      default:
        return { kind: "value", label, bytes: SLOT_BYTES };
    }
  }

  #array(node: AstNode, label: string): StorageType {
    const base = this.of(node.baseType);
    const [, length = "dyn"] =
      /\$(\d+|dyn)_storage(?:_ptr)?$/.exec(node.typeDescriptions?.typeIdentifier ?? "") ?? [];
    if (length === "dyn") return { kind: "dynamicArray", label, base };
    const count = BigInt(length);
    const perSlot = elementsPerSlot(base);
    return {
      kind: "array",
      label,
      length: count,
      base,
      slots: base.kind === "value" ? (count + perSlot - 1n) / perSlot : count * slotsOf(base),
    };
  }

  #defined(node: AstNode, label: string): StorageType {
    const definition = this.#declarations.get(node.referencedDeclaration ?? -1);
    switch (definition?.nodeType) {
      case "StructDefinition":
        return this.struct(definition);
      case "EnumDefinition":
        return { kind: "value", label, bytes: (definition.members?.length ?? 0) > ENUM_BYTE ? 2 : 1 };
      case "UserDefinedValueTypeDefinition":
        return { ...this.of(definition.underlyingType), label };
      default:
        return { kind: "value", label, bytes: ADDRESS_BYTES };
    }
  }

  struct(definition: AstNode): StorageType {
    let type = this.#structs.get(definition.id);
    if (type === undefined) {
      const { variables, slots } = this.layOut(definition.members ?? []);
      type = { kind: "struct", label: definition.name ?? "struct", members: variables, slots };
      this.#structs.set(definition.id, type);
    }
    return type;
  }

  /** A mapping's key is a word, or text: what the key looks like is decided by the type below its name. */
  #keyOf(node: AstNode | undefined): string {
    const label = node?.typeDescriptions?.typeString ?? "bytes32";
    const definition = this.#declarations.get(node?.referencedDeclaration ?? -1);
    if (definition?.nodeType === "ContractDefinition") return "address";
    if (definition?.nodeType === "EnumDefinition") return "uint8";
    return definition?.underlyingType?.typeDescriptions?.typeString ?? label;
  }
}

function elementary(label: string): StorageType {
  if (label === "string" || label === "bytes") return { kind: "bytes", label };
  if (label === "bool") return { kind: "value", label, bytes: 1 };
  if (label.startsWith("address")) return { kind: "value", label: "address", bytes: ADDRESS_BYTES };
  const [, kind, size] = /^(u?int|bytes)(\d+)$/.exec(label) ?? [];
  const bytes = kind === "bytes" ? Number(size) : Number(size) / 8;
  return { kind: "value", label, bytes: Number.isNaN(bytes) ? SLOT_BYTES : bytes };
}
