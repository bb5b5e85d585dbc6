// A short storm on a cluster of its own: a fault of nearly every kind, some jobs around them, and clean books afterwards.
// What takes longer (a node that fails, a frozen Redis, a full disk, every crash point, a run that slurmctld forgets, which is waited
// for until its time limit) is in `npm run chaos`; tests/e2e/forgotten.test.ts has the waiting job that slurmctld forgets.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditTable } from './audit/table.ts'
import { FAULTS } from './faults/all.ts'
import { storm, tallyTable, verdict } from './storm.ts'
import { buildWorld } from './world.ts'

const SEED = 7
const DECK = [
  'ssh-cut-up',
  'ssh-cut-behind-exec',
  'sshd-stopped',
  'redis-killed',
  'server-killed-at-submit-after-sbatch',
  'slurmdbd-stopped',
  'worker-killed',
  'slurmstepd-killed',
  'requeued-running',
  'preempted',
  'scancel-by-outsider',
]

test('a short storm loses, doubles and misreports nothing', async t => {
  const faults = FAULTS.filter(fault => DECK.includes(fault.name))
  assert.deepEqual(
    DECK.filter(name => !faults.some(fault => fault.name === name)),
    [],
  )
  const lines: string[] = []
  const world = await buildWorld({ say: line => lines.push(line) })
  t.after(() => world.close({ keep: false }))
  const report = await storm(world, {
    seed: SEED,
    minutes: 0.1,
    wholeDeck: true,
    jobsPerMinute: 8,
    faults,
    calmMs: [300, 1_500],
    // A hang: it is over as soon as the last job has ended, 1 to 2 minutes after the last fault where nobody else needs the cores.
    settleLimitMs: 15 * 60_000,
    say: line => lines.push(line),
  })
  const wrong = verdict(report)
  const told = [tallyTable(report.tallies), auditTable(report.audit, report.recoveries)]
  if (wrong.length > 0) told.push(...lines, ...world.serverLog().split('\n').filter(isTrouble).slice(-80))
  for (const line of told.flatMap(text => text.split('\n'))) t.diagnostic(line)
  assert.deepEqual(wrong, [])
})

/** Requests are logged at level 30. */
const isTrouble = (line: string): boolean => !line.includes('"level":30,')
