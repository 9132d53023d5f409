// Errors of the kernel and its bindings.

import { BaseError } from "@braid/primitives";

/** A shared arena is full; `data.setting` names the option of `Kernel.create` that makes it larger. */
export class ArenaExhaustedError extends BaseError {
  constructor(setting: "blockArenaBytes" | "stateArenaBytes", bytes: number) {
    super(
      "BRAID_ARENA_EXHAUSTED",
      `The kernel's ${setting === "blockArenaBytes" ? "block" : "state"} arena of ${bytes} bytes is full: raise ${setting}.`,
      { data: { setting, bytes } },
    );
  }
}

/** The AssemblyScript sources do not compile; the compiler's words are in the message. */
export class KernelCompileError extends BaseError {
  constructor(details: string, cause?: unknown) {
    super("BRAID_KERNEL_COMPILE", `The kernel's AssemblyScript does not compile:\n${details}`, { cause });
  }
}

/** The memory that the options ask for cannot be laid out in a 32-bit address space. */
export class KernelOptionsError extends BaseError {
  constructor(bytes: number) {
    super(
      "BRAID_KERNEL_OPTIONS",
      `The kernel would need ${bytes} bytes, a 32-bit memory holds 4 GiB: lower blockArenaBytes or stateArenaBytes.`,
      { data: { bytes } },
    );
  }
}

/** The published package's wasm binary is missing or not the one that was built. */
export class KernelBinaryError extends BaseError {
  constructor(what: string, cause?: unknown) {
    super("BRAID_KERNEL_BINARY", `@braid/kernel is incomplete: ${what}. Install the package again.`, {
      cause,
    });
  }
}
