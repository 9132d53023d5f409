// The cases under some paths: every fixture of every JSON file, every chain to import, and each file's stacks of transactions.

import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { runBlockchainCase } from "./blockchain-case.ts";
import { CHAIN_FILE, runChainCase } from "./chain-case.ts";
import { blocksOfPayloads } from "./engine-payloads.ts";
import {
  type BlockchainFixture,
  isBlockchainFixture,
  isEngineFixture,
  isStateFixture,
  type StateFixture,
} from "./fixture-types.ts";
import { type BlockExecutor, type RunMode, SEQUENTIAL } from "./modes.ts";
import { runStack, stackCases } from "./stacked-cases.ts";
import { runStateFixture } from "./state-case.ts";

/** Something to run in each mode. */
export interface Case {
  file: string;
  name: string;
  fork: string;
  /** Runs it in one mode; returns why it fails, or undefined. Throws UnknownNetworkError for what cannot be run. */
  run: (executorFor: (mode: RunMode) => BlockExecutor, mode: RunMode) => Promise<string | undefined>;
}

/** A file of which nothing can be run. */
export interface UnusableFile {
  file: string;
  verdict: "failed" | "skipped";
  reason: string;
}

/** The fixture files under a path, in order of their names. */
export async function* fixtureFiles(path: string): AsyncGenerator<string> {
  if ((await stat(path)).isFile()) {
    yield path;
    return;
  }
  const entries = (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  // What lies beside a chain describes it.
  if (entries.some(({ name }) => name === CHAIN_FILE)) {
    yield join(path, CHAIN_FILE);
    return;
  }
  for (const entry of entries) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) yield* fixtureFiles(child);
    else if (/\.json(\.gz)?$/.test(entry.name) && entry.name !== "index.json") yield child;
  }
}

/** Reads the cases of one file. */
export async function readCases(file: string): Promise<Case[] | UnusableFile> {
  if (basename(file) === CHAIN_FILE) return [chainCase(file)];
  const bytes = await readFile(file);
  let json: unknown;
  try {
    json = JSON.parse((file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString());
  } catch (error) {
    return {
      file,
      verdict: "failed",
      reason: `it cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const fixtures = typeof json === "object" && json !== null ? Object.entries(json) : [];
  const cases: Case[] = [];
  const states: StateFixture[] = [];
  for (const [name, fixture] of fixtures) {
    if (typeof fixture !== "object" || fixture === null) continue;
    if (isBlockchainFixture(fixture)) cases.push(blockchainCase(file, name, fixture));
    else if (isEngineFixture(fixture)) cases.push(blockchainCase(file, name, blocksOfPayloads(fixture)));
    else if (isStateFixture(fixture)) {
      cases.push(stateCase(file, name, fixture));
      states.push(fixture);
    }
  }
  if (cases.length === 0) return { file, verdict: "skipped", reason: "it has no blockchain or state tests" };
  return [...cases, ...stackedCases(file, states)];
}

function blockchainCase(file: string, name: string, fixture: BlockchainFixture): Case {
  return {
    file,
    name,
    fork: fixture.network,
    run: (executorFor, mode) => runBlockchainCase(fixture, executorFor(mode), mode),
  };
}

function stateCase(file: string, name: string, fixture: StateFixture): Case {
  return {
    file,
    name,
    fork: Object.keys(fixture.post).join(),
    run: (executorFor, mode) => runStateFixture(fixture, executorFor(mode), mode),
  };
}

function stackedCases(file: string, states: StateFixture[]): Case[] {
  return stackCases(states).map((stack, i) => ({
    file,
    name: `stack ${i + 1}: ${stack.transactions.length} transactions of this file in one block`,
    fork: stack.fork,
    run: async (executorFor, mode) => (mode === SEQUENTIAL ? undefined : runStack(stack, executorFor, mode)),
  }));
}

function chainCase(file: string): Case {
  const folder = dirname(file);
  return {
    file,
    name: basename(folder),
    fork: "several",
    run: (executorFor, mode) => runChainCase(folder, executorFor(mode), mode),
  };
}
