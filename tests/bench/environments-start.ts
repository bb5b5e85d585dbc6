// What a ready environment adds to the start of a job: the built release's worker as a node runs it, a process each time, with a command that
// says when it began; without an environment, and in one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fence, RUN_FILES } from '@trotline/contracts'
import type { Scene as Environment } from '../integration/environment-scene.ts'
import { makeJob, type Place, resultOf, start, textOf } from '../integration/worker-process.ts'
import type { Scene } from '../support/slurm-itself.ts'

export interface JobStart {
  /** From the fence to the first thing that the command does. */
  startMs: number
  /** From the start of the worker's process to its end; the command does next to nothing. */
  processMs: number
}

/** Nanoseconds since 1970, and nothing else: it is there on every node, within an environment and without. */
const COMMAND = ['date', '+%s%N']

export function createJobStarts(scene: Scene, release: Place['release']) {
  const home = mkdtempSync(join(tmpdir(), 'trotline-bench-start-'))
  scene.after(() => rmSync(home, { recursive: true, force: true }))
  const place: Place = { home, release }

  return async (environment: Environment | null): Promise<JobStart> => {
    const job = await makeJob(place, { kind: 'command', command: COMMAND }, { spec: specOf(environment) })
    const began = performance.now()
    const { ended } = await start(scene, place, job, { env: { PATH: process.env.PATH } })
    const { code } = await ended
    const processMs = performance.now() - began
    const stdout = await textOf(join(job.run, 'stdout'))
    const told = /^\d{19}$/m.exec(stdout)?.[0]
    if (code !== 0 || told === undefined)
      throw new Error(`the worker ended with ${code}: ${stdout}${await textOf(join(job.run, 'stderr'))}`)
    const { environment: look } = await resultOf(job)
    if ((look?.lockId ?? null) !== (environment?.lockId ?? null)) throw new Error('it ran in another environment')
    const fence = Fence.parse(JSON.parse(readFileSync(join(job.run, RUN_FILES.fence), 'utf8')))
    return { startMs: Number(BigInt(told) / 1000n) / 1000 - Date.parse(fence.at), processMs }
  }
}

const specOf = (environment: Environment | null): object =>
  environment === null
    ? {}
    : {
        environment: {
          ...{ lockId: environment.lockId, root: environment.root },
          ...{ form: 'tree', place: environment.prefix },
        },
      }
