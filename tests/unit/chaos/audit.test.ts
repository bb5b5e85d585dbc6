// The auditor finds what is planted, in its column and in no other, and finds nothing in honest books.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Failure } from '@trotline/contracts'
import { type Audit, audit } from '../../chaos/audit/audit.ts'
import type { BadColumn } from '../../chaos/audit/finding.ts'
import { auditTable } from '../../chaos/audit/table.ts'
import { askedFor, at, atMs, type Books, evidenceOf, honestBooks, ID, mark, row } from './books.ts'

const OTHER = 'bbbbbbbbbbb2'

function planted(change: (books: Books) => void): Audit {
  const books = honestBooks()
  change(books)
  return audit(evidenceOf(books))
}

function finds(column: BadColumn, title: string, change: (books: Books) => void): void {
  test(title, () => {
    const { bad, findings } = planted(change)
    const others = findings.filter(finding => finding.column !== column)
    assert.ok(bad[column] > 0, `nothing in "${column}"`)
    assert.deepEqual(others, [], 'and nothing else')
  })
}

function acquits(title: string, change: (books: Books) => void): void {
  test(title, () => assert.deepEqual(planted(change).findings, []))
}

/** What ran is the second submission; the first never did. */
const ranAsSecond = (books: Books): void => {
  for (const run of books.folder.runs) run.run = '2-0'
  for (const epoch of books.epochs) epoch.run = '2-0'
}

const failedAs = (books: Books, reason: Failure['reason']): void => {
  Object.assign(books.job, {
    state: 'failed',
    result: null,
    failure: { reason, detail: 'words', action: '', evidence: ['a line'], logTail: '' },
  })
  for (const run of books.folder.runs) run.result = null
}

test('honest books are clean, and the job counts as run exactly once', () => {
  const { accepted, ranExactlyOnce, findings } = planted(() => undefined)
  assert.deepEqual([accepted, ranExactlyOnce, findings], [1, 1, []])
})

describe('planted doubles', () => {
  finds('doubled', 'two Slurm jobs for one submission', books => books.slurm.push(row({ id: '8', startAt: null })))
  finds('doubled', 'two processes that trained as one run', books => {
    for (const run of books.folder.runs) run.trainings = 2
  })
  finds('doubled', 'two fences with different nonces', books => {
    for (const run of books.folder.runs) run.fences = ['n1', 'n2']
  })
  finds('doubled', 'a run that trained without a fence', books => {
    for (const run of books.folder.runs) run.fences = []
  })
  test('one key that was answered with two ids: one is a double, and has no record besides', () => {
    const { findings } = planted(books =>
      books.asked[0]?.answers.push({ atMs: atMs(1), status: 202, id: OTHER, code: null }),
    )
    assert.deepEqual(
      findings.map(finding => finding.column),
      ['doubled', 'lost'],
    )
  })
  finds('doubled', 'a record that was answered to nobody', books => books.listed.push(OTHER))
  finds('doubled', 'a Slurm job of ours without a record', books =>
    books.slurm.push(row({ id: '9', name: `tl-${OTHER}-1` })),
  )
  finds('doubled', 'two submissions that ran at the same time', books => {
    Object.assign(books.job, {
      submission: 2,
      submissions: [...books.job.submissions, { submission: 2, cause: 'node-fail', slurmJobId: '8' }],
    })
    books.slurm.push(row({ id: '8', name: `tl-${ID}-2`, startAt: at(10), endAt: at(19) }))
  })
  finds('doubled', 'a submission after a forgotten one that had completed', books => {
    books.marks.push(mark({ forgets: true }))
    Object.assign(books.job, {
      submission: 2,
      submissions: [...books.job.submissions, { submission: 2, cause: 'forgotten', slurmJobId: null }],
    })
  })
  finds('doubled', 'a submission whose id is another one in Slurm', books =>
    books.slurm.splice(0, 1, row({ id: '70' })),
  )
})

