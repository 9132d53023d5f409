// Requests of networks that Braid answers.

import type { HookContext, NetworkHooks } from "hardhat/types/hooks";
import type { ChainType, NetworkConnection } from "hardhat/types/network";
import type { JsonRpcRequest, JsonRpcResponse } from "hardhat/types/providers";
import type { BraidConnection } from "../connection.ts";

export default async (): Promise<Partial<NetworkHooks>> => {
  /** A promise until they are open. */
  const connections = new WeakMap<object, BraidConnection | Promise<BraidConnection>>();
  /** A chain is made at the first request, but its time goes on from when the connection was made. */
  const madeAt = new WeakMap<object, number>();

  return {
    async newConnection<Type extends ChainType | string>(
      context: HookContext,
      next: (nextContext: HookContext) => Promise<NetworkConnection<Type>>,
    ): Promise<NetworkConnection<Type>> {
      const connection = await next(context);
      madeAt.set(connection, Date.now());
      return connection;
    },

    async onRequest<Type extends ChainType | string>(
      context: HookContext,
      connection: NetworkConnection<Type>,
      request: JsonRpcRequest,
      next: (
        nextContext: HookContext,
        nextConnection: NetworkConnection<Type>,
        nextRequest: JsonRpcRequest,
      ) => Promise<JsonRpcResponse>,
    ): Promise<JsonRpcResponse> {
      const { networkConfig } = connection;
      if (networkConfig.type !== "edr-simulated" || networkConfig.braid === undefined)
        return next(context, connection, request);
      let found = connections.get(connection);
      if (found === undefined) {
        found = import("../connection.ts").then(({ BraidConnection }) =>
          BraidConnection.open(context, connection, madeAt.get(connection), (edrRequest) =>
            next(context, connection, edrRequest),
          ),
        );
        connections.set(connection, found);
      }
      if (found instanceof Promise) {
        found = await found;
        if (connections.has(connection)) connections.set(connection, found);
      }
      return found.answer(request);
    },

    async closeConnection<Type extends ChainType | string>(
      context: HookContext,
      connection: NetworkConnection<Type>,
      next: (nextContext: HookContext, nextConnection: NetworkConnection<Type>) => Promise<void>,
    ): Promise<void> {
      const found = connections.get(connection);
      connections.delete(connection);
      const open = found instanceof Promise ? await found.catch(() => undefined) : found;
      await open?.close();
      return next(context, connection);
    },
  };
};
