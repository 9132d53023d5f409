// The shared-memory core: Kernel (bindings), the layout's constants, keccak256 for the main thread.

export { ArenaExhaustedError, KernelCompileError, KernelOptionsError } from "./errors.ts";
export { keccak256, keccak256Each, keccak256Into, keccakInput, keccakOfInput } from "./keccak256.ts";
export { type AbortCauses, Kernel, type Progress, type ReceiptsSeal } from "./kernel.ts";
export * from "./layout.ts";
export type { KernelOptions, KernelShared } from "./memory-map.ts";
export { PeekStatus, StepCode } from "./status.ts";
