// TextRandom choices for tests of invariants. A run prints its seed when it fails; BRAID_SEED runs it again.
import { TextRandom } from "@braid/workloads";

/** Runs `body` with fresh randomness, and names the seed when it throws. */
export async function withRandom(body: (random: TextRandom) => Promise<void>): Promise<void> {
  const seed = process.env.BRAID_SEED ?? crypto.randomUUID();
  try {
    await body(new TextRandom(seed));
  } catch (error) {
    throw new Error(`failed with BRAID_SEED=${seed}`, { cause: error });
  }
}
