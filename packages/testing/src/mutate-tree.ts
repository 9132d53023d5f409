// For tests: JSON values and RLP trees with something wrong in them, in every place and of every kind that the mutations know.
import * as fc from "fast-check";

/** One change: where (a fraction of all places), what kind, and which of the kind's values. */
export interface TreeMutation {
  at: number;
  kind: "remove" | "replace" | "swap" | "repeat" | "edit" | "nest";
  choice: number;
}

export const treeMutations: fc.Arbitrary<TreeMutation[]> = fc.array(
  fc.record({
    at: fc.nat(999_999).map((millionth) => millionth / 1_000_000),
    kind: fc.constantFrom("remove", "replace", "replace", "swap", "repeat", "edit", "edit", "nest"),
    choice: fc.nat(999_999),
  }),
  { minLength: 1, maxLength: 3 },
);

/** What a tree is made of: objects, lists, and leaves of one type. */
export interface TreeKind {
  /** Values that should not be where they are put. */
  hostile: readonly unknown[];
  /** The leaf with a small change; undefined for one that cannot be changed. */
  edit: (leaf: unknown, choice: number) => unknown;
}

const MAX_NESTING = 40;

export const JSON_TREE: TreeKind = {
  hostile: [
    null,
    true,
    0,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER,
    "",
    "0x",
    "0x0",
    "0x1",
    "0",
    "zz",
    "0xzz",
    "-0x1",
    "1e400",
    `0x${"f".repeat(64)}`,
    `0x1${"0".repeat(64)}`,
    `0x${"ff".repeat(5000)}`,
    `0x${"00".repeat(20)}`,
    `0x${"11".repeat(32)}`,
    "9".repeat(10_000),
    "__proto__",
    [],
    {},
    [[]],
    ["0x"],
    { "": "" },
    { __proto__: null, toString: "0x" },
  ],
  edit: (leaf, choice) => {
    if (typeof leaf === "number") return leaf + (choice % 3) - 1;
    if (typeof leaf !== "string") return undefined;
    const at = leaf.length === 0 ? 0 : choice % leaf.length;
    const edits = [
      () => `${leaf.slice(0, at)}${(choice >> 8) % 10}${leaf.slice(at + 1)}`,
      () => leaf.slice(0, at),
      () => leaf.slice(0, at) + leaf.slice(at + 1),
      () => `${leaf.slice(0, at)}00${leaf.slice(at)}`,
      () => leaf.replace("0x", "0x00"),
      () => leaf.toUpperCase(),
    ];
    return (edits[(choice >> 4) % edits.length] as () => string)();
  },
};

export const RLP_TREE: TreeKind = {
  hostile: [
    new Uint8Array(0),
    Uint8Array.of(0),
    Uint8Array.of(1),
    new Uint8Array(20),
    new Uint8Array(31).fill(0xff),
    new Uint8Array(32).fill(0x11),
    new Uint8Array(33).fill(0xff),
    new Uint8Array(5000).fill(0xc0),
    [],
    [[]],
    [new Uint8Array(0), new Uint8Array(0)],
  ],
  edit: (leaf, choice) => {
    if (!(leaf instanceof Uint8Array)) return undefined;
    const at = leaf.length === 0 ? 0 : choice % leaf.length;
    const changed = leaf.slice();
    changed[at] = choice >> 8;
    return [
      changed,
      leaf.slice(0, at),
      Uint8Array.from([0, ...leaf]),
      Uint8Array.from([...leaf, choice >> 8]),
    ][(choice >> 4) % 4];
  },
};

type Branch = Record<string, unknown> | unknown[];

/** A copy of the tree with the changes made; the tree itself may be replaced, too. */
export function mutateTree(tree: unknown, changes: readonly TreeMutation[], kind: TreeKind): unknown {
  const root: Branch = [structuredClone(tree)];
  for (const change of changes) {
    const places = [...placesIn(root)];
    const place = places[Math.floor(change.at * places.length)];
    if (place === undefined) break;
    apply(place, change, kind, places);
  }
  return root[0];
}

interface Place {
  branch: Branch;
  key: string;
}

function* placesIn(branch: Branch): Generator<Place> {
  for (const key of Object.keys(branch)) {
    yield { branch, key };
    const value = get({ branch, key });
    if (isBranch(value)) yield* placesIn(value);
  }
}

function apply(place: Place, { kind: how, choice }: TreeMutation, kind: TreeKind, places: Place[]): void {
  const { branch, key } = place;
  const value = get(place);
  if (how === "remove") {
    if (Array.isArray(branch)) branch.splice(Number(key), 1);
    else delete branch[key];
  } else if (how === "repeat" && Array.isArray(branch)) {
    branch.splice(Number(key), 0, structuredClone(value));
  } else if (how === "repeat") {
    set(place, [structuredClone(value), structuredClone(value)]);
  } else if (how === "swap") {
    const other = places[choice % places.length];
    if (other !== undefined) set(place, structuredClone(get(other)));
  } else if (how === "nest") {
    let nested = value;
    for (let depth = 0; depth <= choice % MAX_NESTING; depth++) nested = [nested];
    set(place, nested);
  } else {
    const edited = how === "edit" ? kind.edit(value, choice) : undefined;
    set(place, edited ?? structuredClone(kind.hostile[choice % kind.hostile.length]));
  }
}

function isBranch(value: unknown): value is Branch {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array);
}

function get({ branch, key }: Place): unknown {
  return Reflect.get(branch, key);
}

function set({ branch, key }: Place, value: unknown): void {
  // Not an assignment, to which "__proto__" would be something else.
  Object.defineProperty(branch, key, { value, writable: true, enumerable: true, configurable: true });
}
