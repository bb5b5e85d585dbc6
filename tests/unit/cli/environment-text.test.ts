import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BUILD_STEPS, Job, MATERIALISATION_STATES } from '@trotline/contracts'
import { exitOfBuild } from '../../../apps/cli/src/exit-codes.ts'
import { buildView, isBuilt, madeText, solveView, troubleLines } from '../../../apps/cli/src/text/environment-text.ts'
import { jobFacts } from '../../../apps/cli/src/text/job-text.ts'
import { weightsText } from '../../../apps/cli/src/text/rerun-text.ts'
import { createStyle } from '../../../apps/cli/src/text/style.ts'
import { viewOfNew } from '../../../apps/orchestrator/src/store/job-store.ts'
import { AT, record, sha256 } from '../../support/job-records.ts'
import { materialisation } from '../../support/materialisations.ts'

const style = createStyle({ colour: false, utf8: true })
const NOW = Date.parse(AT)

test('every state has its exit code: only one that is ready is 0, and what still goes on is 8', () => {
  assert.deepEqual(
    MATERIALISATION_STATES.map(state => [state, exitOfBuild({ state }), isBuilt({ state })]),
    [
      ['wanted', 8, false],
      ['making', 8, false],
      ['ready', 0, true],
      ['failed', 10, true],
      ['cancelled', 11, true],
      ['quarantined', 10, true],
      ['removing', 8, false],
    ],
  )
})

test('every step of a making has words, and counts where the maker counts', () => {
  for (const step of BUILD_STEPS) assert.notEqual(buildView(materialisation({ state: 'making', step })).step, 'making')
  const progress = { done: 1_048_576, of: null, unit: 'bytes' as const }
  assert.deepEqual(buildView(materialisation({ state: 'making', step: 'pack', progress })), {
    step: 'packing',
    detail: '1 MiB',
    done: 1_048_576,
    of: null,
  })
  assert.equal(
    buildView(materialisation({ state: 'wanted', detail: 'Two are made before it.' })).detail,
    'Two are made before it.',
  )
})

test('one that is ready says its size and when it was used; one that is not says why', () => {
  assert.equal(
    madeText(materialisation({ bytes: 2048, lastUsedAt: AT, jobs: 2 }), NOW + 7_200_000),
    'ready, 2 KiB, used 2 h ago, needed by 2 jobs',
  )
  assert.equal(madeText(materialisation({ state: 'failed', detail: 'No space left.' }), NOW), 'failed, No space left.')
})

test('a document is named by its channel, not by its whole address', () => {
  const asked = { step: 'repodata' as const, channel: 'https://channels.example.org/main/', subdir: 'noarch', bytes: 0 }
  assert.equal(solveView({ ...asked, of: null, how: 'unchanged' }).step, 'unchanged: main/noarch')
})

test('drift names the files, and how many more there are', () => {
  const files = Array.from({ length: 12 }, (_, i) => ({ path: `lib/f${i}`, what: 'missing' as const, package: null }))
  const look = { lockId: sha256('lock'), depth: 'bytes' as const, looked: 20, of: 20, seconds: 1 }
  const lines = troubleLines(
    materialisation({ look: { ...look, drift: { detail: 'Files are gone.', files, count: 40 } } }),
    style,
  )
  assert.equal(lines.filter(line => line.includes('missing')).length, 10)
  assert.equal(lines.at(-1), '  and 30 more: --json has up to 32')
})

test('show tells the lock that a job is pinned to, what it repeats and what differs, and its data', () => {
  const job = Job.parse(
    viewOfNew(
      record({
        environment: { lock: sha256('lock'), name: 'ml@3', look: null },
        data: [{ path: '/data/rows.csv', bytes: 2048, sha256: sha256('rows') }],
        rerunOf: {
          job: 'abcdefghjkmn',
          elsewhere: true,
          differences: ['Node.js is another.'],
          release: null,
          data: [],
        },
      }),
    ),
  )
  const facts = jobFacts(job, NOW)
  const text = (label: string) => facts.filter(fact => fact.label === label).map(fact => fact.text)
  assert.deepEqual(text('runs in'), [`ml@3, lock ${sha256('lock').slice(0, 12)}`])
  assert.equal(facts.find(({ label }) => label === 'runs in')?.full, `ml@3, lock ${sha256('lock')}`)
  assert.deepEqual(text('repeats'), ['abcdefghjkmn of another installation'])
  assert.deepEqual(text('differs'), ['Node.js is another.'])
  assert.deepEqual(text('data'), [`/data/rows.csv  2 KiB  sha256 ${sha256('rows').slice(0, 12)}`])
})

test('weights are compared where both left some', () => {
  const of = (weightsSha256: string | null) => ({ weightsSha256 })
  assert.match(weightsText(of(sha256('a')), of(sha256('a')), 'k3v9', style) ?? '', /the same as those of k3v9/)
  assert.match(weightsText(of(sha256('a')), of(sha256('b')), 'k3v9', style) ?? '', /others than those of k3v9/)
  assert.equal(weightsText(of(null), of(sha256('b')), 'k3v9', style), null)
  assert.equal(weightsText(null, of(sha256('b')), 'k3v9', style), null)
})
