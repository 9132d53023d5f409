// How a process uses the database. A file of its own: pg-boss's types are not part of what users of this package check.

export interface DatabaseOptions {
  /** Who it is, for pg_stat_activity. */
  applicationName: string;
  /** Ends the patience. */
  signal: AbortSignal;
  /** The database went away (with a reason), or is back. */
  onConnection?: (lost: string | undefined) => void;
}
