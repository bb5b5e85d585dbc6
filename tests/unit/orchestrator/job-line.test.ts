import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Epoch, JobSummary, summaryOf } from '@trotline/contracts'
import { keptLine, lineText } from '../../../apps/orchestrator/src/store/job-line.ts'
import { progressOf } from '../../../apps/orchestrator/src/store/progress.ts'
import type { JobRecord } from '../../../apps/orchestrator/src/store/record.ts'
import { AT, epochsOf, record, request } from '../../support/job-records.ts'

const command = request({}, { training: { kind: 'command', command: ['true'] } })
const [epoch] = epochsOf('1-0', 6, 6)
const last = (values: Epoch['values'], nonFinite?: Epoch['nonFinite']): string =>
  JSON.stringify({ ...epoch, values, ...(nonFinite ? { nonFinite } : {}) })

/** What the record and its epochs say, as everywhere else. */
const summary = (job: JobRecord, newest: string | null, sealed: string | null, live: number): JobSummary =>
  summaryOf({ ...job, progress: progressOf(job, { live, superseded: null, last: newest, sealed }) })

const jobs = [
  record(),
  record({ request: command }),
  record({
    hold: { stage: 'submit', code: 'SLURM_REJECTED', detail: '"epochs":0,"ofEpochs":3,"loss":null', since: AT },
  }),
]

test('a kept line with what the epochs say is the line that the record and its epochs make', () => {
  const newest = [
    null,
    last({ loss: 0.5, val_loss: 7 }),
    last({ val_loss: 7, loss: -1.25e-7 }),
    last({ loss: 1e21 }),
    last({ loss: 0 }),
    last({ val_loss: 3 }),
    last({ a: null, loss: null }, { a: '+inf', loss: 'nan' }),
    last({ loss: null, val_loss: null }, { loss: '-inf', val_loss: 'nan' }),
  ]
  for (const job of jobs)
    for (const text of newest)
      for (const [sealed, live] of [
        [null, 0],
        [null, 7],
        ['9', 0],
      ] as const) {
        const line = lineText([keptLine(job), text, sealed, live])
        assert.deepEqual(
          JobSummary.parse(JSON.parse(line ?? '')),
          summary(job, text, sealed, live),
          `${text} ${sealed}`,
        )
      }
})

test('a line from before a loss that is no number was named has that now', () => {
  const job = record()
  const text = last({ loss: null }, { loss: 'nan' })
  const old = keptLine(job).replace(',"lossNonFinite":null', '')
  assert.notEqual(old, keptLine(job))
  assert.equal(lineText([old, text, null, 7]), lineText([keptLine(job), text, null, 7]))
})

test('a job without a line of this shape has none', () => {
  assert.equal(lineText([null, null, null, 0]), null)
})
