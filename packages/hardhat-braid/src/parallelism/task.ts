// `hardhat parallelism`: runs the project's tests on Braid, and tells which state variables make their users wait for each other.

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Executor } from "@braid/executor";
import { Simulator } from "@braid/profiler";
import { HardhatPluginError } from "hardhat/plugins";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import { CodeMatcher, readBuilds } from "../layout/index.ts";
import { compareReports, readBaseline } from "./baseline.ts";
import { printedReport } from "./print.ts";
import { profileBlock } from "./profile-block.ts";
import { type Recorder, recording } from "./recorder.ts";
import { makeReport, type Report, type ReportedBlock } from "./report.ts";
import { runTests } from "./run-tests.ts";
import { blockOfFunction, calledFunctions } from "./traffic.ts";

export interface ParallelismArguments {
  testFiles: string[];
  users: number;
  at: number;
  minSpeedup: number;
  json: string | undefined;
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
  const report = await reportOf(recorder, failedTests, args, hre);
  console.log(printedReport(report, baseline && compareReports(baseline, report)));
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (args.json !== undefined) await writeFile(args.json, text);
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
  { users, at }: ParallelismArguments,
  hre: HardhatRuntimeEnvironment,
): Promise<Report> {
  const matcher = new CodeMatcher(await readBuilds(hre.artifacts));
  const functions = await calledFunctions(recorder, matcher);
  if (functions.length === 0)
    fail("The tests only send ether from account to account: nobody waits for anybody there.");
  const executor = new Executor();
  try {
    const simulator = new Simulator();
    const tools = { executor, simulator, matcher, at };
    const blocks: ReportedBlock[] = [];
    const leftOut: Report["leftOut"] = [];
    await executor.warmUp();
    for (const called of functions) {
      const found = await blockOfFunction(executor, recorder, matcher, called, users);
      if ("reason" in found) {
        leftOut.push({ name: shortened(called.name), reason: found.reason });
        continue;
      }
      const { block: formed } = found;
      const profiled = await profileBlock(tools, formed);
      const { to, data } = formed.call.transaction;
      blocks.push({ ...(await profiled.names.functionName(to, data)), formed, profiled });
    }
    const { transactions, deployments, failed } = recorder.counts;
    const traffic = { transactions, deployments, failed, failedTests };
    return makeReport(simulator, blocks, { at, users, traffic, leftOut });
  } finally {
    await executor.close();
  }
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
