// A run's sign of life on storage that stands still for longer than a beat: one beat at a time, and none after its end.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startHeartbeat } from '../../../apps/worker/src/heartbeat.ts'
import { eventually } from '../../support/eventually.ts'

test('beats do not overtake each other, and the end waits for the one that is being written', async t => {
  const runDirectory = mkdtempSync(join(tmpdir(), 'trotline-heartbeat-'))
  // Opening it to write takes until somebody opens it to read.
  const beside = join(runDirectory, 'heartbeat.new')
  execFileSync('mkfifo', [beside])
  const openReader = (): number => openSync(beside, constants.O_RDONLY | constants.O_NONBLOCK)
  t.after(() => {
    // Whatever failed before: a beat that waits would keep the process.
    if (existsSync(beside)) closeSync(openReader())
    rmSync(runDirectory, { recursive: true, force: true })
  })
  const said: string[] = []
  const beats: (number | null)[] = []
  const heartbeat = startHeartbeat({
    runDirectory,
    epoch: () => 7,
    onBeat: epoch => void beats.push(epoch),
    everyMs: 5,
    say: line => void said.push(line),
  })
  await eventually('it has beaten some times', () => beats.length >= 8)
  let over = false
  const stopped = heartbeat.stop().then(() => {
    over = true
  })
  await new Promise(done => setImmediate(done))
  assert.equal(over, false)
  const reader = openReader()
  t.after(() => closeSync(reader))
  await stopped
  assert.deepEqual([said, readdirSync(runDirectory)], [[], ['heartbeat']])
  assert.match(readFileSync(reader, 'utf8'), /"epoch":7\}\n$/)
  const { length } = beats
  await new Promise(done => setTimeout(done, 20))
  assert.equal(beats.length, length)
})
