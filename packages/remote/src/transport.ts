// One request to a node and its answer, within limits of time and size: JSON, or why there is none.

import { FileError, parseJsonBounded } from "@braid/primitives";
import type { Endpoint } from "./endpoint.ts";
import { type Meaning, meaningOf, type RpcErrorCode } from "./errors.ts";

/** How a request ended. */
export type Exchange =
  | { kind: "json"; json: unknown; bytes: number; status: number }
  | { kind: "failed"; meaning: Meaning; reason: string; status?: number; retryAfterMs?: number };

export interface TransportLimits {
  timeoutMs: number;
  maxAnswerBytes: number;
}

/** Posts a body and reads the answer. Rejects only with the signal's reason. */
export async function exchange(
  endpoint: Endpoint,
  body: string,
  { timeoutMs, maxAnswerBytes }: TransportLimits,
  signal: AbortSignal,
): Promise<Exchange> {
  const timeout = AbortSignal.timeout(timeoutMs);
  let response: Response | undefined;
  try {
    response = await endpoint.post(body, AbortSignal.any([signal, timeout]));
    const bytes = await readBody(response, maxAnswerBytes);
    if (bytes === undefined)
      return failed("BRAID_RPC_TOO_LARGE", "never", `the answer has more than ${maxAnswerBytes} bytes`);
    return parse(response, bytes, maxAnswerBytes, endpoint);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted)
      return failed("BRAID_RPC_TIMEOUT", "often", `no whole answer within ${timeoutMs} ms`);
    return failed("BRAID_RPC_UNREACHABLE", "often", endpoint.redact(networkReason(error)));
  }
}

/** The body's bytes, unfolded where it is compressed; undefined when there are more than `limit`. */
async function readBody(response: Response, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function parse(response: Response, bytes: Uint8Array, maxBytes: number, endpoint: Endpoint): Exchange {
  const { status, ok } = response;
  let json: unknown;
  try {
    json = parseJsonBounded(bytes, maxBytes);
  } catch (error) {
    if (error instanceof FileError && error.code === "BRAID_FILE_TOO_LARGE")
      return failed("BRAID_RPC_TOO_LARGE", "never", `the answer takes more than ${maxBytes} bytes`);
    if (ok)
      return failed(
        "BRAID_RPC_BAD_ANSWER",
        "often",
        bytes.length === 0 ? "the answer is empty" : "the answer is no JSON, or cut off",
      );
  }
  // An error's own JSON says more than the status.
  if (
    typeof json === "object" &&
    json !== null &&
    (Array.isArray(json) || "result" in json || "error" in json)
  )
    return { kind: "json", json, bytes: bytes.length, status };
  if (ok) return failed("BRAID_RPC_BAD_ANSWER", "often", "the answer is not JSON-RPC");
  if (status >= 300 && status < 400)
    return failed("BRAID_RPC_URL", "never", `it redirects (HTTP ${status}): give the URL it redirects to`);
  const text = endpoint.redact(new TextDecoder().decode(bytes.subarray(0, 500)).replace(/<[^>]*>/g, " "));
  const retryAfter = Number(response.headers.get("retry-after"));
  return {
    kind: "failed",
    meaning: meaningOf({ status, message: text }),
    reason: `HTTP ${status}${text === "" ? "" : `: ${text}`}`,
    status,
    ...(retryAfter > 0 ? { retryAfterMs: retryAfter * 1000 } : {}),
  };
}

function failed(code: RpcErrorCode, retry: Meaning["retry"], reason: string): Exchange {
  return { kind: "failed", meaning: { code, retry }, reason };
}

/** fetch says "fetch failed", and why in the cause. */
function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  // Of several addresses that were tried, each has an error of its own.
  const [first] = cause instanceof AggregateError ? cause.errors : [cause];
  return first instanceof Error && first.message !== "" ? first.message : cause.name;
}
