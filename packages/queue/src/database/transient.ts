// Which errors of a database pass by themselves: it restarts, the network was gone, somebody else was in the way.

/** Of Postgres: connections, resources, shutting down and starting, and what a transaction is rolled back for to be tried again. */
const PASSING_STATES = /^(08...|53[23]00|57P0[123]|40001|40P01|25006|55P03)$/;
const PASSING_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "EAI_AGAIN",
]);
/** What the driver and its pool say without a code. */
const PASSING_WORDS =
  /connection terminated|connection ended|client has encountered a connection error|timeout exceeded when trying to connect|query read timeout|connection timeout|not queryable|transaction is already settled/i;

/** True when trying again helps. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (code !== undefined) return PASSING_CODES.has(code) || PASSING_STATES.test(code);
  return PASSING_WORDS.test(error.message);
}

/** Postgres's or the system's code. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

const FIRST_WAIT_MS = 100;
/** A database that has restarted is found again within this. */
const LONGEST_WAIT_MS = 2_000;

/** Milliseconds before the next attempt, counted from 0: doubled each time, and not the same in all processes. */
export function waitBefore(attempt: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
}
