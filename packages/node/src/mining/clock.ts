// The node's time: the system's, moved by whoever tests what time does.

import { BaseError } from "@braid/primitives";

/** The last second that a date can have (ECMA-262): some hundred thousand years from now. */
const LAST_SECOND = 8_640_000_000_000n;
/** The longest time between blocks: a hundred years. */
const LONGEST_INTERVAL = 3_155_760_000n;

/** What a snapshot keeps of the clock. */
export interface ClockState {
  /** The node's time when it was asked, in seconds. */
  readonly now: bigint;
  readonly next: bigint | undefined;
  readonly interval: bigint | undefined;
}

export interface ClockOptions {
  /** A block may have its parent's timestamp. Default: it is later. */
  sameTimestamps?: boolean;
  /** Milliseconds since 1970. Default: the system's. */
  system?: () => number;
}

export class Clock {
  /** Seconds by which the node is ahead of the system. */
  #offset = 0n;
  #next: bigint | undefined;
  #interval: bigint | undefined;
  readonly #system: () => number;
  /** Seconds by which a block is later than its parent at least. */
  readonly #step: bigint;

  constructor({ sameTimestamps = false, system = Date.now }: ClockOptions = {}) {
    this.#system = system;
    this.#step = sameTimestamps ? 0n : 1n;
  }

  /** The node's time in seconds. */
  get now(): bigint {
    return this.#seconds() + this.#offset;
  }

  get offset(): bigint {
    return this.#offset;
  }

  /** Seconds between blocks instead of the time that passes; undefined: the time that passes. Throws TimestampError. */
  set interval(seconds: bigint | undefined) {
    if (seconds !== undefined && seconds > LONGEST_INTERVAL)
      throw new TimestampError(
        `${seconds} seconds between blocks are more than ${LONGEST_INTERVAL}`,
        seconds,
      );
    this.#interval = seconds;
  }

  /** Moves the time forward, or back. Throws TimestampError. */
  increase(seconds: bigint): void {
    this.set(this.now + seconds);
  }

  /** It is `timestamp` now. Throws TimestampError. */
  set(timestamp: bigint): void {
    this.check(timestamp);
    this.#moveTo(timestamp);
  }

  /** The next block has this timestamp. Throws TimestampError when it cannot follow its parent's. */
  setNext(timestamp: bigint, parent: bigint): void {
    if (timestamp < parent + this.#step)
      throw new TimestampError(
        `Timestamp ${timestamp} is lower than or equal to previous block's timestamp ${parent}`,
        timestamp,
        parent,
      );
    this.check(timestamp);
    this.#next = timestamp;
  }

  /** The timestamp of the block after one of `parent`. */
  timestampAfter(parent: bigint): bigint {
    if (this.#next !== undefined && this.#next >= parent + this.#step) return this.#next;
    if (this.#interval !== undefined) return parent + this.#interval;
    const { now } = this;
    if (now < parent + this.#step) return parent + this.#step;
    return now;
  }

  /** Seconds from block to block, when no time passes meanwhile. */
  get usualStep(): bigint {
    return this.#interval ?? this.#step;
  }

  /** Throws TimestampError for a time that no block can have. */
  check(timestamp: bigint): void {
    if (timestamp > LAST_SECOND)
      throw new TimestampError(`Timestamp ${timestamp} is in no calendar`, timestamp);
  }

  /** A block with this timestamp is there: time goes on from it when somebody had chosen it, or when it is not that late yet. */
  passed(timestamp: bigint): void {
    if (this.#next !== undefined || this.#interval !== undefined || timestamp > this.now)
      this.#moveTo(timestamp);
    this.#next = undefined;
  }

  snapshot(): ClockState {
    return { now: this.now, next: this.#next, interval: this.#interval };
  }

  /** It is again as late as it was then. */
  restore({ now, next, interval }: ClockState): void {
    this.#moveTo(now);
    this.#next = next;
    this.#interval = interval;
  }

  #moveTo(timestamp: bigint): void {
    this.#offset = timestamp - this.#seconds();
  }

  #seconds(): bigint {
    return BigInt(Math.floor(this.#system() / 1_000));
  }
}

/** A block cannot have a timestamp. Code BRAID_TIMESTAMP. */
export class TimestampError extends BaseError {
  constructor(message: string, timestamp: bigint, parent?: bigint) {
    super("BRAID_TIMESTAMP", message, { data: { timestamp, parent } });
  }
}
