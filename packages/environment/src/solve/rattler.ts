// The one place that talks to rattler (WebAssembly): it is loaded under a limit of memory, and given its documents by a `fetch` of ours,
// so that it reaches no network. Both change globals: a thread that loads it does nothing else.
import type { SolvedPackage } from '@conda-org/rattler'
import type { CondaPlatform } from '@trotline/contracts'
import type { ReachableDocument } from './document.ts'
import { MOST_PAGES, PAGE_BYTES, withMostPages } from './memory-limit.ts'
import { type WasmInstance, type WasmMemory, type WasmModule, wasmApi } from './webassembly.ts'

export interface RattlerQuestion {
  specs: readonly string[]
  /** Channels in order of priority follow from their order. */
  documents: readonly ReachableDocument[]
  platform: CondaPlatform
}

export interface ChosenPackage {
  name: string
  channel: string
  subdir: string
  fileName: string
}

/** refused: rattler's own text. unreadable: it could not read a record, and does not say which. */
export type RattlerAnswer =
  | { kind: 'solved'; packages: ChosenPackage[] }
  | { kind: 'refused'; tree: string }
  | { kind: 'unreadable'; words: string }

export interface Rattler {
  /** Blocks the thread until it has an answer. A panic is thrown outside of the promise: the thread ends. */
  ask(question: RattlerQuestion): Promise<RattlerAnswer>
  readsVersion(text: string): boolean
  /** What its memory has grown to, and may grow to, in bytes. */
  memory(): { bytes: number; most: number }
  /** Compiled, for the next thread. */
  module: WasmModule
}

/** @param options.module - as another thread compiled it, with a limit of its own; else it is compiled with `memoryBytes` */
export async function loadRattler(options: { memoryBytes: number; module?: WasmModule }): Promise<Rattler> {
  const most = Math.min(MOST_PAGES, Math.floor(options.memoryBytes / PAGE_BYTES))
  const caught = catchModule(most, options.module)
  const { simpleSolve, Version } = await import('@conda-org/rattler').finally(caught.restore)
  const { module, instance } = caught.found()
  const memory = instance.exports.memory as WasmMemory
  return {
    ask: async ({ specs, documents, platform }) => {
      const restore = serve(documents)
      try {
        const channels = [...new Set(documents.map(one => one.channel))]
        return solved(await simpleSolve([...specs], channels, [platform, 'noarch'], undefined), documents)
      } catch (error) {
        // A text; an Error is what WebAssembly threw, and the solver is not to be asked again.
        if (typeof error !== 'string') throw error
        return /^Cannot solve the request/.test(error)
          ? { kind: 'refused', tree: treeOf(error) }
          : { kind: 'unreadable', words: error.slice(0, 2000) }
      } finally {
        restore()
      }
    },
    readsVersion: text => {
      try {
        new Version(text).free()
        return true
      } catch {
        return false
      }
    },
    memory: () => ({ bytes: memory.buffer.byteLength, most: most * PAGE_BYTES }),
    module,
  }
}

/** While rattler is loaded, the constructors of WebAssembly are ours: the module is limited on the way, and its memory can be looked at. */
function catchModule(mostPages: number, compiled: WasmModule | undefined) {
  const { Module, Instance } = wasmApi
  const caught: { module?: WasmModule; instance?: WasmInstance } = {}
  function OurModule(bytes: Uint8Array<ArrayBuffer>): WasmModule {
    caught.module = compiled ?? new Module(withMostPages(bytes, mostPages))
    return caught.module
  }
  // It asks whether the module is one.
  OurModule.prototype = Module.prototype
  function OurInstance(module: WasmModule, imports: object): WasmInstance {
    caught.instance = new Instance(module, imports)
    return caught.instance
  }
  OurInstance.prototype = Instance.prototype
  Object.assign(wasmApi, { Module: OurModule, Instance: OurInstance })
  return {
    restore: () => void Object.assign(wasmApi, { Module, Instance }),
    found: () => {
      const { module, instance } = caught
      if (module === undefined || instance === undefined)
        throw new TypeError('rattler was loaded in this thread before, without a limit of memory')
      return { module, instance }
    },
  }
}

/** It asks for sharded and compressed forms first, which there are none of. */
function serve(documents: readonly ReachableDocument[]): () => void {
  const before = globalThis.fetch
  const texts = new Map(documents.map(one => [`${one.channel}/${one.subdir}/repodata.json`, one.text]))
  globalThis.fetch = async asked => {
    const url = typeof asked === 'string' ? asked : asked instanceof URL ? asked.href : asked.url
    const text = texts.get(decodeURIComponent(url))
    const response = text === undefined ? new Response('', { status: 404 }) : new Response(text)
    // Without an address it throws outside of the promise.
    return Object.defineProperty(response, 'url', { value: url })
  }
  return () => {
    globalThis.fetch = before
  }
}

function solved(packages: SolvedPackage[], documents: readonly ReachableDocument[]): RattlerAnswer {
  const channels = [...new Set(documents.map(one => one.channel))].sort((a, b) => b.length - a.length)
  const chosen = packages.map(one => {
    const url = decodeURIComponent(one.url)
    const found = {
      name: one.packageName as string,
      channel: channels.find(channel => url.startsWith(`${channel}/`)) ?? '',
      subdir: url.split('/').at(-2) ?? '',
      fileName: url.split('/').at(-1) ?? '',
    }
    one.free()
    return found
  })
  return { kind: 'solved', packages: chosen }
}

const LONGEST_TREE = 20_000

/** Without its first words, which say what our own sentence says. A chain of 2,000 packages makes 24 MB of it. */
function treeOf(words: string): string {
  const tree = words.replace(/^Cannot solve the request because of:\s*/, '').trim()
  return tree.length <= LONGEST_TREE ? tree : `${tree.slice(0, tree.lastIndexOf('\n', LONGEST_TREE))}\n…`
}
