// The first thing of a run that holds its fence and has GPUs: can this node run what the job needs? Before the data is opened and the
// tensor library loaded. What the node is goes to node.json first, whatever comes of it: it is what the cluster's facts are made new from.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gpuWayOf, type NodeSighting, RUN_FILES, type RunFailure } from '@trotline/contracts'
import { isFileSystemError, replaceDurably } from './durable-file.ts'
import type { NodeJudgement } from './node-judgement.ts'
import { libraryOfNode } from './node-library.ts'
import { sightingOf } from './node-sighting.ts'
import { askNvidiaSmi } from './nvidia-smi.ts'
import type { Assignment, RunParts } from './parts.ts'
import { readLibraryPath } from './settings.ts'

export type Say = Pick<RunParts, 'stop' | 'out' | 'err'>

/** The matrix lies beside the worker in the release that jobs with GPUs are given (deploy/release). */
const MATRIX_FILE = 'compatibility.json'

/** null: nothing speaks against the training, or nobody can tell before it is tried. A stop also comes to that: the training obeys it. */
export async function preflight(duty: Assignment, say: Say): Promise<RunFailure | null> {
  const { spec, allocation, runDirectory } = duty
  const { stop, out, err } = say
  const since = performance.now()
  const sighting = await sightingOf(allocation.node, askNvidiaSmi({ stop: stop.signal }))
  if (stop.signal.aborted) return null
  await writeSighting(runDirectory, sighting, err)
  out(`${wordsOf(sighting)}; looked at in ${((performance.now() - since) / 1000).toFixed(2)} s`)
  if (sighting.gpuTrouble !== null) err(`of the GPUs of ${sighting.node} not all is known: ${sighting.gpuTrouble}`)
  const { training } = spec
  // What a command uses a GPU by is its own business, and that of its environment.
  if (training.kind === 'command' || gpuWayOf(training) !== 'tfjs-node-gpu') return null

  const judged = await judge(sighting, duty.assets)
  if ('missing' in judged) {
    err(`whether ${sighting.node} fits is not judged: ${judged.missing}; the training finds out`)
    return null
  }
  const { verdict, detail, evidence, remarks } = judged
  for (const remark of remarks) err(remark)
  if (verdict === 'compatible') return null
  if (verdict === 'unknown') err(`whether ${sighting.node} fits cannot be told: ${detail} The training finds out.`)
  if (verdict === 'compatible-with-warning') err(`${sighting.node} fits, with a warning: ${detail}`)
  if (verdict !== 'incompatible') return null
  if (training.backend === 'any') {
    err(`the GPUs of ${sighting.node} cannot be used: ${detail} The training goes on, because training.backend is any.`)
    return null
  }
  return {
    reason: 'incompatible-node',
    code: 'INCOMPATIBLE_NODE',
    detail: `Node ${sighting.node} cannot run what the job needs. ${detail}`,
    evidence: [wordsOf(sighting), ...evidence].slice(0, MOST_LINES).map(line => line.slice(0, MOST_CHARACTERS)),
  }
}

/** As RunFailure has it. */
const MOST_LINES = 16
const MOST_CHARACTERS = 1000

/** A run that cannot leave it goes on: whoever writes the epochs will find the same. */
async function writeSighting(runDirectory: string, sighting: NodeSighting, err: Say['err']): Promise<void> {
  try {
    await replaceDurably(join(runDirectory, RUN_FILES.node), `${JSON.stringify(sighting)}\n`)
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    err(`${RUN_FILES.node} could not be written: ${error.message}`)
  }
}

async function judge(sighting: NodeSighting, assets: string): Promise<NodeJudgement | { missing: string }> {
  try {
    const text = await readFile(join(assets, MATRIX_FILE), 'utf8')
    const { judgeNode, parseMatrix } = await import('./node-judgement.ts')
    return judgeNode(sighting, libraryOfNode(assets), { matrix: parseMatrix(text), libraryPath: readLibraryPath() })
  } catch (error) {
    if (!isFileSystemError(error)) throw error
    return { missing: `the matrix cannot be read (${error.message})` }
  }
}

function wordsOf({ node, driver, gpus, glibc, cpuArch, kernel }: NodeSighting): string {
  const count = new Map<string, number>()
  for (const { name, computeCapability } of gpus) {
    const words = computeCapability === null ? name : `${name} (compute capability ${computeCapability})`
    count.set(words, (count.get(words) ?? 0) + 1)
  }
  const found = [...count].map(([name, times]) => `${times} × ${name}`)
  const known = [
    driver === null ? 'driver not known' : `driver ${driver}`,
    ...(found.length === 0 ? ['no GPU found'] : found),
    glibc === null ? null : `glibc ${glibc}`,
    cpuArch,
    kernel === null ? null : `Linux ${kernel}`,
  ]
  return `node ${node}: ${known.filter(words => words !== null).join(', ')}`
}
