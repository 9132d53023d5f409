// Why a server cannot begin to listen.

import { BaseError } from "@braid/primitives";

const ADVICE: Record<string, string> = {
  EADDRINUSE: "something listens there already; choose another port, or end the other process",
  EACCES: "it may not be used; choose a port from 1024 on, or another path",
  EADDRNOTAVAIL: "this machine has no such address",
};

/** The server cannot listen where it was told to. Code BRAID_RPC_LISTEN. */
export class RpcListenError extends BaseError {
  constructor(where: string, cause: Error) {
    const code = "code" in cause ? String(cause.code) : "";
    super(
      "BRAID_RPC_LISTEN",
      `The JSON-RPC server cannot listen on ${where}: ${ADVICE[code] ?? cause.message}.`,
      {
        data: { where, reason: code },
        cause,
      },
    );
  }
}
