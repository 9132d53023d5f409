// Imports point one way: between packages, and between the folders of each package. Test code is left out of it.

import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** From the bottom up: a package imports from those that stand before it. */
const PACKAGES = [
  "primitives",
  "rpc",
  "kernel",
  "protocol",
  "state",
  "remote",
  "executor",
  "profiler",
  "stock",
  "replay",
  "workloads",
  "queue",
  "chain",
  "node",
  "hardhat-braid",
  "conformance",
  "cli",
];

/** From the bottom up: what lies in packages/executor/src. The other files beside the folders are on top. */
const EXECUTOR = [
  "errors.ts",
  "transaction",
  "block",
  "records",
  "receipts",
  "state",
  "hints",
  "engines",
  "pool",
  "result",
  "warm-up",
];

/** From the bottom up: what only the ethereumjs engine needs. */
const ETHEREUMJS = ["state", "evm", "units"];

const root = fileURLToPath(new URL("../packages/", import.meta.url));

/** One file imports another, or a package by its name. Both are paths below packages/. */
interface Import {
  from: string;
  to: string;
}

function filesOf(pattern: string): string[] {
  return globSync(pattern, { cwd: root }).map((path) => path.replaceAll("\\", "/"));
}

/** All imports of the packages' sources from each other, of types too. */
function readImports(): Import[] {
  const sources = filesOf("*/src/**/*.ts").filter(
    (path) => !/\.(test|bench)\.ts$/.test(path) && !/(^|\/)testing\//.test(path),
  );
  return sources.flatMap((from) => {
    const text = readFileSync(join(root, from), "utf8");
    return [...text.matchAll(/(?:from |import |import\()"([^"]+)"/g)].flatMap(([, name = ""]) => {
      if (name.startsWith("@braid/")) return [{ from, to: name.slice("@braid/".length) }];
      return name.startsWith(".") ? [{ from, to: join(dirname(from), name) }] : [];
    });
  });
}

const imports = readImports();

/** The imports between the children of a folder; each with the two children. */
function between(folder: string): { from: string; to: string; text: string }[] {
  const childOf = (path: string): string | undefined =>
    path.startsWith(folder) ? path.slice(folder.length).split("/")[0] : undefined;
  return imports.flatMap((one) => {
    const from = childOf(one.from);
    const to = childOf(one.to);
    if (from === undefined || to === undefined || from === to) return [];
    return [{ from, to, text: `${one.from} imports ${one.to}` }];
  });
}

/** The imports between the children of a folder that do not point down in the order. Files that it does not name are on top. */
function upward(folder: string, order: string[]): string[] {
  const height = (child: string): number => (order.includes(child) ? order.indexOf(child) : order.length);
  return between(folder)
    .filter(({ from, to }) => height(to) >= height(from) && height(to) + height(from) < 2 * order.length)
    .map(({ text }) => text);
}

/** The children of a folder that one of them reaches by imports. */
function reachable(folder: string, start: string): Set<string> {
  const edges = between(folder);
  const seen = new Set<string>();
  const visit = (child: string): void => {
    for (const { from, to } of edges)
      if (from === child && !seen.has(to)) {
        seen.add(to);
        visit(to);
      }
  };
  visit(start);
  return seen;
}

test("packages import from those below them, by their public names", () => {
  const names = filesOf("*/package.json").map((path) => dirname(path));
  expect(
    names.filter((name) => name !== "testing" && !PACKAGES.includes(name)),
    "packages that stand nowhere in the order",
  ).toEqual([]);
  expect(upward("", PACKAGES)).toEqual([]);
  expect(
    between("").filter(({ to, text }) => !text.endsWith(` ${to}`)),
    "imports of another package by path",
  ).toEqual([]);
});

test("the folders of the executor import from those below them", () => {
  const folders = filesOf("executor/src/*/").map((path) => path.split("/")[2] as string);
  expect(
    folders.filter((name) => name !== "testing" && !EXECUTOR.includes(name)),
    "folders that stand nowhere in the order",
  ).toEqual([]);
  expect(upward("executor/src/", EXECUTOR)).toEqual([]);
  expect(upward("executor/src/engines/ethereumjs/", ETHEREUMJS)).toEqual([]);
});

test("ARCHITECTURE.md has a row for each package, and for each folder of the executor", () => {
  const page = readFileSync(join(root, "../ARCHITECTURE.md"), "utf8");
  const rows = new Set([...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name));
  const packages = PACKAGES.map((name) => `packages/${name}`);
  const folders = EXECUTOR.filter((name) => !name.endsWith(".ts"));
  expect([...packages, ...folders].filter((name) => !rows.has(name))).toEqual([]);
});

/** Every folder that has folders with imports of each other. */
const folders = [...new Set(imports.flatMap(({ from }) => foldersAbove(from)))]
  .filter((folder) => between(folder).some(({ from }) => !from.endsWith(".ts")))
  .sort();

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === "." ? [] : [`${folder}/`, ...foldersAbove(folder)];
}

test.each(folders)("the folders in %s do not import in a circle", (folder) => {
  const children = [...new Set(between(folder).map(({ from }) => from))];
  expect(children.filter((child) => !child.endsWith(".ts") && reachable(folder, child).has(child))).toEqual(
    [],
  );
});
