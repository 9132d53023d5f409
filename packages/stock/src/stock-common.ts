// A chain's rules as stock ethereumjs takes them.
import { commonOf } from "@braid/executor";
import type { Chain, ForkName } from "@braid/protocol";
import type { Common } from "@ethereumjs/common";
import { loadKzg } from "./kzg.ts";

/** With KZG: blob transactions are not even decoded without. The rest is ethereumjs's own cryptography. */
export async function stockCommon(chain: Chain, fork: ForkName): Promise<Common> {
  return commonOf(chain, fork, { kzg: await loadKzg() });
}
