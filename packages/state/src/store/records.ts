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
  const given = [...records];
  let length = 0;
  for (const { key, value } of given) {
    if (key.length === 0 || key.length > MAX_KEY_BYTES) throw new RecordKeyError(key.length);
    length += key.length + (value?.length ?? 0);
  }
  // PERF: one buffer for all: a buffer for each takes 200 bytes besides what is in it, and they are mostly kept together.
  const copy = new Uint8Array(length);
  let end = 0;
  const copied = (bytes: Uint8Array): Uint8Array => {
    const begin = end;
    end += bytes.length;
    copy.set(bytes, begin);
    return copy.subarray(begin, end);
  };
  return given.map(({ key, value }) => ({ key: copied(key), value: value && copied(value) }));
}

/** A record's key is empty or too long. Code BRAID_RECORD_KEY. */
export class RecordKeyError extends BaseError {
  constructor(length: number) {
    super("BRAID_RECORD_KEY", `A record's key has 1 to ${MAX_KEY_BYTES} bytes, not ${length}.`, {
      data: { length },
    });
  }
}