describe('planted losses', () => {
  finds('lost', 'an acknowledged id without a record', books => {
    books.asked.push(askedFor(OTHER, 'key-2'))
  })
  finds('lost', 'one id for two keys', books => books.asked.push(askedFor(ID, 'key-2')))
  finds('lost', 'a submission that Slurm never had', books => books.slurm.splice(0))
  finds('lost', 'a submission that Slurm never had, in a storm in which it forgot others at another time', books => {
    books.marks.push(mark({ fromMs: atMs(-30), untilMs: atMs(-20), forgets: true }))
    books.slurm.splice(0)
  })
  finds('lost', 'a Slurm job that ran, and whose id the record never learned', books =>
    Object.assign(books.job, { submissions: [{ submission: 1, cause: 'request', slurmJobId: null }] }),
  )
  acquits('a submission that Slurm had just ended when it was made to forget', books => {
    books.marks.push(mark({ fromMs: atMs(25), untilMs: atMs(40), forgets: true }))
    books.slurm.splice(0)
  })
  finds('lost', 'a job that never ended', books => Object.assign(books.job, { state: 'pending', endedAt: null }))
  finds('lost', 'a held job', books =>
    Object.assign(books.job, { state: 'prepared', endedAt: null, hold: { code: 'X', detail: 'words' } }),
  )
})

describe('planted false endings', () => {
  finds('false endings', 'completed, and no run left such a result', books => {
    for (const run of books.folder.runs) run.result = { outcome: 'stopped', epochs: 3, weights: null }
  })
  finds('false endings', 'completed without a result in the record', books =>
    Object.assign(books.job, { result: null }),
  )
  finds('false endings', 'completed with fewer epochs than asked for', books =>
    Object.assign(books.job, { result: { epochs: 2 } }),
  )
  finds('false endings', 'cancelled, and nobody wished it', books =>
    Object.assign(books.job, { state: 'cancelled', result: null }),
  )
  finds('false endings', 'cancelled before its caller had sent the cancel that was planned', books => {
    Object.assign(books.job, { state: 'cancelled', result: null })
    for (const one of books.asked) one.plan.wish.cancelAfterMs = 100
  })
  finds('false endings', 'failed, and nothing was done to it', books => failedAs(books, 'signal'))
  finds('false endings', 'failed for another reason than the fault gives', books => {
    failedAs(books, 'out-of-memory')
    books.marks.push(mark({ jobs: [ID], excuses: ['signal'] }))
  })
  finds('false endings', 'failed by a fault that was over before it was accepted', books => {
    failedAs(books, 'signal')
    books.marks.push(mark({ fromMs: atMs(-20), untilMs: atMs(-10), excuses: ['signal'] }))
  })
  finds('false endings', 'ended while Slurm still ran it', books => books.slurm.splice(0, 1, row({ endAt: at(60) })))
  finds('false endings', 'ended, and Slurm runs it now', books =>
    books.slurm.splice(0, 1, row({ state: 'RUNNING', endAt: null })),
  )
  acquits('a job that slurmctld forgot, and that accounting closes long after its run had left its result', books => {
    books.marks.push(mark({ forgets: true }))
    books.slurm.splice(0, 1, row({ state: 'NODE_FAIL', endAt: at(60) }))
  })
  acquits('a job whose ending slurmctld had not saved when it was killed a moment later', books => {
    books.marks.push(mark({ fromMs: atMs(20.5), untilMs: atMs(33), forgets: true }))
    books.slurm.splice(0, 1, row({ state: 'NODE_FAIL', endAt: at(160) }))
  })
  finds('false endings', 'ended while Slurm still ran it, and Slurm was made to forget long before', books => {
    books.marks.push(mark({ fromMs: atMs(-90), untilMs: atMs(-70), forgets: true }))
    books.slurm.splice(0, 1, row({ state: 'NODE_FAIL', endAt: at(160) }))
  })
  finds('false endings', 'ended while Slurm still ran it, in a storm in which Slurm forgot others', books => {
    books.marks.push(mark({ forgets: true }))
    books.slurm.splice(0, 1, row({ endAt: at(60) }))
  })
  finds('false endings', 'ran, although it asked for what Slurm does not have', books => {
    for (const one of books.asked) one.plan.wish.refusable = true
  })
})

describe('planted epochs', () => {
  finds('epochs missing', 'a completed job that lacks one', books => {
    books.epochs.splice(1, 1)
    Object.assign(books.job.progress, { epochs: 2 })
  })
  finds('epochs missing', 'a count that REST does not bear out', books =>
    Object.assign(books.job.progress, { epochs: 2 }),
  )
  finds('epochs missing', 'epochs that the last run wrote and the failed record lacks', books => {
    failedAs(books, 'signal')
    books.marks.push(mark({ jobs: [ID], excuses: ['signal'] }))
    books.epochs.splice(2)
    Object.assign(books.job.progress, { epochs: 2 })
  })
  finds('epochs doubled', 'one that REST answers twice', books => books.epochs.push(...books.epochs.slice(0, 1)))
  finds('epochs doubled', 'one that a run wrote twice', books => {
    for (const run of books.folder.runs) run.epochs = [0, 1, 1, 2]
  })
  finds('epochs doubled', 'one that its run never wrote', books => {
    for (const run of books.folder.runs) run.epochs = [0, 1]
  })
})

