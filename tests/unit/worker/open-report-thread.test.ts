// A report thread that the system does not grant.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openReportThread } from '../../../apps/worker/src/open-report-thread.ts'
import type { ReportOrder } from '../../../apps/worker/src/report-handover.ts'
import { openReporting } from '../../../apps/worker/src/reporting.ts'
import { createStopwatch } from '../../../apps/worker/src/stopwatch.ts'

test('a thread that cannot be started is said, and stops the training before it begins', async () => {
  const said: string[] = []
  // What cannot be handed to a thread makes Node.js refuse it, as too many threads do.
  const order: Omit<ReportOrder, 'ring'> & { no(): void } = {
    jobId: 'a00000000000',
    run: '1-0',
    epochs: 10,
    file: -1,
    access: null,
    no: () => undefined,
  }
  const say = (line: string): void => void said.push(line)
  const reporting = openReporting(order, {
    openThread: openReportThread,
    stopwatch: createStopwatch(),
    out: say,
    err: say,
  })
  assert.equal(said.length, 1)
  assert.match(said[0] ?? '', /^the thread that writes epochs\.jsonl and reports has ended: it could not be started: ./)
  assert.ok(reporting.lost.aborted)
  await assert.rejects(reporting.close(), /could not be started/)
  reporting.epoch({ epoch: 0, seconds: 1, values: { loss: 1 } })
  reporting.stop()
})
