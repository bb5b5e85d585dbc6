// This node as its own job sees it: what nvidia-smi says of its GPUs, and what runs on it besides. Written to node.json, it is also the
// newest that anybody knows of the node.
import { readFile } from 'node:fs/promises'
import { machine, release } from 'node:os'
import type { GpuSighting, NodeSighting } from '@trotline/contracts'

/** @param gpus what was found of the GPUs, which are asked for while the rest is looked up */
export async function sightingOf(node: string, gpus: Promise<GpuSighting>): Promise<NodeSighting> {
  const [os, found] = await Promise.all([osName(), gpus])
  return {
    v: 1,
    node,
    at: new Date().toISOString(),
    ...found,
    glibc: glibc(),
    cpuArch: fitting(machine(), /^[A-Za-z0-9_]{1,32}$/),
    kernel: fitting(release(), /^[\x21-\x7e]{1,100}$/),
    os,
    nodeVersion: process.version,
    nodeTrouble: null,
  }
}

/** The one this process runs on, from the report that Node.js makes of itself: no program is started. null: musl, or not told. */
function glibc(): string | null {
  // Since Node.js 20.13. With it no address is looked up by name, which can take seconds; here no connection is open yet either.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean }
  report.excludeNetwork = true
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: unknown } }
  return fitting(header?.glibcVersionRuntime, /^\d{1,2}\.\d{1,3}/)
}

async function osName(): Promise<string | null> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return fitting(/^PRETTY_NAME=(["']?)(.*)\1$/m.exec(text)?.[2], /^[\x20-\x7e]{1,200}$/)
}

const fitting = (text: unknown, pattern: RegExp): string | null =>
  typeof text === 'string' ? (pattern.exec(text)?.[0] ?? null) : null