describe('planted submissions without a cause', () => {
  finds('submissions without a cause', 'one that the record does not name', books =>
    Object.assign(books.job, { submissions: [] }),
  )
  finds('submissions without a cause', 'a second one that says it is the request', books => {
    Object.assign(books.job, {
      submissions: [...books.job.submissions, { submission: 2, cause: 'request', slurmJobId: null }],
    })
  })
  finds('submissions without a cause', 'one for a job that Slurm had no occasion to forget', books => {
    ranAsSecond(books)
    Object.assign(books.job, {
      submissions: [...books.job.submissions, { submission: 2, cause: 'forgotten', slurmJobId: null }],
    })
  })
})

finds('two owners at once', 'two servers that talked to the cluster side by side', books => {
  books.talks = [[{ fromMs: atMs(0), toMs: atMs(60) }], [{ fromMs: atMs(30), toMs: atMs(45) }]]
})

/** A second job of the same training, as honest as the first. */
function twin(books: Books, weightsSha256: string): void {
  const { job, epochs, folder, slurm } = honestBooks()
  Object.assign(job, { id: OTHER, submissions: [{ submission: 1, cause: 'request', slurmJobId: '8' }] })
  Object.assign(job.result ?? {}, { weightsSha256 })
  books.others.push({ job, epochs, folder })
  books.asked.push(askedFor(OTHER, 'key-2'))
  books.listed.push(OTHER)
  books.slurm.push(...slurm.map(one => ({ ...one, id: '8', name: `tl-${OTHER}-1` })))
}

finds('weights that differ', 'the same training with two results', books => twin(books, 'w2'))

describe('what is no lie', () => {
  acquits('the same training twice, with the same result', books => twin(books, 'w1'))
  acquits('a refusal of what Slurm does not have', books => {
    failedAs(books, 'submission-refused')
    Object.assign(books.job, { submissions: [{ submission: 1, cause: 'request', slurmJobId: null }] })
    books.slurm.splice(0, 1, row({ state: 'FAILED', exitCode: '1:0', startAt: at(1), endAt: at(1) }))
    for (const one of books.asked) one.plan.wish.refusable = true
    books.folder.runs.splice(0)
    books.epochs.splice(0)
    Object.assign(books.job.progress, { epochs: 0 })
  })
  acquits('a cancel that was wished', books => {
    Object.assign(books.job, { state: 'cancelled', result: null })
    for (const one of books.asked) one.cancel = { sentAtMs: atMs(5), acknowledgedAtMs: atMs(6), answer: '202 ' }
  })
  acquits('a failure that a fault explains', books => {
    failedAs(books, 'signal')
    books.marks.push(mark({ jobs: [ID], excuses: ['signal'] }))
  })
  acquits('a requeue by an outsider after the ending', books =>
    books.slurm.push(row({ state: 'FAILED', submitAt: at(30), startAt: at(40), endAt: at(41) })),
  )
  acquits('a job that Slurm was made to forget, and that was submitted again', books => {
    ranAsSecond(books)
    books.marks.push(mark({ forgets: true }))
    books.slurm.splice(0, 1, row({ state: 'PENDING', startAt: null, endAt: null }))
    books.slurm.push(row({ id: '8', name: `tl-${ID}-2` }))
    Object.assign(books.job, {
      submission: 2,
      submissions: [...books.job.submissions, { submission: 2, cause: 'forgotten', slurmJobId: '8' }],
    })
  })
  acquits('a new owner that takes over from one that was frozen', books => {
    books.talks = [[{ fromMs: atMs(0), toMs: atMs(20) }], [{ fromMs: atMs(17), toMs: atMs(60) }]]
  })
})

test('the table names every bad column, and each finding with its evidence', () => {
  const text = auditTable(
    planted(books => books.slurm.push(row({ id: '8', startAt: null }))),
    [
      { fault: 'a', ms: 1000 },
      { fault: 'b', ms: 3000 },
    ],
  )
  assert.match(text, /doubled +1/)
  assert.match(text, /submission 1 is in Slurm as 7 and 8/)
  assert.match(text, /median 1\.0 s, p95 3\.0 s \(2 faults\)/)
})
