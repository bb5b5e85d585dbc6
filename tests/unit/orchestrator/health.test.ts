import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Breaker } from '@trotline/contracts'
import { SlurmError, type SlurmErrorCode, type TransportHealth } from '@trotline/slurm'
import type { IdentityAccess, OwnedCluster } from '../../../apps/orchestrator/src/clusters/access.ts'
import { healthOf } from '../../../apps/orchestrator/src/clusters/health.ts'
import { AT, clusterSettings, later } from '../../support/job-records.ts'

const CONNECTED: TransportHealth = { state: 'connected', since: Date.parse(AT), lastError: null }
const down = (code: SlurmErrorCode, since = Date.parse(AT)): TransportHealth => ({
  state: 'down',
  since,
  lastError: new SlurmError(code),
})
const fault = (identity: string, over: Partial<Breaker> = {}): Breaker => ({
  identity,
  part: 'ssh',
  state: 'closed',
  since: AT,
  faults: 1,
  lastFault: { code: 'SSH_LOST', detail: 'went', at: AT },
  nextProbeAt: null,
  ...over,
})

/** A cluster with the service identity and ada, as health looks at it. */
function cluster(service: TransportHealth, ada: TransportHealth, breakers: Breaker[] = []): OwnedCluster {
  const access = (name: string, health: TransportHealth) => ({ name, transport: { health } }) as IdentityAccess
  const used = [access('service', service), access('ada', ada)]
  const found: Partial<OwnedCluster> = {
    settings: clusterSettings(),
    service: () => used[0] ?? assert.fail(),
    used: () => used,
    breakers: () => breakers,
  }
  return found as OwnedCluster
}
const codeAt = (access: OwnedCluster, ms = 1_000): string => healthOf(access, null, later(ms)).code

test('a connection of the service that is down is red, lost or not', () => {
  assert.equal(codeAt(cluster(down('SSH_LOST'), CONNECTED), 3_600_000), 'SSH_LOST')
  assert.equal(codeAt(cluster(down('SSH_AUTH'), CONNECTED), 3_600_000), 'SSH_AUTH')
})

test('a connection that was lost while its user did not need it is not red', () => {
  assert.equal(codeAt(cluster(CONNECTED, down('SSH_LOST'))), 'ok')
})

test('a user who cannot get in is red as long as somebody tries, and not until the next job', () => {
  const access = cluster(CONNECTED, down('SSH_AUTH'))
  assert.equal(codeAt(access), 'SSH_AUTH')
  assert.equal(codeAt(access, 3_600_000), 'ok')
})

test('a fault of a user’s way is red while it is fresh; of the service’s until it answers', () => {
  assert.equal(codeAt(cluster(CONNECTED, CONNECTED, [fault('ada')])), 'SSH_LOST')
  assert.equal(codeAt(cluster(CONNECTED, CONNECTED, [fault('ada')]), 3_600_000), 'ok')
  assert.equal(codeAt(cluster(CONNECTED, CONNECTED, [fault('service')]), 3_600_000), 'SSH_LOST')
})

test('whatever is left alone is red, whoever it belongs to', () => {
  const open = fault('ada', { state: 'open', nextProbeAt: later(5_000) })
  assert.equal(codeAt(cluster(CONNECTED, CONNECTED, [open]), 3_600_000), 'SSH_LOST')
})
