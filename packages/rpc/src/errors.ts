// Errors as JSON-RPC has them: a number, a sentence, and what the caller may need to know. Codes: JSON-RPC 2.0 section 5.1, EIP-1474, and what
// clients make of them: viem tries again after -32603, -32005 and -1, so these never stand for what will fail again.

/** What a method rejects with, and what the client gets. */
export class RpcError extends Error {
  readonly code: number;
  readonly data?: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    if (data !== undefined) this.data = data;
  }
}

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
export const SERVER_ERROR = -32000;
/** As geth: the request took longer than the server allows. */
export const TIMED_OUT = -32002;
/** As geth: the answer is larger than the server allows. */
export const RESPONSE_TOO_LARGE = -32003;
/** Too much is under way: the same request may well succeed later. */
export const LIMIT_EXCEEDED = -32005;

/** ethers and viem know an unknown method by these words. */
export function methodNotFound(method: string): RpcError {
  return new RpcError(METHOD_NOT_FOUND, `the method ${method} does not exist/is not available`);
}

export function invalidParams(message: string): RpcError {
  return new RpcError(INVALID_PARAMS, message);
}
