// The report thread's work on a port of the test: a question is answered, whatever happens to it.
import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createEpochRing, createRingWriter } from '../../../apps/worker/src/epoch-ring.ts'
import { type ReportPort, serveReports } from '../../../apps/worker/src/report-desk.ts'
import type { Handed, Told } from '../../../apps/worker/src/report-handover.ts'

const home = mkdtempSync(join(tmpdir(), 'trotline-report-desk-'))
after(() => rmSync(home, { recursive: true, force: true }))

const epoch = (number: number) => ({ epoch: number, seconds: 0.001, values: { loss: 1 } })

async function setUp(file: number, onTold: (told: Told) => void = () => undefined) {
  const told: Told[] = []
  let hand: (handed: Handed) => void = () => undefined
  const port: ReportPort = {
    postMessage(one) {
      onTold(one)
      told.push(one)
    },
    on(_event, listener) {
      hand = listener
    },
  }
  const ring = createEpochRing()
  await serveReports(port, { jobId: 'a00000000000', run: '1-0', epochs: 10, file, access: null, ring })
  const writer = createRingWriter(ring, names => hand({ kind: 'names', names }))
  const answer = async (id: number) => {
    for (;;) {
      const found = told.find(one => one.kind === 'answer' && one.id === id)
      if (found?.kind === 'answer') return found
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
  return { hand: (handed: Handed) => hand(handed), writer, answer }
}

test('late epochs are taken before what is written to the ring after them', { timeout: 10_000 }, async () => {
  const path = join(home, 'late.jsonl')
  const { hand, writer, answer } = await setUp(openSync(path, 'a'))
  assert.equal(writer.write(epoch(0), 0), true)
  writer.detour()
  assert.equal(writer.write(epoch(2), 0), false)
  hand({ kind: 'late', ended: [{ epoch: epoch(1), at: 0 }] })
  assert.equal(writer.write(epoch(2), 0), true)
  hand({ kind: 'close', id: 7 })
  assert.equal((await answer(7)).problem, null)
})

test('a question whose work fails is answered with what it failed of', { timeout: 10_000 }, async () => {
  const path = join(home, 'fails.jsonl')
  // First it cannot be written, because it is open for reading; then it can, and what is told of it fails.
  const file = openSync('/dev/null', 'r')
  const { hand, writer, answer } = await setUp(file, told => {
    if (told.kind === 'out') throw new Error('made to fail')
  })
  writer.write(epoch(0), 0)
  hand({ kind: 'look' })
  closeSync(file)
  assert.equal(openSync(path, 'a'), file)
  hand({ kind: 'sync', id: 3 })
  assert.equal((await answer(3)).problem, 'made to fail')
  hand({ kind: 'close', id: 4 })
  assert.equal((await answer(4)).problem, null)
})
