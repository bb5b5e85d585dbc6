// Evidence as an honest run leaves it, for one job; tests plant one lie each and look whether it is found.
import type { Epoch, Job } from '@trotline/contracts'
import type { Evidence, JobFolder, RunFolder, SlurmRow } from '../../chaos/audit/evidence.ts'
import type { Asked } from '../../chaos/client.ts'
import type { Mark } from '../../chaos/marks.ts'

export const ID = 'abcdefghjkm1'
const AT = '2026-01-01T00:00:00Z'
export const at = (seconds: number): string => new Date(Date.parse(AT) + seconds * 1000).toISOString()
export const atMs = (seconds: number): number => Date.parse(AT) + seconds * 1000

export interface Books {
  asked: Asked[]
  job: Job
  epochs: Epoch[]
  slurm: SlurmRow[]
  folder: JobFolder
  marks: Mark[]
  listed: string[]
  talks: { fromMs: number; toMs: number }[][]
  /** Further records, with whom they were answered to. */
  others: { job: Job; epochs: Epoch[]; folder: JobFolder }[]
}

export function honestBooks(epochs = 3): Books {
  const numbers = Array.from({ length: epochs }, (_, i) => i)
  const run: RunFolder = {
    run: '1-0',
    fences: ['n1'],
    trainings: 1,
    starts: 1,
    epochs: numbers,
    result: { outcome: 'completed', epochs, weights: null },
  }
  // Only what the auditor reads; a whole Job is the server's business.
  const job = {
    id: ID,
    state: 'completed',
    createdAt: at(0),
    updatedAt: at(20),
    endedAt: at(20),
    submission: 1,
    submissions: [{ submission: 1, cause: 'request', slurmJobId: '7' }],
    slurm: { state: 'COMPLETED' },
    progress: { epochs, of: epochs, superseded: 0, last: null },
    request: { training: { preset: 'auto-mpg', epochs, seed: 0 } },
    result: { epochs, backend: 'cpu', engine: 'e1', weightsSha256: 'w1' },
    failure: null,
    hold: null,
    trying: null,
    cancelRequestedAt: null,
  } as unknown as Job
  return {
    asked: [askedFor(ID, 'key-1')],
    job,
    epochs: numbers.map(epoch => ({ epoch, run: '1-0', attempt: 1, at: at(10), seconds: 0.1, values: {} })),
    slurm: [row()],
    folder: { receipts: { 1: '7' }, tried: 1, refused: 0, runs: [run] },
    marks: [],
    listed: [ID],
    talks: [[{ fromMs: atMs(0), toMs: atMs(20) }], []],
    others: [],
  }
}

export const row = (given: Partial<SlurmRow> = {}): SlurmRow => ({
  id: '7',
  name: `tl-${ID}-1`,
  state: 'COMPLETED',
  exitCode: '0:0',
  submitAt: at(1),
  startAt: at(2),
  endAt: at(18),
  source: 'sacct',
  ...given,
})

export function askedFor(id: string | null, key: string): Asked {
  return {
    plan: { key, request: {}, wish: { cancelAfterMs: null, refusable: false }, repeatAfterMs: null },
    answers: id === null ? [] : [{ atMs: atMs(0), status: 202, id, code: null }],
    id,
    refused: null,
    cancel: null,
  }
}

export const mark = (given: Partial<Mark>): Mark => ({
  fault: 'planted',
  fromMs: atMs(1),
  untilMs: atMs(15),
  jobs: null,
  excuses: [],
  forgets: false,
  directoryGone: false,
  ...given,
})

export const evidenceOf = (books: Books): Evidence => ({
  asked: books.asked,
  records: new Map(
    [{ job: books.job, epochs: books.epochs }, ...books.others].map(({ job, epochs }) => [job.id, { job, epochs }]),
  ),
  listed: books.listed,
  slurm: books.slurm,
  folders: new Map([[ID, books.folder], ...books.others.map(({ job, folder }) => [job.id, folder] as const)]),
  marks: books.marks,
  talks: books.talks,
})
