import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { kindsOf } from '../../../apps/orchestrator/src/clusters/node-kinds.ts'
import { urgentNodes } from '../../../apps/orchestrator/src/lifecycle/probe-urgent.ts'
import type { Claim, KnownLook } from '../../../apps/orchestrator/src/store/sightings.ts'
import { group, partition } from '../../support/partitions.ts'
import { sighting } from '../../support/sightings.ts'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const ago = (hours: number): string => new Date(NOW - hours * 3_600_000).toISOString()
const GRES = [['k80', 4]] as const

interface Given {
  claims?: Claim[]
  doubted?: string[]
  down?: string[]
}
function urgent(looks: KnownLook[], { claims = [], doubted = [], down = [] }: Given = {}): string[] {
  const nodes = ['n1', 'n2', 'n3'].filter(node => !down.includes(node))
  const kinds = kindsOf([
    partition('gpu', [
      group({ nodes, gres: GRES }),
      group({ nodes: down, gres: GRES, state: 'down', stateMarks: '*' }),
    ]),
  ])
  const known = {
    looks: new Map(looks.map(look => [look.node, look])),
    claims: new Map(claims.map(claim => [claim.node, claim])),
  }
  return [...urgentNodes(kinds, known, { maxAgeHours: 24 }, NOW, node => doubted.includes(node))]
}
const fresh = ['n2', 'n3'].map(node => sighting({ node, driver: '470.82.01', at: ago(1) }))

describe('a node is looked at before others', () => {
  test('where an old look at it makes the least of its kind', () => {
    const old = { node: 'n1', at: ago(20_000) }
    assert.deepEqual(urgent([sighting({ ...old, driver: '396.37' }), ...fresh]), ['n1'])
    assert.deepEqual(urgent([sighting({ ...old, driver: '470.82.01' }), ...fresh]), [], 'it is as the others')
    assert.deepEqual(urgent([sighting({ ...old, driver: '580.65.06' }), ...fresh]), [], 'it keeps nobody out')
    assert.deepEqual(urgent([sighting({ ...old, driver: '470.82.01', glibc: '2.12' }), ...fresh]), ['n1'])
    assert.deepEqual(urgent([sighting({ ...old, driver: '470.82.01', cpuArch: 'ppc64le' }), ...fresh]), ['n1'])
    assert.deepEqual(
      urgent([sighting({ node: 'n1', at: ago(23), driver: '396.37' }), ...fresh]),
      [],
      'it is young enough',
    )
  })

  test('not where it is down, or where nobody has looked at another since', () => {
    const old = sighting({ node: 'n1', at: ago(20_000), driver: '396.37' })
    assert.deepEqual(urgent([old, ...fresh], { down: ['n1'] }), [])
    assert.deepEqual(urgent([old]), [])
  })

  test('an hour after it had trouble that others have not', () => {
    const troubled = (hours: number) =>
      sighting({ node: 'n1', driver: '470.82.01', at: ago(hours), nodeVersion: null, nodeTrouble: 'Stale file handle' })
    assert.deepEqual(urgent([troubled(0.5), ...fresh]), [])
    assert.deepEqual(urgent([troubled(1.1), ...fresh]), ['n1'])
    const all = ['n1', 'n2', 'n3'].map(node => sighting({ node, at: ago(2), gpuTrouble: 'there is no nvidia-smi' }))
    assert.deepEqual(urgent(all), [], 'trouble that all have is what the kind is')
  })

  test('at once where a job said something else of it, unless a look has just found one wrong', () => {
    const claims = [{ ...sighting({ node: 'n2', driver: '100.1', at: ago(0) }), job: 'abc' }]
    assert.deepEqual(urgent(fresh, { claims }), ['n2'])
    assert.deepEqual(urgent(fresh, { claims, doubted: ['n2'] }), [])
    assert.deepEqual(
      urgent(fresh, { claims: [{ ...sighting({ node: 'n2', driver: '470.82.01', at: ago(0) }), job: 'abc' }] }),
      [],
    )
  })
})
