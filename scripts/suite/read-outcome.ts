// What `hardhat test` prints, as the outcome of each test: mocha's reporter and Hardhat's for node:test print the same tree.

import { stripVTControlCharacters } from "node:util";

/** "passed", "failed" or "skipped" by the tests' whole names. */
export type Outcomes = Map<string, "passed" | "failed" | "skipped">;

const PASSED = /^✔ (.*?)(?: \(\d+(?:ms|s|m)\))?$/;
const FAILED = /^\d+\) (.*?)(?: \(\d+(?:ms|s|m)\))?$/;
const SKIPPED = /^- (.*)$/;
/** Where a runner begins and ends to print its tree. */
const BEGIN = /^Running .*tests$/;
const END = /^\d+ (?:passing|failing|pending|skipped)/;

/** Tests of the same name get numbers. */
export function readOutcomes(printed: string): Outcomes {
  const outcomes: Outcomes = new Map();
  const suites: { indent: number; name: string }[] = [];
  let isTree = false;
  for (const raw of stripVTControlCharacters(printed).split("\n")) {
    const line = raw.trimEnd();
    const text = line.trimStart();
    if (BEGIN.test(text)) isTree = true;
    else if (END.test(text)) isTree = false;
    if (!isTree || text === "" || BEGIN.test(text)) continue;
    const indent = line.length - text.length;
    // What tests print themselves begins at the margin, their suites do not.
    if (indent === 0) continue;
    while ((suites.at(-1)?.indent ?? -1) >= indent) suites.pop();
    const path = suites.map(({ name }) => name);
    const passed = PASSED.exec(text)?.[1];
    const failed = FAILED.exec(text)?.[1];
    const skipped = SKIPPED.exec(text)?.[1];
    if (passed !== undefined) add(outcomes, [...path, passed], "passed");
    else if (failed !== undefined) add(outcomes, [...path, failed], "failed");
    else if (skipped !== undefined) add(outcomes, [...path, skipped], "skipped");
    else suites.push({ indent, name: text });
  }
  return outcomes;
}

function add(outcomes: Outcomes, path: string[], outcome: "passed" | "failed" | "skipped"): void {
  const name = path.join(" > ");
  let unique = name;
  for (let n = 2; outcomes.has(unique); n++) unique = `${name} (${n})`;
  outcomes.set(unique, outcome);
}

export function countOf(outcomes: Outcomes, kind: "passed" | "failed" | "skipped"): number {
  return [...outcomes.values()].filter((one) => one === kind).length;
}

/** The tests that came to something else on one side, and to what on each. */
export function differences(one: Outcomes, other: Outcomes): { name: string; outcomes: [string, string] }[] {
  const names = new Set([...one.keys(), ...other.keys()]);
  return [...names]
    .map((name) => ({
      name,
      outcomes: [one.get(name) ?? "missing", other.get(name) ?? "missing"] as [string, string],
    }))
    .filter(({ outcomes: [a, b] }) => a !== b);
}
