// What the scheduler itself costs, in milliseconds of virtual time. What units cost was measured with the block.

export interface SchedulerCosts {
  /** One step: looking for work, claiming it, or committing. */
  step: number;
  /** One read of a validated read set. */
  validatedRead: number;
  /** Until a worker goes on that waits for work: while it spins, which it does for `spin`, and when it sleeps. */
  wakeSpinning: number;
  spin: number;
  wakeSleeping: number;
  /**
   * How many times as long everything takes while another worker is at work too: cores share caches, memory and the time of the garbage collector. It is
   * measured with two, and taken to be the same for more.
   */
  sharing: number;
  /** Handing a block to more threads than one, and waiting until they have met: they are woken side by side. Measured with two, and taken to be the same for more. */
  handOver: number;
}

/** On the machine of bench/README.md. `bench:simulate` fits `sharing` and `handOver` there to some blocks, and the others show how well they fit. */
export const SCHEDULER_COSTS: SchedulerCosts = {
  step: 0.0005,
  validatedRead: 0.00006,
  wakeSpinning: 0.0003,
  spin: 0.03,
  wakeSleeping: 0.06,
  sharing: 1.15,
  handOver: 0.03,
};
