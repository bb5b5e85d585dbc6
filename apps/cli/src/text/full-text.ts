// What else the record has of a job, for `show --full`: the request field by field, each submission and what it was for, each gate of its
// compatibility, and what it ran by.
import type { CompatibilityFinding, Job, Submission } from '@trotline/contracts'
import { duration } from './durations.ts'
import type { Fact } from './fact.ts'
import { leavesOf } from './job-diff.ts'
import { localTime } from './local-time.ts'

export function fullFacts(job: Job): Fact[] {
  const { identity, worker, environment, compatibility } = job
  const told: (Fact | null)[] = [
    { label: 'identity', text: `${identity.name} (${identity.unixUser} on the cluster)` },
    { label: 'revision', text: String(job.revision) },
    { label: 'updated', text: localTime(job.updatedAt), full: job.updatedAt },
    ...job.submissions.map(submissionFact),
    ...compatibility.findings.map(findingFact),
    worker && { label: 'worker', text: `release ${worker.release}, Node.js ${worker.runtime ?? 'not told yet'}` },
    environment && { label: 'lock', text: environment.lock },
    ...[...leavesOf(job.request)].map(
      ([field, value]): Fact => ({ label: 'request', text: `${field}  ${textOf(value)}` }),
    ),
    ...(job.expanded === null
      ? []
      : [...leavesOf(job.expanded)].map(
          ([field, value]): Fact => ({ label: 'expanded', text: `${field}  ${textOf(value)}` }),
        )),
  ]
  return told.filter(fact => fact !== null)
}

/** What a terminal is shown with every failure. */
export const seenFacts = ({ failure }: Pick<Job, 'failure'>): Fact[] =>
  failure === null
    ? []
    : [
        ...failure.evidence.map((text): Fact => ({ label: 'evidence', text })),
        ...linesOf(failure.logTail).map((text): Fact => ({ label: 'log', text })),
      ]

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const linesOf = (text: string): string[] => text.split('\n').filter(line => line.trim() !== '')

function submissionFact({
  submission,
  cause,
  at,
  slurmJobId,
  timeLimitMinutes,
  elapsedSeconds,
  evidence,
}: Submission): Fact {
  const parts = [
    `${submission}: ${cause}`,
    slurmJobId === null ? 'not taken by Slurm' : `Slurm job ${slurmJobId}`,
    `limit ${duration(timeLimitMinutes * 60)}`,
    elapsedSeconds === null ? '' : `took ${duration(elapsedSeconds)}`,
    ...evidence,
  ].filter(part => part !== '')
  return { label: 'submitted', text: `${localTime(at)}  ${parts.join(', ')}`, full: `${at} ${parts.join(', ')}` }
}

function findingFact({ gate, rule, verdict, detail, required, found }: CompatibilityFinding): Fact {
  const figures = [required === null ? '' : `required ${required}`, found === null ? '' : `found ${found}`]
  const text = [`${gate}: ${verdict} (${rule})`, detail, ...figures].filter(part => part !== '').join('  ')
  return { label: 'gate', text }
}
