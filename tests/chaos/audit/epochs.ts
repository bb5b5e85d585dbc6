// Are a record's epochs the ones that were trained: each once, none missing, none that no run wrote?
import type { Evidence, JobFolder, RecordOfJob } from './evidence.ts'
import type { Finding } from './finding.ts'

export function auditEpochs({ records, folders, marks }: Evidence): Finding[] {
  const findings: Finding[] = []
  for (const [id, record] of records) {
    const gone = marks.some(mark => mark.directoryGone && mark.jobs?.includes(id))
    const folder = gone ? undefined : folders.get(id)
    findings.push(...auditStored(id, record), ...(folder ? auditFiles(id, record, folder) : []))
  }
  return findings
}

function auditStored(id: string, { job, epochs }: RecordOfJob): Finding[] {
  const findings: Finding[] = []
  const numbers = epochs.map(epoch => epoch.epoch)
  const twice = numbers.filter((number, i) => numbers.indexOf(number) !== i)
  if (twice.length > 0)
    findings.push({ column: 'epochs doubled', jobId: id, text: `REST answers ${few(twice)} more than once` })
  if (job.state === 'completed') {
    const missing = Array.from({ length: job.progress.of }, (_, i) => i).filter(i => !numbers.includes(i))
    if (missing.length > 0)
      findings.push({
        column: 'epochs missing',
        jobId: id,
        text: `completed without ${few(missing)} of ${job.progress.of}`,
      })
  }
  const beyond = numbers.filter(number => number >= job.progress.of)
  if (beyond.length > 0)
    findings.push({
      column: 'epochs doubled',
      jobId: id,
      text: `has ${few(beyond)}, and only ${job.progress.of} were asked for`,
    })
  if (job.progress.epochs !== new Set(numbers).size)
    findings.push({
      column: 'epochs missing',
      jobId: id,
      text: `the record counts ${job.progress.epochs} epochs, REST answers ${new Set(numbers).size}`,
    })
  return findings
}

/** What a run wrote twice, and what was written and is not in the ended record. */
function auditFiles(id: string, { job, epochs }: RecordOfJob, { runs }: JobFolder): Finding[] {
  const findings: Finding[] = []
  const stored = new Set(epochs.map(epoch => epoch.epoch))
  for (const run of runs) {
    const twice = run.epochs.filter((number, i) => run.epochs.indexOf(number) !== i)
    if (twice.length > 0)
      findings.push({ column: 'epochs doubled', jobId: id, text: `run ${run.run} wrote ${few(twice)} more than once` })
    const missing = run.epochs.filter(number => !stored.has(number))
    // A run that outlived its node may write on after the job has ended with another one.
    if (missing.length > 0 && job.state !== 'completed' && run === runs.at(-1))
      findings.push({
        column: 'epochs missing',
        jobId: id,
        text: `run ${run.run} wrote ${few(missing)}, and the record lacks them`,
      })
  }
  for (const { epoch, run } of epochs) {
    const source = runs.find(one => one.run === run)
    if (source !== undefined && !source.epochs.includes(epoch))
      findings.push({
        column: 'epochs doubled',
        jobId: id,
        text: `epoch ${epoch} is said to be of run ${run}, which never wrote it`,
      })
  }
  return findings
}

const few = (numbers: readonly number[]): string => {
  const shown = [...new Set(numbers)].slice(0, 5).join(', ')
  return `${numbers.length === 1 ? 'epoch' : 'epochs'} ${shown}${numbers.length > 5 ? ` … (${numbers.length})` : ''}`
}
