// What the tracers of a block make of each transaction, as one number for each log: traces of gigabytes are compared without being kept,
// and the first that differs can be asked for when they are made again.
import type { Tracer } from "@braid/executor";
import { hashOfCalls, StructLogHasher } from "./trace-hash.ts";
import { callTracer, structLogText, structLogTracer } from "./tracers.ts";

/** A struct log of a transaction, or its tree of calls. */
export interface Place {
  transaction: number;
  tracer: "struct logs" | "calls";
  index: number;
}

/** A list of 32-bit numbers that grows. */
class Hashes {
  #values = new Uint32Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Uint32Array(2 * this.length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length++] = value;
  }

  /** Where the two begin to differ; undefined when they do not. */
  differsAt(other: Hashes): number | undefined {
    const length = Math.max(this.length, other.length);
    for (let i = 0; i < length; i++) if (this.#at(i) !== other.#at(i)) return i;
    return undefined;
  }

  #at(index: number): number | undefined {
    return index < this.length ? this.#values[index] : undefined;
  }
}

/** One transaction's. */
interface Digest {
  steps: Hashes;
  calls: Hashes;
}

const NOTHING: Digest = { steps: new Hashes(), calls: new Hashes() };

/** The traces of one run of a block. */
export class TraceDigest {
  readonly #digests: Digest[] = [];
  readonly #wanted: Place | undefined;
  /** What was wanted in words, and the log before it. */
  readonly excerpt: string[] = [];

  /** @param wanted is kept in words. */
  constructor(wanted?: Place) {
    this.#wanted = wanted;
  }

  /** Who looks on while a transaction runs. */
  tracerOf(transaction: number): Tracer {
    const { steps } = this.#begin(transaction);
    const hasher = new StructLogHasher();
    const structLogs = structLogTracer((log) => {
      if (this.#wants({ transaction, tracer: "struct logs", index: steps.length }))
        this.excerpt.push(structLogText(log));
      steps.push(hasher.hash(log));
    });
    return { ...structLogs, ...this.callTracerOf(transaction) };
  }

  /** Who looks only at the calls. */
  callTracerOf(transaction: number): Tracer {
    const { calls } = this.#digests[transaction] ?? this.#begin(transaction);
    return callTracer((frame) => {
      if (this.#wants({ transaction, tracer: "calls", index: calls.length }))
        this.excerpt.push(JSON.stringify(frame));
      calls.push(hashOfCalls(frame));
    });
  }

  /** How many there are. */
  get size(): { transactions: number; structLogs: number; calls: number } {
    return {
      transactions: this.#digests.length,
      structLogs: this.#digests.reduce((sum, { steps }) => sum + steps.length, 0),
      calls: this.#digests.reduce((sum, { calls }) => sum + calls.length, 0),
    };
  }

  /** The first place where the two are not the same. */
  firstDifference(other: TraceDigest, tracers: Place["tracer"][]): Place | undefined {
    const count = Math.max(this.#digests.length, other.#digests.length);
    for (let transaction = 0; transaction < count; transaction++) {
      const [mine, theirs] = [this, other].map((digest) => digest.#digests[transaction] ?? NOTHING) as [
        Digest,
        Digest,
      ];
      for (const tracer of tracers) {
        const of = tracer === "calls" ? "calls" : "steps";
        const index = mine[of].differsAt(theirs[of]);
        if (index !== undefined) return { transaction, tracer, index };
      }
    }
    return undefined;
  }

  #begin(transaction: number): Digest {
    const digest: Digest = { steps: new Hashes(), calls: new Hashes() };
    this.#digests[transaction] = digest;
    return digest;
  }

  #wants({ transaction, tracer, index }: Place): boolean {
    const wanted = this.#wanted;
    if (wanted?.transaction !== transaction || wanted.tracer !== tracer) return false;
    return index === wanted.index || index === wanted.index - 1;
  }
}
