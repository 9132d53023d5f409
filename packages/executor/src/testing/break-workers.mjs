// For tests: loaded before a program (node --import), it keeps its worker threads from loading a module. BRAID_TEST_BREAK says how and
// which: "missing" (it is not installed), "denied" (a file must not be read), "exit" (the thread ends by itself), "syntax" (it is broken).

import { registerHooks } from "node:module";
import { isMainThread } from "node:worker_threads";

const BROKEN = {
  missing: () => Object.assign(new Error("Cannot find the package"), { code: "ERR_MODULE_NOT_FOUND" }),
  denied: () => Object.assign(new Error("EACCES: permission denied, open 'kernel.wasm'"), { code: "EACCES" }),
  exit: () => process.exit(3),
  syntax: () => new SyntaxError("Unexpected end of input"),
};

const [how, broken] = process.env.BRAID_TEST_BREAK.split(" ");

if (!isMainThread)
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === broken) throw BROKEN[how]();
      return next(specifier, context);
    },
  });
