// Worker threads that cannot start, because something is not installed or must not be read: each call is rejected with an error that says
// what to do, and the program that made it goes on and ends as it likes.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Executor } from "./executor.ts";
import { fingerprint, inputOf, runBraid } from "./testing/agree.ts";
import { inTime } from "./testing/deadline.ts";
import { spyOnPools } from "./testing/pool-spy.ts";

const file = (name: string): string => fileURLToPath(new URL(`./testing/${name}`, import.meta.url));

/** Runs the program with broken workers; gives what it says and how it ends. */
async function runBroken(how: string, when: string): Promise<{ code: unknown; output: string }> {
  const child = spawn(
    process.execPath,
    ["--import", file("break-workers.mjs"), file("broken-workers-child.ts"), when],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, BRAID_TEST_BREAK: how } },
  );
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  const code = await inTime(new Promise((resolve) => child.on("exit", resolve)), "the program");
  return { code, output };
}

/** What each of the program's calls is told. */
function startError(reasonCode: string, remedy: string, calls = 6): object[] {
  const error = {
    name: "WorkerStartError",
    code: "BRAID_WORKER_START",
    message: expect.stringContaining(remedy),
    data: { reasonCode, reason: expect.any(String) },
  };
  return Array.from({ length: calls }, () => error);
}

describe.each(["at once", "idle"])("workers that cannot start (%s)", (when) => {
  test.each([
    ["missing @ethereumjs/evm", "ERR_MODULE_NOT_FOUND", "Install the dependencies"],
    ["missing @ethereumjs/util", "ERR_MODULE_NOT_FOUND", "Install the dependencies"],
    ["denied @ethereumjs/util", "EACCES", "Let this user"],
    ["syntax @ethereumjs/util", "BRAID_UNKNOWN_ERROR", "report"],
    ["exit @ethereumjs/util", "BRAID_UNKNOWN_ERROR", "report"],
  ])("%s", async (how, reasonCode, remedy) => {
    const { code, output } = await runBroken(how, when);
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual(startError(reasonCode, remedy));
  });
});

test("a warm-up of workers that cannot start takes nothing from what the blocks after it are told", async () => {
  const { code, output } = await runBroken("missing @ethereumjs/evm", "warm-up");
  expect(code).toBe(0);
  expect(JSON.parse(output)).toEqual(startError("ERR_MODULE_NOT_FOUND", "Install the dependencies", 7));
});

describe("workers without a library that few blocks need", () => {
  test("start, and execute blocks that do not call it", async () => {
    const { code, output } = await runBroken("missing mcl-wasm", "at once");
    expect(code).toBe(0);
    expect(JSON.parse(output)).toEqual(Array.from({ length: 6 }, () => String(20 * 21_000)));
  });

  test.each([
    ["missing mcl-wasm", "ERR_MODULE_NOT_FOUND", "Install the dependencies"],
    ["denied mcl-wasm", "EACCES", "Let this user"],
    ["syntax mcl-wasm", "BRAID_UNKNOWN_ERROR", "report"],
  ])(
    "reject those that do, and never take it for a precompile that fails: %s",
    async (how, reasonCode, remedy) => {
      const { code, output } = await runBroken(how, "pairing");
      expect(code).toBe(0);
      expect(JSON.parse(output)).toEqual(startError(reasonCode, remedy));
    },
  );
});

afterEach(() => {
  vi.restoreAllMocks();
});

test("threads that are killed while they start are started anew for the next block", async () => {
  const builder = new BlockBuilder("osaka");
  builder.fund(keyed(0));
  for (let i = 0; i < 12; i++) builder.send({ from: keyed(0), to: plainAddress(i), value: 1 });
  const block = await builder.build();
  const right = fingerprint(await runBraid(block, 1, { mode: "sequential" }));
  const spy = spyOnPools();
  const executor = new Executor({ workers: 2 });
  onTestFinished(() => inTime(executor.close(), "close()"));
  for (let i = 0; i < 6; i++) {
    const running = executor.executeBlock(inputOf(block)).then(fingerprint, (error: unknown) => error);
    // Twice: those that replace the first ones have not started yet then.
    for (let j = 0; j < 2 + i; j++) {
      await new Promise((resolve) => setTimeout(resolve, 5 * i));
      if (spy.hasPool()) await Promise.all(spy.pool().threads.map((thread) => thread.terminate()));
    }
    const end = await inTime(running);
    if (end !== right)
      expect(end).toMatchObject({ code: expect.stringMatching(/^BRAID_WORKER_(DIED|START)$/) });
  }
  expect(fingerprint(await inTime(executor.executeBlock(inputOf(block)), "the next block"))).toBe(right);
});
