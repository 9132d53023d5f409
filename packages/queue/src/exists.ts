// Whether something is there.

import { stat } from "node:fs/promises";

/** A file or folder that can be seen from here. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
