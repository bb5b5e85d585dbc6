// What is kept of nodes and of looks at them, in a real Redis.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createProbes, type Probes } from '../../apps/orchestrator/src/store/probes.ts'
import { createSightings, type Sightings } from '../../apps/orchestrator/src/store/sightings.ts'
import { sha256 } from '../support/job-records.ts'
import { createRedisRig, type RedisRig } from '../support/orchestrator-store.ts'
import { sighting } from '../support/sightings.ts'

let rig: RedisRig
before(async () => {
  rig = await createRedisRig()
})
after(() => rig.close())

const stores = async (): Promise<{ sightings: Sightings; probes: Probes; spoil(node: string): Promise<unknown> }> => {
  const { redis, keys } = await rig.open()
  return {
    sightings: createSightings(redis, keys),
    probes: createProbes(redis, keys, 60_000),
    spoil: node => redis.hset(keys.sightings('local'), node, '{"of":"another version"}'),
  }
}

describe('of a node', () => {
  test('the newest look is kept, in whatever order they come', async () => {
    const { sightings } = await stores()
    const record = (at: string, driver: string) => sightings.record('local', sighting({ node: 'g1', at, driver }))
    assert.equal(await record('2026-11-27T09:00:00Z', '396.37'), true)
    assert.equal(await record('2026-11-27T08:59:59.999Z', '1.1'), false)
    assert.equal(await record('2026-11-27T09:00:00.001Z', '390.46'), true)
    const { looks } = await sightings.read('local')
    assert.deepEqual([looks.size, looks.get('g1')?.driver], [1, '390.46'])
    assert.equal((await sightings.read('other')).looks.size, 0)
  })

  test('what a job wrote stands beside the look, in the place of what one wrote before, and goes with it', async () => {
    const { sightings } = await stores()
    const claim = (at: string) => ({ ...sighting({ node: 'g1', driver: '100.1', at }), job: 'abc' })
    await sightings.record('local', sighting({ node: 'g1' }))
    assert.equal(await sightings.recordClaim('local', claim('2026-11-27T10:00:00Z')), true)
    assert.equal(await sightings.recordClaim('local', claim('2026-11-27T09:59:00Z')), false)
    const { looks, claims } = await sightings.read('local')
    assert.deepEqual(
      [looks.get('g1')?.driver, claims.get('g1')?.driver, claims.get('g1')?.job],
      ['396.37', '100.1', 'abc'],
    )
    await sightings.forget('local', ['g1'])
    assert.equal((await sightings.read('local')).claims.size, 0)
  })

  test('what another version wrote is left out, and forgetting takes only what is named', async () => {
    const { sightings, spoil } = await stores()
    for (const node of ['g1', 'g2', 'g3']) await sightings.record('local', sighting({ node }))
    await spoil('g2')
    assert.deepEqual([...(await sightings.read('local')).looks.keys()].toSorted(), ['g1', 'g3'])
    await sightings.forget('local', ['g1'])
    await sightings.forget('local', [])
    assert.deepEqual([...(await sightings.read('local')).looks.keys()], ['g3'])
  })
})

describe('of a kind', () => {
  const KINDS = [
    { kind: 'a'.repeat(12), partition: 'gpu' },
    { kind: 'b'.repeat(12), partition: null },
  ]
  const who = (by: string) => ({ by, at: '2026-11-27T09:00:00.000Z' })

  test('a look that is under way stays, and one that has ended makes room for the next', async () => {
    const { probes } = await stores()
    await probes.ask('local', KINDS, who('ada'), null)
    const [first] = (await probes.read('local')).filter(({ kind }) => kind === KINDS[0]?.kind)
    assert.deepEqual([first?.state, first?.wanted, first?.by, first?.failures], ['asked', 'gpu', 'ada', 0])
    for (const state of ['asked', 'pending', 'running', 'done', 'failed'] as const) {
      if (first) await probes.write('local', { ...first, state })
      await probes.ask('local', KINDS.slice(0, 1), who('bob'), null)
      const [now] = (await probes.read('local')).filter(({ kind }) => kind === first?.kind)
      const ended = state === 'done' || state === 'failed'
      assert.deepEqual([now?.state, now?.by], ended ? ['asked', 'bob'] : [state, 'ada'], state)
    }
    await probes.forget('local', [KINDS[1]?.kind ?? ''])
    assert.equal((await probes.read('local')).length, 1)
  })

  test('a key that is sent again asks for nothing, and is refused for anything else', async () => {
    const { probes } = await stores()
    const key = { owner: 'ada', keySha256: sha256('key'), bodySha256: sha256('body') }
    await probes.ask('local', KINDS, who('ada'), key)
    await probes.forget(
      'local',
      KINDS.map(({ kind }) => kind),
    )
    await probes.ask('local', KINDS, who('ada'), key)
    assert.deepEqual(await probes.read('local'), [])
    await assert.rejects(probes.ask('local', KINDS, who('ada'), { ...key, bodySha256: sha256('other') }), {
      code: 'IDEMPOTENCY_KEY_REUSED',
    })
  })
})
