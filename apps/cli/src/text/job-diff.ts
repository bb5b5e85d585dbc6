// Where two jobs differ, and only there: what was asked for, packages, seed, data, release, hardware, and what came out. Pure.
import type { Job } from '@trotline/contracts'

/** null: that job has no such thing. */
export type Difference = { group: string; field: string; from: string | null; to: string | null }
export type JobDiff = { differences: Difference[] /** Fields that both have, and alike. */; equal: number }

export function diffJobs(from: Job, to: Job): JobDiff {
  const [a, b] = [fieldsOf(from), fieldsOf(to)]
  const differences: Difference[] = []
  let equal = 0
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [left, right] = [a.get(key), b.get(key)]
    if (left?.value === right?.value) equal += 1
    else {
      const { group, field } = left ?? right ?? { group: '', field: '' }
      differences.push({ group, field, from: left?.value ?? null, to: right?.value ?? null })
    }
  }
  return { differences, equal }
}

type Field = { group: string; field: string; value: string }

function fieldsOf(job: Job): Map<string, Field> {
  const fields = new Map<string, Field>()
  const put = (group: string, field: string, value: unknown): void => {
    if (value === null || value === undefined) return
    fields.set(`${group}/${field}`, { group, field, value: typeof value === 'string' ? value : JSON.stringify(value) })
  }
  const { name: _name, environment: _environment, ...request } = job.request
  for (const [field, value] of leavesOf(request)) put('request', field, value)
  put('environment', 'lock', job.environment?.lock)
  put('environment', 'found', job.environment?.look?.drift?.detail)
  for (const { path, bytes, sha256 } of job.data) put('data', path, sha256 ?? `${bytes} bytes, not hashed`)
  put('release', 'worker', job.worker?.release)
  put('release', 'Node.js', job.worker?.runtime)
  const { facts, verdict } = job.compatibility
  put('hardware', 'verdict', verdict)
  put('hardware', 'driver', facts?.driver)
  put('hardware', 'GPU', facts?.gpu)
  put('hardware', 'compute capability', facts?.computeCapability)
  put('hardware', 'node', job.runs.at(-1)?.node)
  put('result', 'state', job.state)
  put('result', 'failure', job.failure?.reason)
  put('result', 'attempts', job.runs.length)
  put('result', 'epochs', job.progress.epochs)
  const { result } = job
  if (result === null) return fields
  put('result', 'backend', result.backend)
  put('result', 'engine', result.engine)
  for (const [metric, value] of Object.entries(result.metrics)) put('result', metric, value ?? 'not finite')
  put('result', 'best epoch', result.best === null ? null : result.best.epoch + 1)
  put('result', 'stopped early after', result.stoppedEarlyAt === null ? null : result.stoppedEarlyAt + 1)
  put('result', 'weights', result.weightsSha256)
  put('result', 'seconds of training', result.fitSeconds)
  return fields
}

/** Down to texts, numbers and lists of these; `training.optimizer.learningRate`. */
export function* leavesOf(value: object, above = ''): Generator<[string, unknown]> {
  for (const [key, below] of Object.entries(value)) {
    const path = above === '' ? key : `${above}.${key}`
    const nests = typeof below === 'object' && below !== null
    if (nests && !(Array.isArray(below) && below.every(one => typeof one !== 'object'))) yield* leavesOf(below, path)
    else yield [path, below]
  }
}
