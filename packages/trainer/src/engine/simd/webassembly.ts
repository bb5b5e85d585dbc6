// The part of the runtime's WebAssembly that is used here. Node's own types for release 20 leave it to the browser's library, which is
// not loaded.

/** A compiled binary; it can be handed to threads. */
export type Module = { readonly compiled: unique symbol }

export interface Memory {
  readonly buffer: SharedArrayBuffer
}

interface Runtime {
  validate(binary: Uint8Array): boolean
  Module: (new (
    binary: Uint8Array,
  ) => Module) & {
    exports(module: Module): { name: string; kind: string }[]
  }
  Memory: new (pages: { initial: number; maximum: number; shared: true }) => Memory
  Instance: new (module: Module, imports: { env: { memory: Memory } }) => { exports: Record<string, unknown> }
}

export const { WebAssembly } = globalThis as unknown as { WebAssembly: Runtime }

/** Bytes. */
export const PAGE = 65_536
