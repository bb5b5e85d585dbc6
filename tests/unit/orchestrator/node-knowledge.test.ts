import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNodeKnowledge } from '../../../apps/orchestrator/src/clusters/node-knowledge.ts'
import type { ClusterFacts, FactsStore } from '../../../apps/orchestrator/src/store/facts.ts'
import type { Claim, KnownLook, Sightings } from '../../../apps/orchestrator/src/store/sightings.ts'
import { clusterSettings } from '../../support/job-records.ts'
import { group, partition } from '../../support/partitions.ts'
import { sighting } from '../../support/sightings.ts'

const NOW = '2026-11-27T12:00:00.000Z'
const GPU = { gres: [['k80', 4]] as const, features: ['haswell'] }
const slurmLook = (nodes: string[]) => ({
  slurmVersion: '22.05.8',
  accounting: true,
  partitions: [partition('gpu', [group({ nodes, ...GPU })]), partition('debug', [group({ nodes: ['g9'], ...GPU })])],
  rules: null,
  at: NOW,
})

/** With stores that are two variables. */
function scene(settings = clusterSettings()) {
  let facts: ClusterFacts | null = null
  let writes = 0
  const looks = new Map<string, KnownLook>()
  const claims = new Map<string, Claim>()
  const sightings: Sightings = {
    read: async () => ({ looks: new Map(looks), claims: new Map(claims) }),
    async record(_, look) {
      if ((looks.get(look.node)?.at ?? '') > look.at) return false
      looks.set(look.node, look)
      return true
    },
    async recordClaim(_, claim) {
      claims.set(claim.node, claim)
      return true
    },
    async forget(_, nodes) {
      for (const node of nodes) {
        looks.delete(node)
        claims.delete(node)
      }
    },
  }
  const store = {
    async writeFacts(next: ClusterFacts) {
      facts = next
      writes += 1
    },
  } as unknown as FactsStore
  const knowledge = createNodeKnowledge(
    settings,
    { facts: store, sightings },
    () => null,
    () => new Date(NOW),
  )
  return {
    knowledge,
    looks,
    claims,
    writes: () => writes,
    kindIn(name: string) {
      const found = facts?.partitions.find(each => each.name === name)?.nodeKinds[0]
      return found ?? assert.fail(`no kind in ${name}`)
    },
  }
}

test('a look changes the facts of a moment later, in every partition of the kind', async () => {
  const { knowledge, kindIn } = scene()
  await knowledge.listed(slurmLook(['g1', 'g2']))
  assert.equal(kindIn('gpu').facts.driver, null)
  assert.equal(await knowledge.recordSighting(sighting({ node: 'g1', driver: '396.37' })), true)
  assert.equal(kindIn('gpu').facts.driver?.value, '396.37')
  assert.equal(kindIn('debug').facts.driver?.value, '396.37')
  assert.equal(knowledge.known().looks.get('g1')?.at, '2026-11-27T09:00:00.000Z')
})

test('a look that comes before Slurm was asked is not lost', async () => {
  const { knowledge, kindIn } = scene()
  assert.equal(await knowledge.recordSighting(sighting({ node: 'g1' })), true)
  await knowledge.listed(slurmLook(['g1']))
  assert.equal(kindIn('gpu').facts.driver?.value, '396.37')
})

test('an older look, and one at a node that Slurm does not list, change nothing', async () => {
  const { knowledge, kindIn } = scene()
  await knowledge.listed(slurmLook(['g1']))
  await knowledge.recordSighting(sighting({ node: 'g1', at: '2026-11-27T10:00:00.000Z' }))
  assert.equal(
    await knowledge.recordSighting(sighting({ node: 'g1', driver: '1000.1', at: '2026-11-27T09:00:00.000Z' })),
    false,
  )
  assert.equal(await knowledge.recordSighting(sighting({ node: 'login1', driver: '1000.1' })), false)
  assert.equal(kindIn('gpu').facts.driver?.value, '396.37')
})

test('a node whose clock goes ahead does not keep later looks out', async () => {
  const { knowledge, kindIn } = scene()
  await knowledge.listed(slurmLook(['g1']))
  await knowledge.recordSighting(sighting({ node: 'g1', at: '2031-01-01T00:00:00.000Z' }))
  assert.equal(kindIn('gpu').probed[0]?.at, NOW)
  assert.equal(await knowledge.recordSighting(sighting({ node: 'g1', driver: '390.46', at: NOW })), true)
  assert.equal(kindIn('gpu').facts.driver?.value, '390.46')
})

test('a node that Slurm lists no more is forgotten', async () => {
  const { knowledge, kindIn, looks } = scene()
  await knowledge.listed(slurmLook(['g1', 'g2']))
  await knowledge.recordSighting(sighting({ node: 'g1', driver: '390.46' }))
  await knowledge.recordSighting(sighting({ node: 'g2', driver: '396.37' }))
  await knowledge.listed(slurmLook(['g2']))
  assert.deepEqual([...looks.keys()], ['g2'])
  assert.deepEqual([kindIn('gpu').facts.driver?.value, kindIn('gpu').differs], ['396.37', []])
})

test('what jobs say again a moment later is written once, and what we knew not at all', async () => {
  const { knowledge, writes } = scene()
  await knowledge.listed(slurmLook(['g1']))
  await knowledge.recordSighting(sighting({ node: 'g1', at: '2026-11-27T09:00:00.000Z' }))
  const before = writes()
  const again = sighting({ node: 'g1', at: '2026-11-27T09:05:00.000Z' })
  assert.equal(await knowledge.recordClaim(again, 'abc'), true)
  assert.equal(writes(), before)
  await knowledge.recordClaim({ ...again, driver: '390.46' }, 'abc')
  assert.equal(writes(), before + 1, 'another driver is news')
  await knowledge.recordClaim({ ...again, driver: '390.46', at: '2026-11-27T09:06:00.000Z' }, 'abd')
  assert.equal(writes(), before + 1, 'from one job')
})

test('a job’s word changes no fact of a node that was looked at, and is gone when it is looked at again', async () => {
  const { knowledge, kindIn } = scene()
  await knowledge.listed(slurmLook(['g1']))
  await knowledge.recordSighting(sighting({ node: 'g1' }))
  await knowledge.recordClaim(sighting({ node: 'g1', driver: '100.1', at: '2026-11-27T10:00:00.000Z' }), 'abc')
  assert.deepEqual(
    [kindIn('gpu').facts.driver?.value, kindIn('gpu').claims?.length, kindIn('debug').facts.driver?.value],
    ['396.37', 1, '396.37'],
  )
  await knowledge.recordSighting(sighting({ node: 'g1', at: '2026-11-27T10:01:00.000Z' }))
  assert.deepEqual([kindIn('gpu').facts.driver?.value, kindIn('gpu').claims], ['396.37', undefined])
  assert.equal(await knowledge.recordClaim(sighting({ node: 'login1' }), 'abc'), false)
})

test('a look whose nvidia-smi hung keeps the driver that an earlier one saw', async () => {
  const { knowledge, kindIn } = scene()
  await knowledge.listed(slurmLook(['g1']))
  await knowledge.recordSighting(sighting({ node: 'g1' }))
  const gpuTrouble = 'nvidia-smi did not answer in time'
  const at = '2026-11-27T11:00:00.000Z'
  await knowledge.recordSighting(sighting({ node: 'g1', at, driver: null, gpus: [], gpuTrouble }))
  const { driver, glibc } = kindIn('gpu').facts
  assert.deepEqual([driver?.value, driver?.at, glibc?.at], ['396.37', '2026-11-27T09:00:00.000Z', at])
})

test('the operator’s word is taken from the configuration, host lists and all', async () => {
  const nodes = [{ partition: 'gpu', features: [], nodes: ['g[1-2]'], driver: '390.46' }]
  const { knowledge, kindIn } = scene(clusterSettings({ nodes }))
  await knowledge.listed(slurmLook(['g1', 'g2']))
  assert.deepEqual(kindIn('gpu').facts.driver, {
    value: '390.46',
    source: 'declared',
    from: 'nodes[0] of cluster local in the configuration',
    at: NOW,
  })
  assert.equal(kindIn('debug').facts.driver, null)
})

test('looks and lists that come at once end with all of them', async () => {
  const { knowledge, kindIn } = scene()
  const nodes = ['g1', 'g2', 'g3']
  await Promise.all([
    knowledge.listed(slurmLook(nodes)),
    ...nodes.map((node, i) => knowledge.recordSighting(sighting({ node, driver: `39${i}.46` }))),
    knowledge.listed(slurmLook(nodes)),
  ])
  assert.deepEqual([kindIn('gpu').facts.driver?.value, kindIn('gpu').probed.length], ['390.46', 3])
})
