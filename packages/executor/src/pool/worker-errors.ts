// The error classes that can come out of a worker. A package that workers begin to use is added here.

import * as kernel from "@braid/kernel";
import * as primitives from "@braid/primitives";
import { type ErrorClasses, errorClasses } from "@braid/primitives";
import * as protocol from "@braid/protocol";
import * as state from "@braid/state";
import * as executor from "../errors.ts";

export const WORKER_ERRORS: ErrorClasses = errorClasses(primitives, kernel, protocol, state, executor);
