// What one request may cost, and what clients may leave with the node. The server has limits of its own (RpcLimits of @braid/rpc).

export interface NodeLimits {
  /** Gas of a call. */
  callGas: number;
  /** Milliseconds of a call, a simulated block, or a traced transaction; twelve times as many on a forked chain. */
  callMs: number;
  /** Logs in an answer. */
  logs: number;
  /** Filters; when there are more, those go that nobody asks. */
  filters: number;
  /** Subscriptions of a connection. */
  subscriptions: number;
}

/** geth has 50,000,000 gas and 5 seconds. 20,000 logs are below the size that an answer may have. */
export const DEFAULT_NODE_LIMITS: NodeLimits = {
  callGas: 50_000_000,
  callMs: 5_000,
  logs: 20_000,
  filters: 10_000,
  subscriptions: 1_000,
};
