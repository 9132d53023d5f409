// How an incarnation is left in its middle. Both are thrown through the engine and caught by the unit executor: a user never
// sees them.

/** Thrown to leave an incarnation that cannot go on: it met an estimate, or must wait until it is the head. Never seen outside the executor. */
export class SuspendSignal extends Error {
  /** The unit whose execution must come first; -1: wait until all lower units are committed. */
  readonly blockingUnit: number;
  constructor(blockingUnit: number) {
    super("suspended");
    this.blockingUnit = blockingUnit;
  }
}

/** Thrown when the kernel reports a fault (an arena is full): the block is being halted. Never seen outside the executor. */
export class FaultSignal extends Error {}
