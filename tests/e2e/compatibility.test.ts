// What cannot run on the K80s of the tutorial's cluster is refused before it queues, and what is suggested instead is taken.
// The facts are the nodes' own: a probe job asks each kind of node, and the local cluster's nvidia-smi stands in for NVIDIA's.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import type { Cluster, CompatibilityReport, DryRun, Environment, Problem, SuggestAnswer } from '@trotline/contracts'
import { serveChannels } from '../support/channel-server.ts'
import { sharedCluster, slurm } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'
import { buildTutorialChannels, TUTORIAL_PACKAGES, TUTORIAL_SPEC } from '../support/tutorial-channel.ts'

const CU121 = { framework: 'pytorch', frameworkVersion: '2.1.2', wheelTag: 'cu121', channel: 'pip', python: '3.10' }
const K80S = { cluster: 'local', partition: 'gpuk80' }

/** Looks at the nodes and waits for what they say. */
async function probed(story: Story, partition: string): Promise<void> {
  await eventually('the partition is known', async () => {
    const { body } = await story.api.answered<Cluster>('GET', '/v1/clusters/local')
    return body.facts?.partitions.some(({ name }) => name === partition)
  })
  await story.api.answered('POST', '/v1/clusters/local/probe', { body: { partition } })
  await eventually(`the driver of ${partition} is known`, async () => {
    const { body } = await story.api.answered<Cluster>('GET', '/v1/clusters/local')
    const kinds = body.facts?.partitions.find(({ name }) => name === partition)?.nodeKinds ?? []
    return kinds.length > 0 && kinds.every(({ facts }) => facts.driver?.source === 'probe')
  })
}

const check = async (story: Story, body: object): Promise<CompatibilityReport> =>
  (await story.api.answered<CompatibilityReport>('POST', '/v1/compatibility/check', { body })).body

test('a GPU job that the K80s cannot run is refused with what would run, and taken there', async t => {
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster })
  await story.start()
  await probed(story, 'gpuk80')
  await probed(story, 'gpup100')
  const onGpu = (partition: string) => request({ resources: { partition, gpus: 1 } })

  const { status, body } = await story.api.answered<Problem>('POST', '/v1/jobs', { body: onGpu('gpuk80') })

  assert.deepEqual([status, body.code], [422, 'incompatible'])
  assert.match(body.detail, /396\.37/)
  assert.equal(body.findings?.[0]?.pointer, '/resources/partition')
  const elsewhere = body.nearest?.find(({ partition }) => partition === 'gpup100') ?? assert.fail(JSON.stringify(body))
  assert.deepEqual((await story.api.list()).items, [])
  // The looks at the nodes are Slurm jobs too, and none of them is a training.
  const jobs = await slurm(cluster, ['squeue', '-h', '-t', 'all', '-o', '%Z'])
  assert.ok(!jobs.split('\n').some(directory => directory.startsWith(`${story.workDir}/jobs/`)))
  const dry = await story.api.answered<DryRun>('POST', '/v1/jobs?dryRun=true', { body: onGpu('gpup100') })
  assert.deepEqual([dry.status, dry.body.compatibility.verdict], [200, elsewhere.verdict])
  const slides = { ...onGpu('gpuk80'), training: { ...request().training, backend: 'any' } }
  const accepted = await story.api.submit(slides)
  assert.deepEqual(
    [accepted.compatibility.verdict, accepted.compatibility.rule],
    ['compatible-with-warning', 'cpu-rung'],
  )
  const done = await story.api.ended(accepted.id, 'completed')
  assert.notEqual(done.result?.backend, 'tfjs-node-gpu')
})

test('PyTorch for CUDA 12.1 is refused on the K80s, and the suggested set is accepted there', async t => {
  const story = await createStory(t, { cluster: await sharedCluster() })
  await story.start()
  await probed(story, 'gpuk80')

  const refused = await check(story, { ...CU121, ...K80S })

  assert.equal(refused.verdict, 'incompatible')
  assert.deepEqual([refused.facts?.driver?.value, refused.facts?.driver?.source], ['396.37', 'probe'])
  assert.match(refused.detail, /396\.37/)
  const there =
    refused.nearest.find(({ partition }) => partition === null) ?? assert.fail(JSON.stringify(refused.nearest))
  const again = await check(story, { ...there.software, ...K80S })
  assert.equal(again.verdict, there.verdict)
  assert.match(again.verdict, /^compatible/)
  const { body } = await story.api.answered<SuggestAnswer>('POST', '/v1/compatibility/suggest', { body: K80S })
  const newest = body.frameworks.find(({ framework }) => framework === 'pytorch')?.newest[0]
  assert.match((await check(story, { ...newest?.software, ...K80S })).verdict, /^compatible/)
})

