// The part of the WebAssembly JavaScript interface that the kernel uses. TypeScript has it in its DOM library only, which a
// program for Node.js does not load: the types of this package must not need it.

/** Always shared here, so its buffer is a SharedArrayBuffer. */
export interface WasmMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

/** A compiled module; survives `postMessage`. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

declare const WebAssembly: {
  Memory: new (descriptor: { initial: number; maximum: number; shared: true }) => WasmMemory;
  Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  Instance: new (
    module: WasmModule,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Record<string, unknown> };
};

export const { Memory, Module, Instance } = WebAssembly;
