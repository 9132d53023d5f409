// Which locations hold the transactions of a block up: those that are read after another transaction of the block has written them.
import type { BlockResult } from "@braid/executor";
import type { HotLocation } from "./columns.ts";

const SHOWN = 5;

/**
 * The locations with most readers that depend on an earlier transaction, most first. What the schedule was makes no difference to it.
 * PERF: decodes all that the block read and wrote.
 */
export function hottestLocations({ transactions }: Pick<BlockResult, "transactions">): HotLocation[] {
  const locations = new Map<string, HotLocation>();
  for (const { reads, writes } of transactions) {
    // A range of a balance and its exact value are two reads of one location.
    for (const key of new Set(reads.map(keyOf))) {
      const written = locations.get(key);
      if (written !== undefined) written.readers++;
    }
    for (const write of writes) {
      const key = keyOf(write);
      const { address, field, slot = null } = write;
      const location = locations.get(key) ?? { address, field, slot, readers: 0, writers: 0 };
      location.writers++;
      locations.set(key, location);
    }
  }
  return [...locations.values()]
    .filter(({ readers }) => readers > 0)
    .toSorted((left, right) => right.readers - left.readers || right.writers - left.writers)
    .slice(0, SHOWN);
}

function keyOf({ address, field, slot = "" }: { address: string; field: string; slot?: string }): string {
  return `${address} ${field} ${slot}`;
}