test('an environment is solved for what the K80s were measured to be, and a job is pinned to its lock', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'trotline-channels-'))
  await buildTutorialChannels(folder, { archives: false })
  const channels = await serveChannels(folder)
  t.after(async () => {
    await channels.close()
    await rm(folder, { recursive: true, force: true })
  })
  const named = ['pytorch', 'main'].map(name => ({ name, url: `${channels.url}/${name}` }))
  const story = await createStory(t, {
    cluster: await sharedCluster(),
    settings: { environments: { channels: named } },
    // The operator's word for nodes that nobody has looked at: a driver from before CUDA 9.2.
    clusterSettings: { nodes: [{ partition: 'gpup100', driver: '375.26', gpu: 'P100' }] },
  })
  await story.start()
  await probed(story, 'gpuk80')
  const submit = (partition: string, spec: unknown) =>
    story.api.answered<Problem & DryRun>('POST', '/v1/jobs?dryRun=true', {
      body: {
        ...request({ resources: { partition, gpus: 1 } }),
        environment: { spec },
        training: { kind: 'command', command: ['python', 'train.py'] },
      },
    })

  const pip = ['python=3.10', { pip: ['torch==2.1.2+cu121'] }]
  const hopeless = await submit('gpuk80', { channels: ['main'], dependencies: pip })
  const runs = await submit('gpuk80', TUTORIAL_SPEC)
  const unsuited = await submit('gpup100', TUTORIAL_SPEC)
  const refused = await story.api.answered<Problem>('POST', '/v1/environments', {
    body: { spec: TUTORIAL_SPEC, target: { cluster: 'local', partition: 'gpup100' } },
  })

  assert.deepEqual([hopeless.body.code, hopeless.body.findings?.[0]?.pointer], ['incompatible', '/environment/spec'])
  assert.equal(runs.status, 200, JSON.stringify(runs.body))
  assert.match(runs.body.compatibility.verdict, /^compatible/)
  const { body: kept } = await story.api.answered<Environment>('GET', `/v1/environments/${runs.body.environment?.lock}`)
  assert.equal(kept.packages, TUTORIAL_PACKAGES)
  // The build that it names is refused before anything is solved, with one that would run.
  assert.deepEqual([unsuited.body.code, (unsuited.body.nearest ?? []).length > 0], ['incompatible', true])
  assert.equal(refused.body.code, 'environment-impossible', JSON.stringify(refused.body))
  assert.match(refused.body.detail, /driver for CUDA 9\.2 because of cudatoolkit 9\.2; partition gpup100 offers 8\.0/)
})

test('trotline check tells by its exit code whether it runs', async t => {
  const story = await createStory(t, { cluster: await sharedCluster() })
  await story.start()
  const program = resolve(import.meta.dirname, '../../apps/cli/bin/trotline.js')
  const trotline = (...argv: string[]): Promise<{ code: number; stdout: string }> =>
    new Promise(done => {
      const env = { ...process.env, TROTLINE_URL: story.api.url, TROTLINE_TOKEN: story.token }
      execFile(process.execPath, [program, 'check', ...argv], { env, timeout: 60_000 }, (error, stdout) =>
        done({ code: error === null ? 0 : Number(error.code ?? -1), stdout }),
      )
    })
  const torch = ['--framework', 'pytorch==2.1.2', '--wheel', 'cu121', '--channel', 'pip']

  const no = await trotline('--driver', '396.37', '--gpu', 'K80', ...torch)
  const yes = await trotline('--driver', '550.54.15', '--gpu', 'A100', ...torch)
  const who = await trotline('--gpu', 'A100', ...torch)

  assert.deepEqual([no.code, yes.code, who.code], [5, 0, 9])
  assert.match(no.stdout, /incompatible[\s\S]*What would run instead/)
})
