// The blocks of a range, one after the other, from a node: what a block has read and written is known to the next one, whose state is the first
// one's with its changes.

import { bytesToHex, equalBytes, type Hex } from "@braid/primitives";
import {
  type AnswerCache,
  type RemoteCodes,
  type RemoteParent,
  type RpcClient,
  RpcStateSource,
} from "@braid/remote";
import type { StateChanges, StateSource } from "@braid/state";

/** Some ten megabytes. A block runs a hundred or two, nearly all of which the one before it ran too. */
const MAX_CODES = 5_000;

/** The block that was executed last. */
interface Executed {
  block: Hex;
  /** The root of the state before it. */
  from: Uint8Array;
  changes: StateChanges;
}

export class CarriedState {
  readonly #client: RpcClient;
  readonly #cache: AnswerCache | undefined;
  /** Of all accounts that the executor's cache knows: it asks for codes by their hashes alone. */
  readonly #codes: RemoteCodes = new Map();
  #last: Executed | undefined;

  constructor(client: RpcClient, cache: AnswerCache | undefined) {
    this.#client = client;
    this.#cache = cache;
  }

  /** The state after a block, which may be executed before anybody reads from this. */
  after(parent: RemoteParent): StateSource {
    return new FollowingSource(this, this.#client, parent, this.#cache, this.#codes);
  }

  /** A block was executed on the state with the root `from`, and came out right. */
  advance(block: Uint8Array, from: Uint8Array | undefined, changes: StateChanges): void {
    this.#last = undefined;
    if (this.#codes.size > MAX_CODES) {
      // The next block begins with nothing.
      this.#codes.clear();
      return;
    }
    if (from === undefined) return;
    const made = changes.codes;
    for (let i = 0; i < changes.accountCount; i++) {
      const codeHash = bytesToHex(changes.codeHashAt(i));
      const code = made.get(codeHash);
      if (code !== undefined)
        this.#codes.set(codeHash, { address: changes.addressAt(i), code: Promise.resolve(code) });
    }
    this.#last = { block: bytesToHex(block), from, changes };
  }

  /** The changes that lead from the state with that root to the one after `block`. */
  changesTo(block: Uint8Array, from: Uint8Array): readonly StateChanges[] | undefined {
    const last = this.#last;
    if (last === undefined || last.block !== bytesToHex(block) || !equalBytes(last.from, from))
      return undefined;
    return [last.changes];
  }
}

/** A state of which the cache of the block before knows a part. */
class FollowingSource extends RpcStateSource {
  readonly #carried: CarriedState;
  readonly #block: Uint8Array;

  constructor(
    carried: CarriedState,
    client: RpcClient,
    parent: RemoteParent,
    cache: AnswerCache | undefined,
    codes: RemoteCodes,
  ) {
    super(client, parent, cache, codes);
    this.#carried = carried;
    this.#block = parent.hash;
  }

  changesSince(stateRoot: Uint8Array): readonly StateChanges[] | undefined {
    return this.#carried.changesTo(this.#block, stateRoot);
  }
}
