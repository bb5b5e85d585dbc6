// What is used of WebAssembly's JavaScript API: TypeScript describes it with browsers only, whose globals have no place here.

/** Compiled; it may be sent to another thread, which then need not compile it. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

interface WasmApi {
  Module: { new (bytes: Uint8Array<ArrayBuffer>): WasmModule; readonly prototype: WasmModule }
  Instance: { new (module: WasmModule, imports: object): WasmInstance; readonly prototype: WasmInstance }
}

export const wasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly
