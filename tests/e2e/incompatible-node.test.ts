// A node is not what it was when it was last looked at: the job finds out in its first second, and so does the next POST.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import {
  type Cluster,
  Fence,
  type NodeKind,
  NodeSighting,
  type Problem,
  RUN_FILES,
  RunResult,
} from '@trotline/contracts'
import type { LocalCluster } from '../../deploy/local/cluster.ts'
import { runtimeFolder } from '../../deploy/local/folders.ts'
import { type Layout, layoutOf } from '../../deploy/local/layout.ts'
import { changeGpus, writeNvidiaSmi } from '../../deploy/local/nvidia-smi.ts'
import { ownCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory, type Story } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'

// Drivers and programs are changed here: a cluster of this file's own.
let cluster: LocalCluster
let layout: Layout
before(async () => {
  cluster = await ownCluster({ accounting: false })
  layout = layoutOf(cluster.home, runtimeFolder(cluster.home))
})

async function kindOf(story: Story, partition: string): Promise<NodeKind> {
  const { body } = await story.api.answered<Cluster>('GET', '/v1/clusters/local')
  const kinds = body.facts?.partitions.find(({ name }) => name === partition)?.nodeKinds ?? []
  return kinds.find(({ gpus }) => gpus.length > 0) ?? assert.fail(`nothing is known of partition ${partition}`)
}

/** By a look of our own, once that has found this driver. */
const seenOn = (story: Story, partition: string, driver: string): Promise<NodeKind> =>
  eventually(`driver ${driver} is a fact of partition ${partition}`, async () => {
    const kind = await kindOf(story, partition).catch(() => null)
    const found = kind?.facts.driver
    return found?.source === 'probe' && found.value === driver && kind
  })

const onGpu = (partition: string, backend: 'auto' | 'any' = 'auto') => {
  const asked = request({ epochs: 5, resources: { partition, gpus: 1 } })
  return { ...asked, training: { ...asked.training, backend } }
}

/** What the only run of the job left, read where the job wrote it. */
function leftBy({ workDir }: Story, id: string) {
  const read = (name: string): unknown =>
    JSON.parse(readFileSync(join(workDir, 'jobs', cluster.ssh.user, id, 'runs/1-0', name), 'utf8'))
  return {
    fence: Fence.parse(read(RUN_FILES.fence)),
    result: RunResult.parse(read(RUN_FILES.result)),
    sighting: NodeSighting.parse(read(RUN_FILES.node)),
  }
}

const nvidiaSmi = (node: string, script: string): void =>
  writeFileSync(join(layout.nodePrograms(node), 'bin', 'nvidia-smi'), `#!/bin/sh\n${script}\n`)

describe('a node whose driver was lowered after it was looked at', () => {
  test('fails the job in its first second with the figures, and the next such job is refused before it queues', async t => {
    const story = await createStory(t, { cluster, clusterSettings: { probe: { automatic: 'gpu' } } })
    await story.start()
    const old = await seenOn(story, 'gpua100', '580.159.03')
    changeGpus(cluster.home, 'a01', { driver: '396.37', cuda: '' })
    t.after(() => writeNvidiaSmi(layout))

    const accepted = await story.api.submit(onGpu('gpua100'))

    assert.match(accepted.compatibility.verdict, /^compatible/, 'by what was known of the node')
    const { failure, progress } = await story.api.ended(accepted.id, 'failed')
    assert.equal(failure?.reason, 'incompatible-node')
    assert.match(failure.detail, /^Node a01 cannot run .*450\.80\.02 or newer; this node has 396\.37/)
    assert.match(failure.action, /partition/)
    const evidence = failure.evidence.join('\n')
    assert.match(evidence, /^node a01: driver 396\.37, 4 × NVIDIA A100-SXM4-40GB/m)
    assert.match(evidence, /^driver-too-old: required 450\.80\.02 .*; found 396\.37$/m)
    assert.match(failure.logTail, /INCOMPATIBLE_NODE/)
    assert.equal(progress.epochs, 0)
    const { fence, result, sighting } = leftBy(story, accepted.id)
    const tookMs = Date.parse(result.endedAt) - Date.parse(fence.at)
    t.diagnostic(`from the fence to the end ${tookMs} ms`)
    assert.ok(tookMs < 5000, `${tookMs} ms`)
    assert.deepEqual([sighting.node, sighting.driver], ['a01', '396.37'])

    // A user's file is a claim; what it claims is looked at at once, on that very node.
    const { driver, glibc } = (await seenOn(story, 'gpua100', '396.37')).facts
    assert.equal(driver?.from, 'nvidia-smi on a01')
    assert.ok((driver?.at ?? '') > (old.facts.driver?.at ?? ''))
    assert.equal(sighting.glibc, glibc?.value, 'worker and look find the same')
    const again = await story.api.answered<Problem>('POST', '/v1/jobs', { body: onGpu('gpua100') })
    assert.deepEqual([again.status, again.body.code], [422, 'incompatible'])
    assert.match(again.body.detail, /396\.37/)
  })

  test('does not keep a job from training that takes any backend', async t => {
    const story = await createStory(t, { cluster })
    await story.start()
    changeGpus(cluster.home, 'p01', { driver: '390.46', cuda: '' })
    t.after(() => writeNvidiaSmi(layout))

    const { id } = await story.api.submit(onGpu('gpup100', 'any'))

    await story.api.ended(id, 'completed')
    assert.match(await story.api.log(id, '?stream=stderr'), /GPUs of p01 cannot be used: .*390\.46.*backend is any/)
    const { facts, claims } = await kindOf(story, 'gpup100')
    assert.deepEqual([facts.driver?.value, facts.driver?.source], ['390.46', 'job'], 'nobody else has seen it')
    assert.deepEqual([claims?.[0]?.node, claims?.[0]?.job], ['p01', id])
    assert.match(claims?.[0]?.says ?? '', /driver 390\.46/)
  })
})

describe('an nvidia-smi that tells nothing', () => {
  const cases = [
    ['hangs', 'exec sleep 600', /did not answer in time/],
    ['babbles', 'while :; do echo "NVRM: Xid 79: GPU has fallen off the bus"; done', /fallen off the bus/],
  ] as const
  for (const [what, script, said] of cases)
    test(`because it ${what} leaves the job to the ladder of backends, whose own reason ends it`, async t => {
      const story = await createStory(t, { cluster })
      await story.start()
      nvidiaSmi('p01', script)
      t.after(() => writeNvidiaSmi(layout))

      const { id } = await story.api.submit(onGpu('gpup100'))

      const { failure } = await story.api.ended(id, 'failed')
      assert.equal(failure?.reason, 'incompatible-node')
      assert.match(failure.detail, /tfjs-node-gpu: @tensorflow\/tfjs-node-gpu is not installed on this node/)
      assert.match(await story.api.log(id, '?stream=stderr'), said)
      const { result, sighting } = leftBy(story, id)
      assert.equal(result.failure?.code, 'BACKEND_UNAVAILABLE')
      assert.deepEqual([sighting.driver, said.test(sighting.gpuTrouble ?? '')], [null, true])
    })
})
