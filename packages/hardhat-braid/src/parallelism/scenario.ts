// Scenario files: which functions are called, how often, by how many users, with which arguments.

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { HardhatPluginError } from "hardhat/plugins";

/** What a scenario file holds, or exports as its default. */
export interface Scenario {
  /** Each is executed by itself. */
  blocks: ScenarioBlock[];
}

export interface ScenarioBlock {
  name: string;
  calls: ScenarioCall[];
}

export interface ScenarioCall {
  /** A function that the tests have called, `Pool.swap`; with its parameters, `Pool.swap(uint256,address)`, where several have the name. */
  function: string;
  /** How many users call it; default: as many as the task is told. */
  users?: number;
  /** How often each of them does; default: once. */
  times?: number;
  /**
   * The arguments; default: the recorded ones, with each user's own addresses in the place of the recorded user's. In a list, null leaves one as it is recorded, and
   * text is an expression of `index`, `time`, `user` and `recorded`.
   */
  args?: (string | number | null)[] | ((user: ScenarioUser) => unknown[]);
}

export interface ScenarioUser {
  /** From 0 on, among those who call the function. */
  index: number;
  /** From 0 on, among the user's calls of it. */
  time: number;
  /** Of the user. */
  address: string;
  /** The arguments as recorded, with the user's own addresses. */
  recorded: readonly unknown[];
}

const MOST_CALLS = 20_000;

/** Reads JSON, or imports a module. Rejects with HardhatPluginError for what is no scenario. */
export async function readScenario(path: string): Promise<Scenario> {
  const found = path.endsWith(".json") ? await readJson(path) : await importDefault(path);
  const { blocks } = (typeof found === "object" && found !== null ? found : {}) as Partial<Scenario>;
  if (!Array.isArray(blocks) || blocks.length === 0) refuse(path, "it has no list called blocks");
  for (const [i, block] of blocks.entries()) checkBlock(path, block, i);
  return { blocks };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    return refuse(path, error instanceof Error ? error.message : String(error));
  }
}

async function importDefault(path: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    return refuse(path, error instanceof Error ? error.message : String(error));
  }
}

function checkBlock(path: string, { name, calls }: Partial<ScenarioBlock>, index: number): void {
  if (typeof name !== "string" || name === "") refuse(path, `block ${index} has no name`);
  if (!Array.isArray(calls) || calls.length === 0)
    refuse(path, `the block "${name}" has no list called calls`);
  for (const call of calls) {
    if (typeof call.function !== "string")
      refuse(path, `a call in "${name}" does not say which function it calls`);
    const { users = 1, times = 1 } = call;
    const isCount = Number.isInteger(users) && users > 0 && Number.isInteger(times) && times > 0;
    if (!isCount || users * times > MOST_CALLS)
      refuse(
        path,
        `${call.function} in "${name}": users and times are whole numbers, ${MOST_CALLS} calls at most`,
      );
  }
}

function refuse(path: string, reason: string): never {
  throw new HardhatPluginError("hardhat-braid", `${path} is no scenario: ${reason}.`);
}
