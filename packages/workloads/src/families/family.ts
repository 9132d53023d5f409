// What a family of contracts is to a workload.
import type { Action } from "../traffic/traffic.ts";
import type { World } from "../world.ts";

/** The way contracts are mostly written, and the way that keeps users apart. */
export type Variant = "plain" | "parallel";

export interface Family {
  name: string;
  /** What its users do, in a few words. */
  description: string;
  /** Some are written in one way only. */
  variants: readonly Variant[];
  /** Puts the contracts on a chain and gives what its users do there. */
  setUp(world: World, variant: Variant): Promise<Action[]>;
}

export const BOTH: readonly Variant[] = ["plain", "parallel"];
