// The dialect of geth, which most clients listen to.

import { methodNotFound } from "@braid/rpc";
import { rpcErrorOf } from "./errors.ts";
import type { Dialect } from "./method.ts";
import { HEAVY_METHODS, METHODS } from "./methods.ts";

export const GETH_DIALECT: Dialect = {
  methods: METHODS,
  heavy: HEAVY_METHODS,
  errorOf: rpcErrorOf,
  unknownMethod: methodNotFound,
};
