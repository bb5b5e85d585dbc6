// A run that found, maybe after minutes, that it cannot train: whether it may end the job with that.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { JobSpec, WORKER_EXIT } from '@trotline/contracts'
import { endUnfit } from '../../apps/worker/src/end-unfit.ts'
import { resultOf, SPEC } from './worker-in-process.ts'

const home = mkdtempSync(join(tmpdir(), 'trotline-unfit-'))
after(() => rmSync(home, { recursive: true }))

async function ends(name: string, meanwhile: (directory: string) => void) {
  const directory = join(home, name)
  const runDirectory = join(directory, 'runs', '1-0')
  mkdirSync(runDirectory, { recursive: true })
  meanwhile(directory)
  const said: string[] = []
  const say = { out: (line: string) => void said.push(line), err: (line: string) => void said.push(line) }
  const allocation = { slurmJobId: '7', restart: 0, node: 'n1', slurmJobName: 'x' }
  const duty = { spec: JobSpec.parse(SPEC), directory, run: '1-0', runDirectory, allocation, access: null }
  const failure = { reason: 'environment', code: 'environment-missing', detail: 'It is not there.' } as const
  const startedAt = new Date().toISOString()
  const code = await endUnfit(
    { ...duty, release: 'a'.repeat(64), assets: '/nowhere' },
    { failure, startedAt, environment: null },
    say,
  )
  return { directory, code, said: said.join('\n') }
}

describe('a run whose environment, data or node does not fit', () => {
  test('ends the job with that', async () => {
    const { directory, code } = await ends('newest', () => undefined)
    assert.equal(code, WORKER_EXIT.failed)
    assert.equal((await resultOf(directory)).failure?.code, 'environment-missing')
  })

  test('leaves no result where a newer run has taken its place, and says so', async () => {
    const { directory, code, said } = await ends('superseded', at => mkdirSync(join(at, 'runs', '1-1')))
    assert.equal(code, WORKER_EXIT.fenced)
    assert.match(said, /leaving without training: run 1-1 is newer than this run 1-0/)
    assert.equal(existsSync(join(directory, 'runs/1-0/result.json')), false)
  })

  test('leaves no result where the job was cancelled meanwhile', async () => {
    const { directory, code } = await ends('cancelled', at => writeFileSync(join(at, 'cancelled'), ''))
    assert.equal(code, WORKER_EXIT.cancelled)
    assert.equal(existsSync(join(directory, 'runs/1-0/result.json')), false)
  })
})
