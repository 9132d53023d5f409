// What a caller keeps beside the states: entries of bytes, written together with a block or alone.
import { BaseError } from "@braid/primitives";

/** One of the caller's own entries; without a value it is removed. */
export interface RecordChange {
  /** 1 to 1,024 bytes. */
  key: Uint8Array;
  value: Uint8Array | undefined;
}

/** Which of the caller's entries: keys from `from` on and below `to`, ascending unless `reverse`. */
export interface RecordRange {
  from?: Uint8Array;
  to?: Uint8Array;
  reverse?: boolean;
}

const MAX_KEY_BYTES = 1_024;

/** The changes as a list that nobody else changes. Throws RecordKeyError. */
export function copyRecords(records: Iterable<RecordChange>): RecordChange[] {
  return Array.from(records, ({ key, value }) => {
    if (key.length === 0 || key.length > MAX_KEY_BYTES) throw new RecordKeyError(key.length);
    return { key: key.slice(), value: value?.slice() };
  });
}

/** A record's key is empty or too long. Code BRAID_RECORD_KEY. */
export class RecordKeyError extends BaseError {
  constructor(length: number) {
    super("BRAID_RECORD_KEY", `A record's key has 1 to ${MAX_KEY_BYTES} bytes, not ${length}.`, {
      data: { length },
    });
  }
}
