// What compute nodes are, found by short Slurm jobs on a real Slurm whose GPU nodes have an nvidia-smi of their own.
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import type { Cluster, NodeKind, NodeProbe } from '@trotline/contracts'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { changeGpus } from '../../deploy/local/nvidia-smi.ts'
import { ownCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

// Drivers are changed here: a cluster of this file's own. Without accounting it is up sooner, and no look needs it.
let cluster: LocalCluster
before(async () => {
  cluster = await ownCluster({ accounting: false })
})

const show = async ({ api }: Story): Promise<Cluster> => (await api.answered<Cluster>('GET', '/v1/clusters/local')).body

async function kindsIn(story: Story, partition: string): Promise<NodeKind[]> {
  const { facts } = await show(story)
  return facts?.partitions.find(({ name }) => name === partition)?.nodeKinds ?? assert.fail(`no partition ${partition}`)
}
async function onlyKind(story: Story, partition: string): Promise<NodeKind> {
  const [kind = assert.fail('no kind'), ...others] = await kindsIn(story, partition)
  assert.deepEqual(others, [])
  return kind
}

/** Asks for a look at each kind of the partition, and waits for the end of all looks. */
async function probe(story: Story, partition: string): Promise<NodeProbe[]> {
  const asked = await eventually('the cluster was seen', async () => {
    const answer = await story.api.answered<Cluster>('POST', '/v1/clusters/local/probe', { body: { partition } })
    return answer.status === 202 && answer
  })
  assert.ok(asked.body.probes.length > 0)
  return ended(story)
}
const ended = (story: Story): Promise<NodeProbe[]> =>
  eventually('all looks have ended', async () => {
    const { probes } = await show(story)
    return probes.every(({ state }) => state === 'done' || state === 'failed') && probes
  })

/** State and node of those that this story has sent, oldest first: squeue forgets earlier ones in the middle of a story. */
const looksInSlurm = async ({ workDir }: Story): Promise<string[]> =>
  (await slurm(cluster, ['squeue', '-h', '-t', 'all', '-S', 'i', '-o', '%j %Z %T %N']))
    .split('\n')
    .map(line => line.split(' '))
    .filter(([name = '', directory = '']) => name.startsWith('tl-probe-') && directory.startsWith(`${workDir}/`))
    .map(words => words.slice(2).join(' ').trim())

/** A fact with where it comes from, in short. */
const told = (kind: NodeKind, ...fields: (keyof NodeKind['facts'])[]): (string | null)[] =>
  fields.map(field => {
    const fact = kind.facts[field]
    return fact && `${fact.source} ${fact.value} (${fact.from})`
  })

describe('a look at the nodes', () => {
  test('tells driver, GPU and system as the nodes have them, and nothing comes from the login node', async t => {
    const story = await createStory(t, { cluster })
    await story.start()
    const unknown = await eventually('the cluster was seen', () => onlyKind(story, 'gpuk80'))
    assert.deepEqual(
      told(unknown, 'driver', 'gpu', 'glibc', 'kernel', 'node'),
      [null, 'gres k80 (gres gpu:k80 in sinfo)', null, null, null],
      'the login node has a glibc, a kernel and Node.js, and none of them is a fact of the compute nodes',
    )

    await probe(story, 'gpuk80')
    const [look = assert.fail('no look')] = await probe(story, 'gpua100').then(all =>
      all.filter(({ partition }) => partition === 'gpuk80'),
    )
    assert.deepEqual([look.state, look.by, look.detail], ['done', 'tester', ''])

    const k80 = await onlyKind(story, 'gpuk80')
    const { node } = look
    assert.deepEqual(
      k80.probed.map(each => each.node),
      [node],
    )
    assert.deepEqual(told(k80, 'driver', 'gpu', 'computeCapability', 'cudaMax', 'node'), [
      `probe 396.37 (nvidia-smi on ${node})`,
      `probe Tesla K80 (nvidia-smi on ${node})`,
      `probe 3.7 (the name Tesla K80, by nvidia-smi on ${node})`,
      null,
      `probe ${process.version} (node --version on ${node})`,
    ])
    assert.match(k80.facts.glibc?.value ?? '', /^2\.\d+$/)
    const a100 = await onlyKind(story, 'gpua100')
    assert.deepEqual(told(a100, 'driver', 'gpu', 'computeCapability', 'cudaMax'), [
      'probe 580.159.03 (nvidia-smi on a01)',
      'probe NVIDIA A100-SXM4-40GB (nvidia-smi on a01)',
      'probe 8.0 (nvidia-smi on a01)',
      'probe 13.0 (nvidia-smi on a01)',
    ])
    // The same kind of node in another partition needs no look of its own.
    const inDebug = (await kindsIn(story, 'debug')).find(({ gpus }) => gpus.length > 0)
    assert.equal(inDebug?.facts.driver?.value, '396.37')
    for (const kind of await kindsIn(story, 'shared'))
      assert.deepEqual(told(kind, 'driver', 'glibc', 'kernel', 'node'), [null, null, null, null])

    assert.deepEqual((await looksInSlurm(story)).toSorted(), [`COMPLETED ${node}`, 'COMPLETED a01'].toSorted())
    await eventually('their folders are gone', () => readdirSync(join(story.workDir, 'probes')).length === 0)
  })

  test('that finds a node with another driver names it, and the least of the kind counts', async t => {
    const story = await createStory(t, { cluster })
    await story.start()
    changeGpus(cluster.home, 'k02', { driver: '390.46' })
    t.after(() => changeGpus(cluster.home, 'k02', { driver: '396.37' }))
    // The second look goes to the node that the first did not see.
    await probe(story, 'gpuk80')
    await probe(story, 'gpuk80')
    const kind = await onlyKind(story, 'gpuk80')
    assert.deepEqual(kind.probed.map(({ node }) => node).toSorted(), ['k01', 'k02'])
    assert.deepEqual(told(kind, 'driver'), ['probe 390.46 (nvidia-smi on k02)'])
    assert.deepEqual(kind.differs, ['k02 has driver 390.46, k01 396.37'])

    changeGpus(cluster.home, 'k02', { driver: '396.37' })
    // The idle one is preferred, by what sinfo said up to a minute ago: where it was asked during a look, that may be the same one twice.
    const again = await eventually('both were looked at again', async () => {
      await probe(story, 'gpuk80')
      const kind = await onlyKind(story, 'gpuk80')
      return kind.differs.length === 0 && kind
    })
    assert.equal(again.facts.driver?.value, '396.37')
  })

  test('that does not start in time is cancelled and says why, and keeps nothing else waiting', async t => {
    const story = await createStory(t, {
      cluster,
      clusterSettings: { probe: { automatic: 'off', pendingMinutes: 0.1 } },
    })
    await story.start()
    const sleeper = [
      'sbatch',
      '--parsable',
      '--partition=gpup100',
      '--exclusive',
      '--output=/dev/null',
      '--wrap=sleep 300',
    ]
    const blocking = await slurm(cluster, sleeper)
    t.after(() => slurm(cluster, ['scancel', blocking]).then(() => undefined))
    await eventually(
      'it runs',
      async () => (await slurm(cluster, ['squeue', '-h', '-o', '%T', '-j', blocking])) === 'RUNNING',
    )

    const [failed] = (await probe(story, 'gpup100')).filter(({ state }) => state === 'failed')
    assert.match(failed?.detail ?? '', /^It did not start within 0\.1 min \(Slurm: \w+.*\) and was cancelled\.$/)
    assert.deepEqual(await looksInSlurm(story), ['CANCELLED'])
    assert.deepEqual(told(await onlyKind(story, 'gpup100'), 'driver', 'gpu'), [
      null,
      'gres p100 (gres gpu:p100 in sinfo)',
    ])
    const all = await probe(story, 'gpua100')
    assert.ok(all.some(({ node, state }) => node === 'a01' && state === 'done'))
  })

  test('is taken of its own accord at each kind of GPU node once, and not again after a restart', async t => {
    const story = await createStory(t, { cluster, clusterSettings: { probe: { automatic: 'gpu' } } })
    const server = await story.start()
    const done = await eventually('three kinds were looked at', async () => {
      const { probes } = await show(story)
      return probes.filter(({ state }) => state === 'done').length === 3 && probes
    })
    assert.deepEqual(new Set(done.map(({ by }) => by)), new Set([null]))
    assert.equal(done.length, 3)
    await server.stop()
    await story.start()
    const health = await eventually('it attends the cluster again', async () => {
      const { health: now, facts } = await show(story)
      return now.ok && facts !== null && facts.seenAt > (done[0]?.at ?? '') && now
    })
    assert.equal(health.code, 'ok')
    assert.equal((await looksInSlurm(story)).length, 3)
  })

  test('that a killed server has begun is in Slurm once', async t => {
    const story = await createStory(t, { cluster })
    const server = await story.start()
    await eventually('the cluster was seen', () => onlyKind(story, 'gpua100'))
    await story.api.answered('POST', '/v1/clusters/local/probe', { body: { partition: 'gpua100' } })
    // Somewhere between its folder and its answer.
    await eventually('it has begun', () => existsSync(join(story.workDir, 'probes')))
    await server.kill()
    await story.start()
    const [look] = await ended(story)
    assert.deepEqual([look?.state, look?.node], ['done', 'a01'])
    assert.deepEqual(await looksInSlurm(story), ['COMPLETED a01'])
  })

  test('waits while the cluster is paused, and says so', async t => {
    const story = await createStory(t, { cluster })
    await story.start()
    await eventually('the cluster was seen', () => onlyKind(story, 'gpua100'))
    await story.api.answered('POST', '/v1/clusters/local/pause', { body: { why: 'maintenance' } })
    await story.api.answered('POST', '/v1/clusters/local/probe', { body: { partition: 'gpua100' } })
    const waiting = await eventually('it says why it waits', async () => {
      const [look] = (await show(story)).probes
      return look?.detail !== '' && look
    })
    assert.deepEqual([waiting.state, await looksInSlurm(story)], ['asked', []])
    assert.match(waiting.detail, /paused by tester .*maintenance/)
    await story.api.answered('POST', '/v1/clusters/local/resume')
    const [look] = await ended(story)
    assert.equal(look?.state, 'done')
  })
})

test('what a job saw of its own node is told as its word, until a look at that node has seen it', async t => {
  changeGpus(cluster.home, 'a01', { driver: '570.86.10', cuda: '12.8' })
  const story = await createStory(t, { cluster })
  await story.start()
  const { id } = await story.api.submit(request({ resources: { partition: 'gpua100', gpus: 1 } }))
  const claimed = await eventually('it is told', async () => {
    const kind = await onlyKind(story, 'gpua100').catch(() => null)
    return kind?.facts.driver?.value === '570.86.10' && kind
  })
  assert.deepEqual(told(claimed, 'driver', 'gpu'), [
    `job 570.86.10 (nvidia-smi on a01, as job ${id} told)`,
    'gres a100 (gres gpu:a100 in sinfo)',
  ])
  assert.deepEqual([claimed.probed, claimed.claims?.map(({ node, job }) => [node, job])], [[], [['a01', id]]])
  assert.match(claimed.differs[0] ?? '', /^a01: job \S+ says driver 570\.86\.10/)
  assert.equal((await onlyKind(story, 'gpup100')).facts.driver, null)

  await probe(story, 'gpua100')
  const seen = await onlyKind(story, 'gpua100')
  assert.deepEqual(told(seen, 'driver'), ['probe 570.86.10 (nvidia-smi on a01)'])
  assert.deepEqual([seen.claims, seen.differs], [undefined, []])
})
