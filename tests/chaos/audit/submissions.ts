// Was everything that was acknowledged kept, and was each submission one Slurm job with one recorded cause?
import { grouped } from '../grouped.ts'
import { type Evidence, mayBeForgotten, ownerOf, type RecordOfJob, type SlurmRow } from './evidence.ts'
import type { Finding } from './finding.ts'

/** An id per key, a key per id, a record per id, no record that nobody asked for. */
export function auditAnswers({ asked, records, listed }: Evidence): Finding[] {
  const findings: Finding[] = []
  const keyOf = new Map<string, string>()
  for (const { plan, answers } of asked) {
    const ids = new Set(answers.map(answer => answer.id).filter(id => id !== null))
    if (ids.size > 1)
      findings.push({
        column: 'doubled',
        jobId: [...ids][0] ?? null,
        text: `key ${plan.key} was answered with ${[...ids].join(' and ')}`,
      })
    for (const id of ids) {
      const other = keyOf.get(id)
      if (other !== undefined && other !== plan.key)
        findings.push({ column: 'lost', jobId: id, text: `keys ${other} and ${plan.key} were answered with one id` })
      keyOf.set(id, plan.key)
      if (!records.has(id))
        findings.push({
          column: 'lost',
          jobId: id,
          text: `acknowledged to key ${plan.key}, and there is no record of it`,
        })
    }
  }
  const unanswered = asked.some(one => one.id === null && one.refused === null)
  // A POST that was never answered may have been stored all the same; its caller would have learned the id by asking again.
  for (const id of listed)
    if (!keyOf.has(id) && !unanswered)
      findings.push({ column: 'doubled', jobId: id, text: 'is in the list of jobs, and was answered to nobody' })
  return findings
}

export function auditSubmissions(evidence: Evidence): Finding[] {
  const findings: Finding[] = []
  const rowsOf = grouped(
    evidence.slurm.filter(row => ownerOf(row) !== null),
    row => ownerOf(row)?.id ?? '',
  )
  for (const [id, rows] of rowsOf)
    if (!evidence.records.has(id))
      findings.push({ column: 'doubled', jobId: id, text: `Slurm has ${rows[0]?.name}, and there is no record of it` })
  for (const [id, record] of evidence.records) findings.push(...auditOne(id, record, rowsOf.get(id) ?? [], evidence))
  return findings
}

function auditOne(id: string, { job }: RecordOfJob, rows: readonly SlurmRow[], evidence: Evidence): Finding[] {
  const findings: Finding[] = []
  const found = (column: Finding['column'], text: string) => findings.push({ column, jobId: id, text })

  const forgetting = mayBeForgotten(job, evidence.marks)

  for (const [submission, own] of grouped(rows, row => ownerOf(row)?.submission ?? 0)) {
    const ids = new Set(own.map(row => row.id))
    if (ids.size > 1) found('doubled', `submission ${submission} is in Slurm as ${[...ids].join(' and ')}`)
    if (!job.submissions.some(one => one.submission === submission))
      found('submissions without a cause', `Slurm has tl-${id}-${submission}, and the record names no cause for it`)
  }
  for (const [one, other] of pairs(rows.filter(row => row.startAt !== null && row.endAt !== null)))
    if (ownerOf(one)?.submission !== ownerOf(other)?.submission && overlap(one, other))
      found('doubled', `${one.name} and ${other.name} ran at the same time`)
  for (const { submission, cause, slurmJobId } of job.submissions) {
    const own = rows.filter(row => ownerOf(row)?.submission === submission)
    if (submission > 1 && cause === 'request')
      found('submissions without a cause', `submission ${submission} says that it is the request`)
    if (cause === 'forgotten' && !forgetting)
      found(
        'submissions without a cause',
        `submission ${submission} says "forgotten", and Slurm was made to forget nothing`,
      )
    if (slurmJobId !== null && own.length > 0 && !own.some(row => row.id === slurmJobId))
      found('doubled', `submission ${submission} is ${slurmJobId} in the record and ${own[0]?.id} in Slurm`)
    if (slurmJobId !== null && own.length === 0 && !forgetting)
      found('lost', `submission ${submission} is ${slurmJobId} in the record, and Slurm has no job of that name`)
    // What sbatch refuses can leave a row that began and ended at once (FAILED, BadConstraints).
    const ran = slurmJobId === null ? own.find(row => row.startAt !== null && row.startAt !== row.endAt) : undefined
    if (ran) found('lost', `Slurm ran ${ran.name} as ${ran.id}, and the record never learned of it`)
  }
  return findings
}

function pairs<T>(list: readonly T[]): [T, T][] {
  return list.flatMap((one, i) => list.slice(i + 1).map((other): [T, T] => [one, other]))
}

/** Slurm's times are whole seconds: what ends and begins in the same one does not overlap. */
function overlap(one: SlurmRow, other: SlurmRow): boolean {
  const [from, to] = [Math.max(ms(one.startAt), ms(other.startAt)), Math.min(ms(one.endAt), ms(other.endAt))]
  return to - from > 1000
}
const ms = (at: string | null): number => Date.parse(at ?? '')

/** Per run at most one process passed the fence; a forgotten submission that had run is a double. */
export function auditRuns({ records, folders }: Evidence): Finding[] {
  const findings: Finding[] = []
  for (const [id, { runs }] of folders) {
    const found = (text: string) => findings.push({ column: 'doubled', jobId: id, text })
    for (const { run, fences, trainings } of runs) {
      if (trainings > 1) found(`${trainings} processes trained as run ${run}`)
      if (new Set(fences).size > 1) found(`run ${run} has ${fences.length} fences: ${fences.join(', ')}`)
      if (trainings > 0 && fences.length === 0) found(`run ${run} trained without a fence`)
    }
    const job = records.get(id)?.job
    for (const { submission, cause } of job?.submissions ?? []) {
      const before = runs.find(one => one.trainings > 0 && one.run.startsWith(`${submission - 1}-`))
      if (cause === 'forgotten' && before?.result?.outcome === 'completed')
        found(
          `submission ${submission} was made because Slurm had forgotten the job, and run ${before.run} had completed it`,
        )
    }
  }
  return findings
}
