// Methods by their names, and how one is called.

import { methodNotFound, type RpcContext, type RpcHandler } from "@braid/rpc";
import type { Node } from "../node.ts";
import { rpcErrorOf } from "./errors.ts";
import type { Filters } from "./filters.ts";
import { forward, forwardedCall } from "./forwarded.ts";
import { type Reader, readParams } from "./params.ts";

/** What a method gets besides its parameters. */
export interface MethodContext extends RpcContext {
  node: Node;
  filters: Filters;
  /** The names of all methods. */
  names: readonly string[];
}

/** The answer must be what JSON can carry. */
export type Method = (params: unknown, context: MethodContext) => unknown;
export type Methods = Readonly<Record<string, Method>>;

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

/** Answers calls of methods. */
export class MethodTable implements RpcHandler {
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #heavy: ReadonlySet<string>;
  readonly #node: Node;
  readonly #filters: Filters;
  readonly #names: readonly string[];

  /** @param heavy names of methods that may take long, or much memory. */
  constructor(methods: Methods, heavy: readonly string[], node: Node, filters: Filters) {
    this.#methods = new Map(Object.entries(methods));
    this.#heavy = new Set(heavy);
    this.#names = [...this.#methods.keys()];
    this.#node = node;
    this.#filters = filters;
  }

  has(name: string): boolean {
    return this.#methods.has(name);
  }

  isHeavy(name: string): boolean {
    return this.#heavy.has(name);
  }

  async call(name: string, params: unknown, context: RpcContext): Promise<unknown> {
    const run = this.#methods.get(name);
    if (run === undefined) throw methodNotFound(name);
    try {
      const elsewhere = forwardedCall(this.#node, name, params);
      if (elsewhere !== undefined && this.#node.fork !== undefined)
        return await forward(this.#node.fork, name, elsewhere);
      return await run(params, {
        ...context,
        node: this.#node,
        filters: this.#filters,
        names: this.#names,
      });
    } catch (error) {
      throw rpcErrorOf(error);
    }
  }
}
