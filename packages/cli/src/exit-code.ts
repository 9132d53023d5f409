// The exit codes of all commands.

import type { ReplaySummary } from "@braid/replay";

/** Scripts rely on these. */
export const ExitCode = {
  Ok: 0,
  /** Something could not be done. */
  Failure: 1,
  /** The command line is wrong. */
  Usage: 2,
  /** It was done, and a result does not match. */
  Mismatch: 3,
  /** Ctrl-C: 128 + SIGINT. */
  Interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Of whatever replays files. A wrong result weighs more than a file that could not be replayed. */
export function replayExitCode({ totals, interrupted }: ReplaySummary): ExitCode {
  if (interrupted) return ExitCode.Interrupted;
  if (totals.mismatch > 0) return ExitCode.Mismatch;
  return totals.error > 0 ? ExitCode.Failure : ExitCode.Ok;
}
