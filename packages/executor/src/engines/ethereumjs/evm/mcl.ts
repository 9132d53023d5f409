// Instances of mcl, a library of elliptic curves in WebAssembly. PERF: one takes 80 ms to start.

import { createRequire } from "node:module";
import { dirname, sep } from "node:path";

export type Mcl = typeof import("mcl-wasm");

/** An instance of its own for whoever asks: a module of mcl knows one curve at a time. */
export function newMcl(): Mcl {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("mcl-wasm")) + sep;
  for (const path of Object.keys(require.cache)) if (path.startsWith(folder)) delete require.cache[path];
  return require("mcl-wasm") as Mcl;
}
