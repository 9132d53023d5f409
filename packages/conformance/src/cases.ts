// The cases under some paths: every fixture of every JSON file, every chain to import, and each file's stacks of transactions.

import { basename, dirname } from "node:path";
import { FileError } from "@braid/primitives";
import { runBlockchainCase } from "./blockchain-case.ts";
import { runChainCase } from "./chain-case.ts";
import { blocksOfPayloads } from "./engine-payloads.ts";
import { CHAIN_FILE } from "./fixture-files.ts";
import { checkBlockchainFixture, checkEngineFixture, checkStateFixture } from "./fixture-shape.ts";
import {
  type BlockchainFixture,
  type EngineFixture,
  isBlockchainFixture,
  isEngineFixture,
  isStateFixture,
  type StateFixture,
} from "./fixture-types.ts";
import { type BlockExecutor, type RunMode, SEQUENTIAL } from "./modes.ts";
import { readJson } from "./read-json.ts";
import { runStack, stackCases } from "./stacked-cases.ts";
import { runStateFixture } from "./state-case.ts";

/** Something to run in each mode. */
export interface Case {
  file: string;
  name: string;
  fork: string;
  /**
   * Runs it in one mode; returns why it fails, or undefined. Throws UnknownNetworkError for what cannot be run, and FileError for a
   * fixture that lacks what its kind of test needs.
   */
  run: (executorFor: (mode: RunMode) => BlockExecutor, mode: RunMode) => Promise<string | undefined>;
}

/**
 * Reads the cases of one file; none when its JSON has no tests.
 *
 * @throws FileError
 */
export async function readCases(file: string, maxFileBytes?: number): Promise<Case[]> {
  if (basename(file) === CHAIN_FILE) return [chainCase(file, maxFileBytes)];
  const cases: Case[] = [];
  const states: StateFixture[] = [];
  const json = await readJson(file, maxFileBytes);
  for (const [name, fixture] of Object.entries(typeof json === "object" && json !== null ? json : {})) {
    if (typeof fixture !== "object" || fixture === null) continue;
    try {
      if (isBlockchainFixture(fixture)) {
        checkBlockchainFixture(fixture);
        cases.push(blockchainCase(file, name, fixture));
      } else if (isEngineFixture(fixture)) {
        checkEngineFixture(fixture);
        cases.push(engineCase(file, name, fixture));
      } else if (isStateFixture(fixture)) {
        checkStateFixture(fixture);
        cases.push(stateCase(file, name, fixture));
        states.push(fixture);
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      cases.push({ file, name, fork: "", run: () => Promise.reject(error) });
    }
  }
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

function engineCase(file: string, name: string, fixture: EngineFixture): Case {
  let blocks: BlockchainFixture | undefined;
  return {
    file,
    name,
    fork: fixture.network,
    run: (executorFor, mode) => {
      blocks ??= blocksOfPayloads(fixture);
      return runBlockchainCase(blocks, executorFor(mode), mode);
    },
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
    run: async (executorFor, mode) =>
      mode.name === SEQUENTIAL.name ? undefined : runStack(stack, executorFor, mode),
  }));
}

function chainCase(file: string, maxFileBytes: number | undefined): Case {
  const folder = dirname(file);
  return {
    file,
    name: basename(folder),
    fork: "several",
    run: (executorFor, mode) => runChainCase(folder, executorFor(mode), mode, maxFileBytes),
  };
}
