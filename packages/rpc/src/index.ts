// Public names of @braid/rpc: a JSON-RPC server over HTTP, WebSocket and IPC for methods that are given to it.

export type { RpcCallRecord, RpcConnection, RpcContext, RpcHandler } from "./dispatcher.ts";
export * from "./errors.ts";
export { DEFAULT_LIMITS, type RpcLimits } from "./limits.ts";
export { RpcListenError } from "./listen-error.ts";
export type { RpcMetrics } from "./metrics.ts";
export { RpcServer, type RpcServerOptions } from "./server.ts";
