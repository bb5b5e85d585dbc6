// Which libtensorflow a training on this node would load: the package is found as the backend will find it (trainer,
// backends/installed-package.ts), and the marker that deploy/native leaves beside it says the version. Nothing native is loaded.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { GPU_LIBRARY, gpuSoftware, type Software } from '@trotline/contracts'

const PACKAGE = '@tensorflow/tfjs-node-gpu'
/** deploy/native/place.mjs. */
const MARKER = 'trotline-native.json'

export interface NodeLibrary {
  /** For people, with where that is written. */
  name: string
  /** What to judge; null: the release says nothing of the CUDA that it was built for. */
  software: Software | null
}

/** What the package downloads for itself, where nothing says that it is another. */
const OWN: NodeLibrary = { name: `tfjs-node-gpu ${GPU_LIBRARY.frameworkVersion}`, software: gpuSoftware(null) }
/** @param assets the folder from which the backend looks for the package */
export function libraryOfNode(assets: string): NodeLibrary {
  const prefix = prefixOf(assets)
  const marker = prefix === null ? null : readMarker(join(prefix, MARKER))
  if (prefix === null || marker === null) return OWN
  const { tensorflow, source } = marker
  const release = gpuSoftware(tensorflow)
  if (release.framework === GPU_LIBRARY.framework) return OWN
  const name = `TensorFlow ${tensorflow} (${join(prefix, MARKER)})`
  // Google's archives are built for the CUDA of the wheels of the same release, and a folder made of wheels is those wheels.
  if (source.kind !== 'folder') return { name, software: release }
  const cuda = cudaOfConda(source.path)
  // Which builds a channel has is not the question here, because this one is there: only the CUDA that it was built for counts.
  if (cuda !== null) return { name, software: { framework: 'cuda-runtime', cuda } }
  return { name, software: isOfWheels(source.path) ? release : null }
}

/** The folder above node_modules; null: the package is not installed. */
function prefixOf(assets: string): string | null {
  try {
    const path = createRequire(join(assets, 'x.js')).resolve(`${PACKAGE}/package.json`)
    const end = path.lastIndexOf(`/node_modules/${PACKAGE}/`)
    return end < 0 ? null : path.slice(0, end)
  } catch {
    return null
  }
}

function readMarker(path: string) {
  try {
    const { tensorflow, source } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    const from = typeof source === 'object' && source !== null ? (source as Record<string, unknown>) : {}
    const kind = String(from.kind)
    const folder = typeof from.path === 'string' ? from.path : ''
    if (typeof tensorflow !== 'string' || !/^\d+\.\d+(?:\.\d+)?$/.test(tensorflow)) return null
    return { tensorflow, source: { kind, path: folder } }
  } catch {
    return null
  }
}

/** conda-meta/libtensorflow-2.19.1-cuda128h3f2a_0.json: 12.8. null: it is no conda prefix, or the build is for CPUs. */
function cudaOfConda(prefix: string): string | null {
  const folder = join(prefix, 'conda-meta')
  const names = existsSync(folder) ? readdirSync(folder) : []
  const build = names.map(name => /^libtensorflow-[\w.]+-cuda(\d{2})(\d)\w*\.json$/.exec(name)).find(Boolean)
  return build == null ? null : `${build[1]}.${build[2]}`
}

/** deploy/native/libtensorflow-from-wheel.mjs leaves one of these, which TensorFlow's archives do not have. */
const isOfWheels = (folder: string): boolean =>
  ['libtensorflow_cc.so.2', '_pywrap_tensorflow_internal.so'].some(name => existsSync(join(folder, 'lib', name)))
