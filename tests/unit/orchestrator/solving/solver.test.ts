import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EnvironmentsSettings } from '../../../../apps/orchestrator/src/environment-settings.ts'
import type { Channels } from '../../../../apps/orchestrator/src/solving/channels/channels.ts'
import { createSolver } from '../../../../apps/orchestrator/src/solving/solver.ts'
import { silent } from '../../../support/orchestrator-store.ts'
import { problemOf } from '../../../support/solving.ts'

test('a spec of more channels than a snapshot can have is refused before any of them is asked', async () => {
  const unasked = new Proxy({} as Channels, { get: () => assert.fail('a channel was asked') })
  const solver = createSolver(EnvironmentsSettings.parse({}), { log: silent, channels: unasked })
  const dependencies = Array.from({ length: 32 }, (_, i) => `other-${i}::package-${i}`)
  await assert.rejects(solver.solve(problemOf({ channels: ['main'], dependencies })), {
    code: 'SPEC_REFUSED',
    message: 'The spec takes packages from 33 channels, and at most 32 are asked for one.',
  })
  await solver.close()
})
