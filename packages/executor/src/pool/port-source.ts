// A state source that lies behind a port: on another thread, which has the real one.

import type { MessagePort } from "node:worker_threads";
import { type SourceAccount, StateChanges, type StateSource } from "@braid/state";
import type { SourceRead } from "../state/check-answer.ts";
import type { ValueReply, ValueRequest } from "./call-task.ts";
import { ReadFailure } from "./source-client.ts";

/** The main thread's side: answers from `source` until the port is closed. Gives what reads have failed with, by number. */
export function serveValues(port: MessagePort, source: StateSource): unknown[] {
  const failures: unknown[] = [];
  port.on("message", async (request: ValueRequest) => {
    const { id } = request;
    try {
      const value =
        "read" in request ? await read(source, request.read) : changes(source, request.changesSince);
      port.postMessage({ id, value } satisfies ValueReply);
    } catch (error) {
      port.postMessage({ id, failure: failures.push(error) - 1 } satisfies ValueReply);
    }
  });
  return failures;
}

function read(source: StateSource, what: SourceRead): unknown {
  switch (what.kind) {
    case "account":
      return source.getAccount(what.address);
    case "slot":
      return source.getStorage(what.address, what.slot);
    case "code":
      return source.getCode(what.codeHash);
    case "blockHash":
      return source.getBlockHash(what.number);
  }
}

function changes(source: StateSource, since: Uint8Array): Uint8Array[] | undefined {
  return source.changesSince?.(since)?.map(({ bytes }) => bytes);
}

/** The other thread's side. Rejects with ReadFailure. */
export class PortSource implements StateSource {
  readonly #port: MessagePort;
  readonly #pending = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #next = 0;
  readonly stateRoot?: Uint8Array;
  #steps: { from: Uint8Array; changes: StateChanges[] } | undefined;

  constructor(port: MessagePort, stateRoot: Uint8Array | undefined) {
    this.#port = port;
    if (stateRoot !== undefined) this.stateRoot = stateRoot;
    port.on("message", (reply: ValueReply) => {
      const pending = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if ("failure" in reply) pending?.reject(new ReadFailure(reply.failure));
      else pending?.resolve(reply.value);
    });
  }

  #ask(what: { read: SourceRead } | { changesSince: Uint8Array }): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#port.postMessage({ id, ...what } satisfies ValueRequest);
    });
  }

  getAccount(address: Uint8Array): Promise<SourceAccount | undefined> {
    return this.#ask({ read: { kind: "account", address } }) as Promise<SourceAccount | undefined>;
  }

  getStorage(address: Uint8Array, slot: Uint8Array): Promise<bigint> {
    return this.#ask({ read: { kind: "slot", address, slot } }) as Promise<bigint>;
  }

  getCode(codeHash: Uint8Array): Promise<Uint8Array> {
    return this.#ask({ read: { kind: "code", codeHash } }) as Promise<Uint8Array>;
  }

  getBlockHash(number: bigint): Promise<Uint8Array> {
    return this.#ask({ read: { kind: "blockHash", number } }) as Promise<Uint8Array>;
  }

  /** Fetches what leads here from the state with that root, for changesSince, which has to answer at once. */
  async follow(from: Uint8Array): Promise<void> {
    const found = (await this.#ask({ changesSince: from })) as Uint8Array[] | undefined;
    if (found !== undefined)
      this.#steps = { from, changes: found.map((bytes) => StateChanges.decode(bytes)) };
  }

  changesSince(stateRoot: Uint8Array): readonly StateChanges[] | undefined {
    return this.#steps?.from === stateRoot ? this.#steps.changes : undefined;
  }
}
