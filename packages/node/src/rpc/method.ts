// Methods by their names, and how one is called.

import { atOnce, type Payer, type Steps } from "@braid/primitives";
import type { RpcContext, RpcError, RpcHandler } from "@braid/rpc";
import type { Node } from "../node.ts";
import type { Filters } from "./filters.ts";
import { forward, forwardedCall } from "./forwarded.ts";
import { type Reader, readParams } from "./params.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** What a method gets besides its parameters. */
export interface MethodContext extends RpcContext {
  node: Node;
  filters: Filters;
  subscriptions: Subscriptions;
  /** The names of all methods. */
  names: readonly string[];
}

/** The answer must be what JSON can carry. */
export type Method = (params: unknown, context: MethodContext) => unknown;
export type Methods = Readonly<Record<string, Method>>;

/** What a node's RPC sounds like: which methods there are, and how clients are told what went wrong. */
export interface Dialect {
  methods: Methods;
  /** Names of methods that may take long, or much memory. */
  heavy: readonly string[];
  /** What a client gets; an error that is a bug stays what it is. */
  errorOf(error: unknown): unknown;
  unknownMethod(name: string): RpcError;
}

/** A method with typed parameters. */
export function method<const Readers extends readonly Reader<unknown>[]>(
  readers: Readers,
  run: (
    context: MethodContext,
    ...params: { [Index in keyof Readers]: ReturnType<Readers[Index]> }
  ) => unknown,
): Method {
  return (params, context) => run(context, ...(readParams(params, readers) as never));
}

/** A method that need not wait, mostly. */
export function stepwise<const Readers extends readonly Reader<unknown>[]>(
  readers: Readers,
  run: (
    context: MethodContext,
    ...params: { [Index in keyof Readers]: ReturnType<Readers[Index]> }
  ) => Steps<unknown>,
): Method {
  return method(readers, (context, ...params) => atOnce(run(context, ...params)));
}

type Shared = Omit<MethodContext, keyof RpcContext>;

/** PERF: the signal is made when somebody asks for it. */
class CallContext implements MethodContext {
  readonly node: Node;
  readonly filters: Filters;
  readonly subscriptions: Subscriptions;
  readonly names: readonly string[];
  readonly connection: RpcContext["connection"];
  readonly payer?: Payer;
  readonly leave?: NonNullable<RpcContext["leave"]>;
  readonly #context: RpcContext;

  constructor(context: RpcContext, { node, filters, subscriptions, names }: Shared) {
    this.node = node;
    this.filters = filters;
    this.subscriptions = subscriptions;
    this.names = names;
    this.connection = context.connection;
    if (context.payer !== undefined) this.payer = context.payer;
    if (context.leave !== undefined) this.leave = context.leave;
    this.#context = context;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }
}

/** Answers calls of methods. */
export class MethodTable implements RpcHandler {
  readonly #dialect: Dialect;
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #heavy: ReadonlySet<string>;
  readonly #shared: Shared;

  constructor(dialect: Dialect, shared: Pick<MethodContext, "node" | "filters" | "subscriptions">) {
    this.#dialect = dialect;
    this.#methods = new Map(Object.entries(dialect.methods));
    this.#heavy = new Set(dialect.heavy);
    this.#shared = { ...shared, names: [...this.#methods.keys()] };
  }

  has(name: string): boolean {
    return this.#methods.has(name);
  }

  isHeavy(name: string): boolean {
    return this.#heavy.has(name);
  }

  async call(name: string, params: unknown, context: RpcContext): Promise<unknown> {
    return this.answer(name, params, context);
  }

  /** As `call`, at once where the method does not wait for anything: then it throws what `call` rejects with. */
  answer(name: string, params: unknown, context: RpcContext): unknown {
    const run = this.#methods.get(name);
    if (run === undefined) throw this.#dialect.unknownMethod(name);
    const rethrow = (error: unknown): never => {
      throw this.#dialect.errorOf(error);
    };
    try {
      const { node } = this.#shared;
      const elsewhere = forwardedCall(node, name, params);
      const answer =
        elsewhere !== undefined && node.fork !== undefined
          ? forward(node.fork, name, elsewhere)
          : run(params, new CallContext(context, this.#shared));
      return answer instanceof Promise ? answer.catch(rethrow) : answer;
    } catch (error) {
      return rethrow(error);
    }
  }
}
