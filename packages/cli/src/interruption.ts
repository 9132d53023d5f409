// What Ctrl-C does to a command: the first one ends it in order, a second one does not wait for the workers.

import { ExitCode } from "./exit-code.ts";
import type { ProgressBar } from "./progress-bar.ts";

export interface Interruption {
  signal: AbortSignal;
  /** When the command has ended: takes the bar away, and leaves Ctrl-C to others. */
  release(): void;
}

/** @param names the signals that end the command; default: Ctrl-C's. */
export function onInterruption(
  bar: ProgressBar,
  names: readonly NodeJS.Signals[] = ["SIGINT"],
): Interruption {
  const abort = new AbortController();
  const interrupt = (): void => {
    if (abort.signal.aborted) process.exit(ExitCode.Interrupted);
    bar.clear();
    abort.abort();
  };
  for (const name of names) process.on(name, interrupt);
  return {
    signal: abort.signal,
    release: () => {
      bar.clear();
      for (const name of names) process.off(name, interrupt);
    },
  };
}
