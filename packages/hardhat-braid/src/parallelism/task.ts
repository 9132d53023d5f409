// `hardhat parallelism`: runs the project's tests on Braid, and tells which state variables make their users wait for each other.

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Executor } from "@braid/executor";
import { Simulator } from "@braid/profiler";
import { HardhatPluginError } from "hardhat/plugins";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { CodeMatcher, readBuilds } from "../layout/index.ts";
import { compareReports, readBaseline } from "./baseline.ts";
import { BlockNames } from "./names.ts";
import { pageOf } from "./page.ts";
import { printedReport } from "./print.ts";
import { type ProfileTools, profileBlock } from "./profile-block.ts";
import { type Recorder, recording } from "./recorder.ts";
import { makeReport, type Report, type ReportedBlock } from "./report.ts";
import { runTests } from "./run-tests.ts";
import { readScenario, type Scenario } from "./scenario.ts";
import { blockOfScenario } from "./scenario-block.ts";
import { blockOfFunction, type CalledFunction, calledFunctions } from "./traffic.ts";

export interface ParallelismArguments {
  testFiles: string[];
  users: number;
  at: number;
  minSpeedup: number;
  scenario: string | undefined;
  json: string | undefined;
  html: string | undefined;
  baseline: string;
  save: boolean;
}

const MOST_USERS = 5_000;
const MOST_WORKERS = 64;

export default async function parallelism(
  args: ParallelismArguments,
  hre: HardhatRuntimeEnvironment,
): Promise<Report> {
  check(args);
  const baselinePath = resolve(hre.config.paths.root, args.baseline);
  const baseline = await readBaseline(baselinePath);
  let failedTests = 0;
  const recorder = await recording(async () => {
    failedTests = await runTests(hre, args.testFiles);
  });
  refuseEmpty(recorder, failedTests);
  const { report, blocks } = await reportOf(recorder, failedTests, args, hre);
  console.log(printedReport(report, baseline && compareReports(baseline, report)));
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (args.json !== undefined) await writeFile(args.json, text);
  if (args.html !== undefined) await writeFile(args.html, await pageOf(blocks, args.at));
  if (args.save) await writeFile(baselinePath, text);
  judge(report, args.minSpeedup);
  return report;
}

/** Throws HardhatPluginError. */
function check({ users, at, minSpeedup }: ParallelismArguments): void {
  if (users < 2 || users > MOST_USERS) fail(`--users is a number from 2 to ${MOST_USERS}.`);
  if (at < 1 || at > MOST_WORKERS) fail(`--at is a number of cores from 1 to ${MOST_WORKERS}.`);
  if (minSpeedup < 0) fail("--min-speedup is a number such as 4, or 0 for none.");
}

function fail(sentence: string): never {
  throw new HardhatPluginError("hardhat-braid", sentence);
}

function refuseEmpty({ counts, calls }: Recorder, failedTests: number): void {
  if (calls.size > 0) return;
  if (counts.transactions === 0)
    fail(
      failedTests > 0
        ? `The tests have sent no transactions: ${failedTests} of them failed. Make them pass with "hardhat test" first.`
        : "The tests have sent no transactions. Are they on a network of the type edr-simulated, and without a process of their own?",
    );
  fail(
    `Of the tests' ${counts.transactions} transactions ${counts.deployments} create contracts and ${counts.failed} fail: none calls anything. There is nothing that users could do at the same time.`,
  );
}

async function reportOf(
  recorder: Recorder,
  failedTests: number,
  { users, at, scenario }: ParallelismArguments,
  hre: HardhatRuntimeEnvironment,
): Promise<{ report: Report; blocks: readonly ReportedBlock[] }> {
  const matcher = new CodeMatcher(await readBuilds(hre.artifacts));
  const functions = await calledFunctions(recorder, matcher);
  if (functions.length === 0)
    fail("The tests only send ether from account to account: nobody waits for anybody there.");
  const planned = scenario && (await readScenario(resolve(hre.config.paths.root, scenario)));
  const executor = new Executor();
  try {
    await executor.warmUp();
    const simulator = new Simulator();
    const work: Work = { recorder, functions, users, tools: { executor, simulator, matcher, at } };
    const { blocks, leftOut } = planned ? await scenarioBlocks(work, planned) : await functionBlocks(work);
    const { transactions, deployments, failed } = recorder.counts;
    const traffic = { transactions, deployments, failed, failedTests };
    return { report: makeReport(simulator, blocks, { at, users, traffic, leftOut }), blocks };
  } finally {
    await executor.close();
  }
}

interface Work {
  recorder: Recorder;
  functions: readonly CalledFunction[];
  users: number;
  tools: ProfileTools;
}

interface Blocks {
  blocks: ReportedBlock[];
  leftOut: Report["leftOut"];
}

/** A block of each function. */
async function functionBlocks({ recorder, functions, users, tools }: Work): Promise<Blocks> {
  const { executor, matcher } = tools;
  const found: Blocks = { blocks: [], leftOut: [] };
  for (const called of functions) {
    const made = await blockOfFunction(executor, recorder, matcher, called, users);
    if ("reason" in made) {
      found.leftOut.push({ name: shortened(called.name), reason: made.reason });
      continue;
    }
    const { block: formed } = made;
    const profiled = await profileBlock(tools, formed);
    const { to, data } = formed.call.transaction;
    found.blocks.push({ ...(await profiled.names.functionName(to, data)), formed, profiled });
  }
  return found;
}

async function scenarioBlocks(
  { recorder, functions, users, tools }: Work,
  { blocks }: Scenario,
): Promise<Blocks> {
  const found: Blocks = { blocks: [], leftOut: [] };
  for (const block of blocks) {
    const formed = await blockOfScenario(tools.executor, recorder, functions, block, users);
    const { failure, failed, input } = formed;
    if (failure !== undefined) {
      const reason = await new BlockNames(tools.matcher, formed, tools.executor).errorName(failure);
      const all = failed + input.senders.length;
      found.leftOut.push({ name: block.name, reason: `${failed} of ${all} calls fail: ${reason}` });
    }
    if (input.senders.length === 0) continue;
    const profiled = await profileBlock(tools, formed);
    found.blocks.push({ name: block.name, place: undefined, formed, profiled });
  }
  return found;
}

/** `Pool.swap(uint256,address)` as the report has it. */
function shortened(name: string): string {
  return name.replace(/\(.*$/, "");
}

function judge({ speedup, at }: Report, least: number): void {
  const reached = speedup.simulated[String(at)] ?? 1;
  if (reached >= least) return;
  console.error(`The speed-up at ${at} cores is ${reached}, and at least ${least} is asked for.`);
  process.exitCode = 1;
}
