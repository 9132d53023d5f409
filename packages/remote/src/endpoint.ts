// A node's URL, which may hold a key: what of it may be seen, and taking it out of what others say.

import { RpcError } from "./errors.ts";

/** Shorter parts of a URL are words ("v3", "rpc") and no secrets. */
const SECRET_LENGTH = 6;

/** Where a node listens. Only `host` is for people. */
export class Endpoint {
  /** With the port, without anything else. */
  readonly host: string;
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #secrets: string[];

  /** `headers` go with each request. Throws RpcError BRAID_RPC_URL. */
  constructor(text: string, headers: Readonly<Record<string, string>> = {}) {
    const url = URL.parse(text);
    if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
      throw new RpcError(
        "BRAID_RPC_URL",
        `The node's URL is ${url === null ? "no URL" : `one of ${url.protocol.slice(0, -1)}`}: give one that begins with http:// or https://.`,
      );
    this.host = url.host;
    this.#headers = { "content-type": "application/json", accept: "application/json", ...headers };
    const { username, password } = url;
    if (username !== "" || password !== "") {
      // fetch refuses such a URL, and says it aloud.
      const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      this.#headers.authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
      url.username = "";
      url.password = "";
    }
    url.hash = "";
    this.#url = url.href;
    const parts = [username, password, ...url.pathname.split("/"), ...url.searchParams.values()];
    // "Bearer abc" holds a key and a word.
    const inHeaders = Object.values(headers).flatMap((value) => [value, ...value.split(" ")]);
    this.#secrets = [text, url.href, ...parts, ...parts.map(decoded), ...inHeaders]
      .filter((part) => part.length >= SECRET_LENGTH)
      .toSorted((a, b) => b.length - a.length);
  }

  /** A text that came from elsewhere, on one line, without the URL or any part of it that may be a key. */
  redact(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, "...");
    clean = clean.replace(/(\b(?:https?|wss?):\/\/)(?:[^\s/@"']*@)?([^\s/"']+)[^\s"']*/gi, "$1$2/...");
    clean = clean.replace(/\s+/g, " ").trim();
    return clean.length > 300 ? `${clean.slice(0, 297)}...` : clean;
  }

  /** Sends a body. Rejects as fetch does. */
  post(body: string, signal: AbortSignal): Promise<Response> {
    return fetch(this.#url, { method: "POST", headers: this.#headers, body, signal, redirect: "manual" });
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A lone percent sign.
    return part;
  }
}
