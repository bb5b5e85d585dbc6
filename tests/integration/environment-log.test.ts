// The log of an environment's making, followed from a real file while it grows.

import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { Materialisation } from '@trotline/contracts'
import { createLocalTransport } from '@trotline/slurm'
import { buildLogFrames } from '../../apps/orchestrator/src/http/environment-log-frames.ts'
import { createLogFiles } from '../../apps/orchestrator/src/streams/log-files.ts'
import { materialisation } from '../support/materialisations.ts'

const folder = mkdtempSync(join(tmpdir(), 'trotline-build-log-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const transport = createLocalTransport()
const files = createLogFiles()
let logs = 0

function followed(start = 0) {
  const path = join(folder, `log-${++logs}`)
  const controller = new AbortController()
  let state: Materialisation | null = materialisation({ state: 'making' })
  const open = () => files.open(path, (offset, bytes) => transport.readAt(path, offset, bytes))
  const frames = buildLogFrames({ stateOf: async () => state, open, start }, controller.signal)
  return {
    path,
    stop: () => controller.abort(),
    end: (as: Materialisation['state'] | null) => {
      state = as === null ? null : materialisation({ state: as })
    },
    /** The next event that is no comment. */
    async next(): Promise<{ id: string; event: string; data: Record<string, unknown> | null } | null> {
      for (;;) {
        const { value, done } = await frames.next()
        if (done) return null
        const [, id = '', event = '', data = ''] =
          /^id: (\d+)\nevent: (\w+)\ndata: (.*)\n\n$/.exec(Buffer.from(value as string).toString()) ?? []
        if (event !== '') return { id, event, data: JSON.parse(data) }
      }
    },
  }
}

describe('the log of a making', () => {
  test('is told as it grows, never within a character, and ends with how it stands', async () => {
    const log = followed()
    writeFileSync(log.path, 'one\n')
    assert.deepEqual(await log.next(), { id: '4', event: 'log', data: { offset: 0, next: 4, text: 'one\n' } })
    const [first, second] = [Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1)]
    const waiting = log.next()
    appendFileSync(log.path, Buffer.concat([Buffer.from('two '), first]))
    assert.deepEqual((await waiting)?.data, { offset: 4, next: 8, text: 'two ' })
    appendFileSync(log.path, second)
    assert.deepEqual((await log.next())?.data, { offset: 8, next: 10, text: 'é' })
    log.end('ready')
    const last = await log.next()
    assert.deepEqual([last?.event, last?.data?.state], ['end', 'ready'])
    assert.equal(await log.next(), null)
  })

  test('goes on from where a reader was, and begins anew with another try', async () => {
    const log = followed(4)
    writeFileSync(log.path, 'one\ntwo\n')
    assert.deepEqual((await log.next())?.data, { offset: 4, next: 8, text: 'two\n' })
    writeFileSync(log.path, 'a\n')
    assert.equal((await log.next())?.event, 'cut')
    assert.deepEqual((await log.next())?.data, { offset: 0, next: 2, text: 'a\n' })
    log.stop()
    assert.equal(await log.next(), null)
  })

  test('of what nobody wants any more ends, too', async () => {
    const log = followed()
    log.end(null)
    assert.deepEqual(await log.next(), { id: '0', event: 'end', data: null })
    assert.equal(await log.next(), null)
    assert.equal(files.count, 0, 'no reader is left')
  })
})
