// Public names of @braid/remote: blocks and states of a node, read over JSON-RPC, and kept on disk.
export { AnswerCache } from "./answer-cache.ts";
export { isFinalCode, type NodeFailure, RpcError, type RpcErrorCode } from "./errors.ts";
export {
  type BlockReference,
  hexOf,
  type RemoteBlock,
  RemoteNode,
  type RemoteParent,
} from "./remote-node.ts";
export { RpcClient, type RpcClientOptions, type RpcStatistics } from "./rpc-client.ts";
export { type RemoteCodes, RpcStateSource } from "./rpc-state-source.ts";
