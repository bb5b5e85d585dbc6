// What cannot run is refused before anything is stored, and nothing of it reaches the cluster.
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import type { DryRun, Problem } from '@trotline/contracts'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

test('requests that do not fit the cluster are refused by field; nothing is stored and nothing reaches the cluster', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const { api } = story
  await eventually('the partitions are known', async () => {
    const { status } = await api.call('POST', '/v1/jobs?dryRun=true', {
      body: request({ resources: { partition: 'nosuch' } }),
    })
    return status === 422
  })

  const cases: [string, Record<string, unknown>, string][] = [
    [
      'a partition that does not exist',
      { resources: { ...request().resources, partition: 'nosuch' } },
      '/resources/partition',
    ],
    ['a cluster that does not exist', { cluster: 'nosuch' }, '/cluster'],
    ['more CPUs than a node has', { resources: { ...request().resources, cpus: 1000 } }, '/resources/cpus'],
    [
      'more memory than a node has',
      { resources: { ...request().resources, memoryMiB: 9_000_000 } },
      '/resources/memoryMiB',
    ],
    [
      'a longer limit than the partition’s',
      { resources: { ...request().resources, timeLimitMinutes: 500_000 } },
      '/resources/timeLimitMinutes',
    ],
    ['GPUs where there are none', { resources: { ...request().resources, gpus: 1 } }, '/resources/gpus'],
    [
      'a GPU type that is not there',
      { resources: { ...request().resources, partition: 'gpuk80', gpus: 1, gpuType: 'a100' } },
      '/resources/gpuType',
    ],
    ['several nodes', { resources: { ...request().resources, nodes: 2 } }, '/resources/nodes'],
    [
      'a GPU backend without a GPU',
      { training: { kind: 'preset', preset: 'auto-mpg', backend: 'tfjs-node-gpu' } },
      '/training/backend',
    ],
    [
      'other jobs to wait for',
      { resources: { ...request().resources, afterJobs: ['abcdefgh1234'] } },
      '/resources/afterJobs',
    ],
  ]
  for (const [what, changes, pointer] of cases) {
    const { status, headers, body } = await api.answered<Problem>('POST', '/v1/jobs', {
      body: { ...request(), ...changes },
      headers: { 'idempotency-key': what.replaceAll(/\W/g, '-') },
    })
    assert.equal(status, 422, what)
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
    assert.deepEqual(
      body.findings?.map(finding => finding.pointer),
      [pointer],
      what,
    )
  }

  assert.deepEqual((await api.list()).items, [])
  // Others use this cluster, too: what this story submits has its working directory below the story's.
  const directories = (await slurm(cluster, ['squeue', '-h', '-t', 'all', '-o', '%Z'])).split('\n')
  assert.deepEqual(
    directories.filter(directory => directory.startsWith(story.workDir)),
    [],
  )
  await assert.rejects(readdir(story.workDir), { code: 'ENOENT' })
})

test('a dry run shows the script and stores nothing', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()

  const { status, body } = await story.api.answered<{ script: string }>('POST', '/v1/jobs?dryRun=true', {
    body: request(),
  })

  assert.equal(status, 200)
  assert.match(body.script, /^#!\/bin\/bash\n#SBATCH --job-name=tl-/)
  assert.deepEqual((await story.api.list()).items, [])
})

test('who sends a training where others go first is told so, and the dry run tells it before', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  const told = async (partition: string): Promise<readonly string[]> => {
    const body = request({ resources: { partition } })
    return (await story.api.answered<DryRun>('POST', '/v1/jobs?dryRun=true', { body })).body.notes
  }
  // In deploy/local/nodes.ts every other partition has a higher PriorityTier than scavenger, and none a higher one than debug.
  const [note = ''] = await eventually('the partitions are known', async () => {
    const notes = await told('scavenger')
    return notes.length > 0 && notes
  })
  assert.match(note, /^A job in partition scavenger may have to make room for another: Slurm then requeues it\. /)
  assert.deepEqual(await told('debug'), [])
})

test('a POST that is sent ten times at once with one key makes one job', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()

  const jobs = await Promise.all(Array.from({ length: 10 }, () => story.api.submit(request(), 'the-same-key')))

  assert.equal(new Set(jobs.map(job => job.id)).size, 1)
  assert.equal((await story.api.list()).items.length, 1)
  await story.api.ended(jobs[0]?.id ?? '', 'completed')
  assert.equal((await story.api.submit(request(), 'the-same-key')).id, jobs[0]?.id)
})
