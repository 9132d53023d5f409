// Runs what others do not disturb: what is measured on a shared machine counts only when nobody else used it meanwhile.

import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** What others may use of the machine: this share of the time on one core, and what the clocks cannot tell (milliseconds). */
const SHARE = 0.05;
const CLOCK_MS = 10;
/** How long a moment is in which nobody else must have done anything before a run begins; and how long one waits for it, at most. */
const MOMENT_MS = 30;
const PATIENCE_MS = 5_000;

/** Milliseconds that all cores have worked so far, less those of this process. */
function othersMs(): number {
  const busy = cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
  const { user, system } = process.cpuUsage();
  return busy - (user + system) / 1000;
}

async function waitForQuiet(): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const before = othersMs();
    await sleep(MOMENT_MS);
    if (othersMs() - before <= CLOCK_MS / 2) return;
  }
}

/** Runs something, again when others have disturbed it, but at most `attempts` times: then the last one has to do, and `disturbed` is true. */
export async function quietly<Result>(
  run: () => Promise<Result>,
  attempts = 5,
): Promise<{ result: Result; disturbed: boolean }> {
  for (;;) {
    attempts--;
    await waitForQuiet();
    const [before, begin] = [othersMs(), performance.now()];
    const result = await run();
    const disturbed = othersMs() - before > CLOCK_MS + SHARE * (performance.now() - begin);
    if (!disturbed || attempts <= 0) return { result, disturbed };
  }
}
