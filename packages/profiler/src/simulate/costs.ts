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
  /** Handing a block to the second and each further thread, which the main thread does before they begin. */
  handOver: number;
}

/** `pnpm bench:simulate --costs` measures them; on the machine of bench/README.md. */
export const SCHEDULER_COSTS: SchedulerCosts = {
  step: 0.0005,
  validatedRead: 0.00006,
  wakeSpinning: 0.0003,
  spin: 0.03,
  wakeSleeping: 0.06,
  handOver: 0.03,
};
