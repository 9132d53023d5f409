// The parts of solc's syntax tree that say where variables and functions are.

/** A node, with the fields that somebody here looks at; which of them it has depends on `nodeType`. */
export interface AstNode {
  id: number;
  nodeType: string;
  /** `<first byte>:<length>:<file>` */
  src: string;
  name?: string;
  kind?: string;
  nodes?: AstNode[];
  members?: AstNode[];
  /** The contract itself first, the most basic one last. */
  linearizedBaseContracts?: number[];
  stateVariable?: boolean;
  constant?: boolean;
  mutability?: string;
  storageLocation?: string;
  typeDescriptions?: { typeIdentifier?: string | null; typeString?: string | null };
  typeName?: AstNode | null;
  keyType?: AstNode;
  valueType?: AstNode;
  baseType?: AstNode;
  underlyingType?: AstNode;
  visibility?: string;
  referencedDeclaration?: number;
  /** Of functions that can be called from outside. */
  functionSelector?: string;
  documentation?: string | { text?: string } | null;
  /** Of a contract that says where its storage begins. */
  storageLayout?: { baseSlotExpression?: AstNode };
  /** Of a constant, or of a literal. */
  value?: AstNode | string | null;
  hexValue?: string;
  expression?: AstNode;
  arguments?: AstNode[];
}

/** All definitions and variables outside of function bodies, by their ids. */
export function declarationsOf(units: Iterable<AstNode>): Map<number, AstNode> {
  const found = new Map<number, AstNode>();
  const visit = (node: AstNode): void => {
    found.set(node.id, node);
    for (const child of node.nodes ?? []) visit(child);
  };
  for (const unit of units) visit(unit);
  return found;
}

/** Where a node stands: the offset of its first byte, its length in bytes, and its file's number. */
export function placeOf({ src }: AstNode): { start: number; length: number; file: number } {
  const [start = 0, length = 0, file = -1] = src.split(":").map(Number);
  return { start, length, file };
}

export function documentationOf({ documentation }: AstNode): string {
  return typeof documentation === "string" ? documentation : (documentation?.text ?? "");
}
