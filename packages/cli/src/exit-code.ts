// The exit codes of all commands.

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
