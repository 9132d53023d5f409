// Numbers, times and sizes as people read them.

const GROUPED = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 1234567 -> "1,234,567". */
export function formatCount(value: number): string {
  return GROUPED.format(value);
}

/** Milliseconds with about three digits: "0.42 ms", "12.3 ms", "345 ms", "1.23 s", "62.1 s". */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${threeDigits(ms / 1000)} s`;
  return `${threeDigits(ms)} ms`;
}

/** A time to wait for: "26 s", "4 min", "2.5 h". */
export function formatDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${formatCount(seconds)} s`;
  return seconds < 7200 ? `${formatCount(seconds / 60)} min` : `${threeDigits(seconds / 3600)} h`;
}

/** "0.42", "12.3", "345". */
export function threeDigits(value: number): string {
  if (value >= 100) return GROUPED.format(value);
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** How many times as fast: "1.86x"; "-" when it is not known. */
export function formatSpeedup(factor: number | undefined): string {
  return factor === undefined ? "-" : `${threeDigits(factor)}x`;
}

/** "345 MB". */
export function formatBytes(bytes: number): string {
  return `${formatCount(bytes / 1e6)} MB`;
}

/** "1 block", "2 blocks", "2 mismatches". */
export function plural(count: number, noun: string): string {
  const ending = count === 1 ? "" : /(?:s|ch)$/.test(noun) ? "es" : "s";
  return `${formatCount(count)} ${noun}${ending}`;
}
