import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeSighting } from '@trotline/contracts'
import type { StageContext } from '../../../apps/orchestrator/src/lifecycle/context.ts'
import { collectSightings } from '../../../apps/orchestrator/src/lifecycle/node-sightings.ts'
import { clusterSettings, record, request } from '../../support/job-records.ts'
import { sighting } from '../../support/sightings.ts'

/** What is recorded of a job whose runs left these files. */
async function collected(files: Record<string, string>, { gpus = 1, nodes = 'g[1-2]' as string | null } = {}) {
  const job = record({ request: request({ gpus }), slurm: slurmOn(nodes) })
  const found: NodeSighting[] = []
  const warned: string[] = []
  const context = {
    cluster: {
      settings: clusterSettings(),
      identity: () => ({
        transport: {
          async readAt(path: string, offset: number, lengthBytes: number) {
            const text = files[/runs\/([^/]+)\/node\.json$/.exec(path)?.[1] ?? '']
            if (text === undefined) return null
            const bytes = Buffer.from(text)
            return { bytes: bytes.subarray(offset, offset + lengthBytes), sizeBytes: bytes.length }
          },
        },
      }),
    },
    async recordClaim(look: NodeSighting, by: string) {
      assert.equal(by, job.id)
      found.push(look)
      return true
    },
    log: { warn: (_: unknown, words: string) => void warned.push(words) },
  } as unknown as StageContext
  const folders = ['1-0', '1-1', '2-0'].map(run => ({ run, reached: 'fenced' as const }))
  await collectSightings(job, folders, context)
  return { found: found.map(({ node, driver }) => `${node} ${driver}`), warned }
}

const slurmOn = (nodes: string | null) => ({
  jobId: '17',
  name: 'tl-abcdefghjkmn-1',
  state: 'COMPLETED',
  reason: null,
  exitCode: '0:0',
  nodes,
  submitTime: null,
  startTime: null,
  endTime: null,
  restarts: 0,
  source: 'sacct' as const,
  seenAt: '2026-11-27T09:00:00.000Z',
})
const text = (over: Partial<NodeSighting> = {}): string => JSON.stringify(sighting(over))

test('each run’s look at a node of the job is recorded', async () => {
  const { found, warned } = await collected({
    '1-0': text({ node: 'g1' }),
    '2-0': text({ node: 'g2', driver: '390.46' }),
  })
  assert.deepEqual([found, warned], [['g1 396.37', 'g2 390.46'], []])
})

test('a job speaks for no node but its own', async () => {
  const { found, warned } = await collected({ '1-0': text({ node: 'g3', driver: '1000.1' }) })
  assert.deepEqual(found, [])
  assert.match(warned[0] ?? '', /was not the job’s/)
  assert.deepEqual((await collected({ '1-0': text({ node: 'g1' }) }, { nodes: null })).found, [])
})

test('a job without GPUs says nothing of those that it could not see', async () => {
  assert.deepEqual((await collected({ '1-0': text({ driver: null, gpus: [] }) }, { gpus: 0 })).found, [])
})

test('a damaged, strange or endless file is left aside, and the others count', async () => {
  for (const damaged of [
    text({ driver: 'newest' }),
    text({ os: 'x\u001b[2J' }),
    '',
    '{',
    '[]',
    '{"v":2}',
    `${text().slice(0, -1)},"more":1}`,
    ' '.repeat(100_000) + text(),
  ]) {
    const { found, warned } = await collected({ '1-0': damaged, '1-1': text() })
    assert.deepEqual(found, ['g1 396.37'])
    assert.equal(warned.length, 1, damaged.slice(0, 20))
  }
})
