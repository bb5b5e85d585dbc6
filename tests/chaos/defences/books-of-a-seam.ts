// What the auditor is given of a story that has no server: the answer its caller got as the record, and Slurm's and the directory's own
// word beside it. The job is held, and its caller cancels it in the end.
import type { Job } from '@trotline/contracts'
import type { SubmitOrder } from '@trotline/slurm'
import type { LocalCluster } from '../../../deploy/local/cluster.ts'
import { slurm } from '../../support/slurm-itself.ts'
import { folderOf, slurmRows } from '../audit/collect.ts'
import { type Evidence, ownerOf } from '../audit/evidence.ts'

export async function booksOf(cluster: LocalCluster, order: SubmitOrder, answeredId: string): Promise<Evidence> {
  const rows = await slurmRows({ slurm: argv => slurm(cluster, argv) })
  const own = rows.filter(row => row.name === order.name)
  const id = own.map(row => ownerOf(row)?.id).find(found => found !== undefined) ?? 'unknown'
  const folder = await folderOf(order.directory)
  const now = new Date().toISOString()
  // Only what the auditor reads; a whole Job is the server's business.
  const job = {
    id,
    state: 'cancelled',
    createdAt: now,
    updatedAt: now,
    endedAt: now,
    submission: order.submission,
    submissions: [{ submission: order.submission, cause: 'request', slurmJobId: answeredId }],
    slurm: { state: 'CANCELLED' },
    progress: { epochs: 0, of: 0, superseded: 0, last: null },
    request: { training: {} },
    result: null,
    failure: null,
    hold: null,
    trying: null,
    cancelRequestedAt: now,
  } as unknown as Job
  return {
    asked: [
      {
        plan: { key: order.name, request: {}, wish: { cancelAfterMs: 0, refusable: false }, repeatAfterMs: null },
        answers: [{ atMs: Date.now(), status: 202, id, code: null }],
        id,
        refused: null,
        cancel: { sentAtMs: Date.now(), acknowledgedAtMs: Date.now(), answer: 'cancelled' },
      },
    ],
    records: new Map([[id, { job, epochs: [] }]]),
    listed: [id],
    slurm: own,
    folders: new Map(folder === null ? [] : [[id, folder]]),
    marks: [],
    talks: [],
  }
}
