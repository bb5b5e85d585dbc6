// What part of a training the reporting takes, in the worker as a node runs it: the release, a process of its own, a real Redis.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EPOCH_REPORTS_QUEUE } from '@trotline/contracts'
import { KEY_PREFIX, startRedis, stopRedis } from '../../deploy/local/redis.ts'
import { buildRelease } from '../../deploy/release/release.ts'
import { makeJob, resultOf, start, textOf } from '../integration/worker-process.ts'
import type { Scene } from '../support/slurm-itself.ts'
import { median, shown } from './rounds.ts'

const EPOCHS = 1_000

/** The hard case: a thousand epochs in a fraction of a second to a few seconds, each of them reported. */
export async function printReporting({
  rounds,
  scene,
  print,
}: {
  rounds: number
  scene: Scene
  print(text: string): void
}): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'trotline-bench-worker-'))
  scene.after(() => rm(home, { recursive: true, force: true }))
  scene.diagnostic('the worker’s release is built and a Redis starts')
  const release = await buildRelease(join(import.meta.dirname, '../..'), join(home, 'releases'), {
    tensorLibrary: false,
  })
  const redis = await startRedis({ home: join(home, 'redis') })
  scene.after(() => stopRedis({ home: join(home, 'redis') }))
  const queue = {
    url: `redis://${redis.host}:${redis.port}`,
    user: redis.report.user,
    password: (await readFile(redis.report.passwordFile, 'utf8')).trim(),
    prefix: KEY_PREFIX,
    name: EPOCH_REPORTS_QUEUE,
  }
  const shares: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const job = await makeJob({ home, release }, { preset: 'auto-mpg', epochs: EPOCHS }, { queue })
    const { ended } = await start(scene, { home, release }, job)
    const { code } = await ended
    if (code !== 0) throw new Error(`the worker ended with ${String(code)}: ${await textOf(join(job.run, 'stderr'))}`)
    const { reporting, training } = await resultOf(job)
    const fitSeconds = training?.fitSeconds ?? Number.NaN
    shares.push((100 * reporting.secondsInReporter) / fitSeconds)
    scene.diagnostic(
      `round ${round} of ${rounds}: ${shown(1_000 * reporting.secondsInReporter)} ms in the reporter, ${reporting.messages} messages, ${shown(fitSeconds)} s of training`,
    )
  }
  print(
    `\nReporting, exercise 2, ${EPOCHS} epochs in the worker: ${shown(median(shares))} % of the training's time (${shown(Math.min(...shares))} - ${shown(Math.max(...shares))}); asked for: 1 %.`,
  )
}
