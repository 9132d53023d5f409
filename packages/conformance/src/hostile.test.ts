// Hostile fixtures: tests with anything wrong in them. Each passes, fails for a reason with a code or a difference, is skipped, or is an error;
// and what fails, fails sequentially, because the parallel run does the same. Nothing crashes, and no defect of the runner is a reason.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Executor } from "@braid/executor";
import { mutate, mutations } from "@braid/testing/arbitraries";
import { JSON_TREE, mutateTree, type TreeMutation, treeMutations } from "@braid/testing/mutate-tree";
import { transferFixture } from "@braid/testing/transfer-fixture";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Executors } from "./executors.ts";
import { SEQUENTIAL, seeded } from "./modes.ts";
import type { CaseVerdict } from "./reports.ts";
import { runFile } from "./run-file.ts";
import { blockFixtures } from "./testing/block-fixtures.ts";

/** Under stress forty thousand fixtures: each is run twice. */
const ROUNDS = Math.min(20, Number(process.env.BRAID_ROUNDS ?? 1));
const MODES = [SEQUENTIAL, seeded(2, 1)];
/** What a defect of Braid's looks like in a reason: a stack, or a code that says nothing about the fixture. */
const DEFECT = /\n\s+at |BRAID_(UNKNOWN_ERROR|ENGINE_FAILURE|BYTES32_RANGE)/;

const executors = new Executors(MODES);
let folder: string;
let file: string;
let fixtures: Record<string, unknown>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-hostile-"));
  file = join(folder, "fixture.json");
  const executor = new Executor({ workers: 1 });
  const { blockchain, engine } = await blockFixtures(executor);
  await executor.close();
  fixtures = { first: transferFixture(0), second: transferFixture(1), blockchain, engine };
});
afterAll(async () => {
  await executors.close();
  await rm(folder, { recursive: true });
});

/** Runs a file of fixtures; gives the verdicts, and throws for what must not happen. */
async function attack(content: Uint8Array): Promise<CaseVerdict[]> {
  await writeFile(file, content);
  const verdicts: CaseVerdict[] = [];
  for await (const event of runFile(file, { modes: MODES, maxFileBytes: 2 ** 24 }, executors)) {
    if (event.type !== "report") continue;
    const { verdict, reason = "", name } = event.report;
    expect(reason).not.toMatch(DEFECT);
    // What fails, fails in the first mode; a stack of transactions compares the modes itself.
    if (name.startsWith("stack ")) expect(reason, name).not.toContain("sequentially it is");
    else if (verdict === "failed") expect(reason, name).toMatch(/^sequential: /);
    verdicts.push(verdict);
  }
  return verdicts;
}

async function attackMany<T>(
  changes: fc.Arbitrary<T>,
  fileOf: (change: T) => Uint8Array,
  times: number,
): Promise<Set<CaseVerdict>> {
  const seen = new Set<CaseVerdict>();
  await fc.assert(
    // Of the changes, not of the files: a failure then shows in a few lines.
    fc.asyncProperty(changes, async (change) => {
      const content = fileOf(change);
      for (const verdict of await attack(content)) seen.add(verdict);
    }),
    { numRuns: times * ROUNDS },
  );
  return seen;
}

const text = (json: unknown): Uint8Array => Buffer.from(JSON.stringify(json) ?? "");

describe("fixtures", () => {
  test("as they are pass: the attack is on what is right", async () => {
    expect(await attack(text(fixtures))).toEqual(Array(5).fill("passed"));
  });

  test.each(["first", "blockchain", "engine"])("with other values: %s", async (name) => {
    const fileOf = (changes: TreeMutation[]): Uint8Array => {
      const changed = mutateTree(fixtures[name], changes, JSON_TREE);
      return text(name === "first" ? { changed, second: fixtures.second } : { changed });
    };
    const seen = await attackMany(treeMutations, fileOf, 600);
    expect([...seen]).toEqual(expect.arrayContaining(["error", "failed", "passed"]));
  });

  test("with other characters", async () => {
    const seen = await attackMany(mutations, (changes) => mutate(text(fixtures), changes), 200);
    expect(seen.has("error")).toBe(true);
  });
});
