// Is it any good? The package is loaded in a process of its own, where a crash of native code is only an answer, and computes once.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChild } from './children.mjs'
import { explain, NativeError } from './failures.mjs'

const PROBE = fileURLToPath(new URL('./probe.mjs', import.meta.url))

/**
 * @returns what the probe saw, and TensorFlow's own reasons for seeing no GPU
 * @throws NativeError with what is missing, by name
 */
export async function check(prefix, { name, until }) {
  if (!existsSync(join(prefix, 'node_modules', name, 'package.json')))
    throw new NativeError(`${name} is not installed in ${prefix}`)
  // TensorFlow says why it sees no GPU only in its log. Of a GPU's memory it would take nearly all, also what others are about to use.
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '0', TF_FORCE_GPU_ALLOW_GROWTH: 'true' }
  const { code, signal, output } = await runChild([process.execPath, PROBE, prefix, name], { cwd: prefix, env, until })
  const said = /^native-probe (\{.*\})$/m.exec(output)
  if (code !== 0 || !said) throw explain('check', signal ? `${output}\nended by ${signal}` : output)
  return { prefix, ...JSON.parse(said[1]), whyNoGpu: reasonsIn(output) }
}

/** Until 2.13 TensorFlow names each library that is missing, later only the fact. Lines as 2.9.3, 2.15.1, 2.18.1 and 2.21.0 print them. */
function reasonsIn(output) {
  const missing = new Set(
    [...output.matchAll(/Could not load dynamic library '([^']+)'/g)].map(([, library]) => library),
  )
  const driver = /failed call to cuInit: (.*)/.exec(output)
  return [
    missing.size > 0 ? `not found: ${[...missing].join(', ')}` : null,
    /Cannot dlopen some GPU libraries/.test(output) ? 'some CUDA libraries of its version are not found' : null,
    /Could not find cuda drivers/.test(output) ? 'no driver' : null,
    driver ? `the driver answers ${driver[1]}` : null,
  ].filter(reason => reason !== null)
}

export function wordsOf({ prefix, name, version, tensorflow, node, gpu, whyNoGpu }) {
  const ofGpu = name.endsWith('-gpu')
  const device = gpu ? 'the GPU (isUsingGpuDevice true)' : `the CPU${ofGpu ? ' (isUsingGpuDevice false)' : ''}`
  const lines = [`\n${name} ${version} computes with TensorFlow ${tensorflow} on ${device}. Node ${node}.`]
  if (ofGpu && !gpu) {
    const why = whyNoGpu.join('; ') || 'that TensorFlow is built for CPUs alone'
    lines.push(
      `No GPU is seen from here: ${why}. On a node without one that is right; on a GPU node run --check again.`,
    )
  }
  lines.push(`Workers find it by  export NODE_PATH=${join(prefix, 'node_modules')}`)
  return lines.join('\n')
}
