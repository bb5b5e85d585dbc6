// The worker release when its report thread does not do as it should: it ends, or it is slower than the training.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { WORKER_EXIT } from '@trotline/contracts'
import { buildRelease } from '../../deploy/release/release.ts'
import { epochsOf, makeJob, type Place, resultOf, start, textOf } from './worker-process.ts'

describe('the report thread', () => {
  let place: Place
  before(async () => {
    const home = await mkdtemp(join(tmpdir(), 'trotline-reports-'))
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const release = await buildRelease(root, join(home, 'releases'), { tensorLibrary: false })
    place = { home, release }
  })
  after(() => rm(place.home, { recursive: true, force: true }))

  /** Settings with which the report thread, and no other, runs this first. */
  async function onReportThread(name: string, script: string): Promise<NodeJS.ProcessEnv> {
    const path = join(place.home, `${name}.cjs`)
    await writeFile(path, `if (!require('node:worker_threads').isMainThread) { ${script} }`)
    return { NODE_OPTIONS: `--require ${path}` }
  }

  const ends: [string, string, RegExp][] = [
    ['throws', "setTimeout(() => { throw new RangeError('made to fail') }, 700)", /has ended: made to fail/],
    ['leaves without a word', 'setTimeout(() => process.exit(0), 700)', /has ended: it left with code 0/],
  ]
  for (const [what, script, words] of ends)
    test(`that ${what} ends the run in words, with whole lines and without a result`, async t => {
      const job = await makeJob(place, { preset: 'auto-mpg', epochs: 100_000 })
      const env = await onReportThread(what.replaceAll(' ', '-'), script)
      const { code } = await (await start(t, place, job, { env })).ended
      assert.equal(code, 1)
      assert.match(await textOf(join(job.run, 'stderr')), words)
      assert.ok(!(await readdir(job.run)).includes('result.json'))
      const left = await epochsOf(job)
      assert.deepEqual(
        left,
        left.map((_, epoch) => epoch),
      )
    })

  test('to which the file system says only at close(2) that there is no room tells so, and the run has its result', async t => {
    const job = await makeJob(place, { preset: 'auto-mpg', epochs: 5 })
    const env = await onReportThread(
      'quota-at-close',
      `const fs = require('node:fs'), { closeSync } = fs
       fs.closeSync = file => { closeSync(file); throw Object.assign(new Error('EDQUOT: made to fail, close'), { code: 'EDQUOT' }) }
       require('node:module').syncBuiltinESMExports()`,
    )
    const { code } = await (await start(t, place, job, { env })).ended
    assert.equal(code, WORKER_EXIT.failed)
    const { outcome, failure } = await resultOf(job)
    assert.deepEqual([outcome, failure?.code], ['failed', 'EPOCHS_NOT_WRITTEN'])
    assert.match(failure?.detail ?? '', /EDQUOT/)
    assert.deepEqual(await epochsOf(job), [0, 1, 2, 3, 4])
  })

  test('that is slower than the training is waited for: every line is there, and the wait counts as reporting', async t => {
    const epochs = 100_000
    const job = await makeJob(place, { preset: 'linear-regression', epochs })
    const env = await onReportThread(
      'slow-disk',
      `const fs = require('node:fs'), { writeSync } = fs
       fs.writeSync = (...given) => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400); return writeSync(...given) }
       require('node:module').syncBuiltinESMExports()`,
    )
    const { code } = await (await start(t, place, job, { env })).ended
    assert.equal(code, WORKER_EXIT.completed)
    const lines = (await textOf(join(job.run, 'epochs.jsonl'))).split('\n').slice(0, -1)
    assert.equal(lines.length, epochs)
    assert.ok(lines.every((line, epoch) => line.startsWith(`{"epoch":${epoch},`)))
    const { secondsInReporter } = (await resultOf(job)).reporting
    t.diagnostic(`waited ${secondsInReporter.toFixed(1)} s`)
    assert.ok(secondsInReporter > 0.3, `${secondsInReporter} s`)
  })
})
