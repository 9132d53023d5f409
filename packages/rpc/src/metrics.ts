// What the server counts, in Prometheus's format. A node adds its own metrics to the same registry.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { RpcCallRecord } from "./dispatcher.ts";

/** What is looked at when somebody asks for the metrics. */
interface Watched {
  running: () => number;
  waiting: () => number;
  buffered: () => number;
  /** Open ones, by transport. */
  connections: () => Record<string, number>;
}

export class RpcMetrics {
  readonly registry = new Registry();
  readonly #calls = new Counter({
    name: "braid_rpc_requests_total",
    help: "Requests answered, by method and the code of the error (0: a result)",
    labelNames: ["method", "code"],
    registers: [this.registry],
  });
  readonly #seconds = new Histogram({
    name: "braid_rpc_request_duration_seconds",
    help: "From the request's arrival to its answer, waiting for its turn included",
    labelNames: ["method"],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [this.registry],
  });

  constructor({ running, waiting, buffered, connections }: Watched) {
    collectDefaultMetrics({ register: this.registry });
    this.watch("braid_rpc_requests_running", "Requests that may take long and are being answered", running);
    this.watch("braid_rpc_requests_waiting", "Requests that may take long and wait for their turn", waiting);
    this.watch("braid_rpc_buffered_bytes", "Requests and answers that are kept for clients", buffered);
    new Gauge({
      name: "braid_rpc_connections",
      help: "Open connections",
      labelNames: ["transport"],
      registers: [this.registry],
      collect() {
        for (const [transport, count] of Object.entries(connections())) this.set({ transport }, count);
      },
    });
  }

  /** Adds what is looked up each time that somebody asks for the metrics. */
  watch(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(value());
      },
    });
  }

  /** Adds what only grows; gives what it grows by. */
  counter(name: string, help: string): (by: number) => void {
    const counter = new Counter({ name, help, registers: [this.registry] });
    return (by) => counter.inc(by);
  }

  count({ method, code, seconds }: RpcCallRecord): void {
    this.#calls.inc({ method, code });
    this.#seconds.observe({ method }, seconds);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
