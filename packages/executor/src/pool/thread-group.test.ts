// Threads that work for months: what a task had is freed when it has ended.

import { MessageChannel } from "node:worker_threads";
import { expect, onTestFinished, test } from "vitest";
import { ThreadMember } from "./thread-group.ts";

const WORKER = new URL("../testing/ports-worker.ts", import.meta.url).href;

test("the ports of tasks that have ended do not pile up in a thread", async () => {
  const member = new ThreadMember(WORKER, 1);
  onTestFinished(() => member.leave());
  let resources: number | undefined;
  for (let i = 0; i < 300; i++) {
    const { port1, port2 } = new MessageChannel();
    resources = await member.give<number>({ port: port2 }, [port2]).end;
    port1.close();
  }
  expect(resources).toBeLessThan(60);
});
