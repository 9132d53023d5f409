// A walk through the bindings: one instance executes a block of two units.

import { expect, test } from "vitest";
import { Kernel, PeekStatus, StepCode } from "./index.ts";

test("one instance executes, publishes and commits two units", () => {
  const kernel = Kernel.create({ blockArenaBytes: 1 << 20, stateArenaBytes: 1 << 20, maxWorkers: 2 });
  kernel.resetBlock(2);
  const { scratch, u8, u64 } = kernel;
  u8.fill(7, scratch, scratch + 20);
  const record = kernel.account();
  expect(kernel.peek(kernel.balanceLocation(record), 1)).toBe(PeekStatus.Missing);
  u64.fill(0n, (scratch + 64) >>> 3, (scratch + 128) >>> 3);
  u64[(scratch + 64) >>> 3] = 100n;
  kernel.flatPutAccount(scratch, true, false, 3n, scratch + 64, scratch + 96);
  const seen: bigint[] = [];
  for (let code = kernel.next(); code === StepCode.Execute; code = kernel.next()) {
    const unit = kernel.taskUnit();
    const incarnation = kernel.taskIncarnation();
    kernel.beginIncarnation();
    expect(kernel.read(kernel.balanceLocation(record), unit)).toBe(PeekStatus.Ok);
    seen.push(u64[scratch >>> 3] ?? 0n);
    u64[scratch >>> 3] = 5n;
    kernel.writeDelta(kernel.balanceLocation(record));
    kernel.finishExecution(unit, incarnation, kernel.publishAll(unit, incarnation));
  }
  expect(seen).toEqual([100n, 105n]);
  expect(kernel.finalValue(kernel.balanceLocation(record))).toBe(PeekStatus.Ok);
  expect(u64[scratch >>> 3]).toBe(110n);
  expect(kernel.progress()).toMatchObject({ committed: 2, executions: 2, aborts: 0 });
});
