// One job as facts: label and text, in the order a person asks. `show` prints them, `submit` the first few.
import type { Job, JobRequest } from '@trotline/contracts'
import { factsInShort } from './compatibility-text.ts'
import { ago, duration } from './durations.ts'
import type { Fact } from './fact.ts'
import { bytes, count, metric } from './figures.ts'
import { localTime, secondsBetween } from './local-time.ts'
import { resultFacts } from './result-text.ts'
import { trainingText } from './training-text.ts'

export const whereOf = (request: JobRequest): string => `${request.cluster} / ${request.resources.partition}`

export function resourcesText(request: JobRequest): string {
  const { gpus, gpuType, cpus, memoryMiB, timeLimitMinutes, nodes } = request.resources
  return [
    nodes === 1 ? '' : count(nodes, 'node'),
    gpus === 0 ? 'no GPU' : count(gpus, gpuType === null ? 'GPU' : `${gpuType} GPU`),
    count(cpus, 'core'),
    bytes(memoryMiB * 1024 * 1024),
    `limit ${duration(timeLimitMinutes * 60)}`,
  ]
    .filter(part => part !== '')
    .join(', ')
}

export function checkedText({ compatibility }: Pick<Job, 'compatibility'>): string {
  const { verdict, detail, facts } = compatibility
  const known = facts === null ? '' : ` (${factsInShort(facts)})`
  return `${verdict}${detail === '' ? '' : `: ${detail}`}${known}`
}

/** @param now the server's time, in milliseconds */
export function jobFacts(job: Job, now: number): Fact[] {
  const facts: (Fact | null)[] = [
    progressFact(job),
    ...(job.result === null ? [] : resultFacts(job.result)),
    slurmFact(job, now),
    ...job.runs.map(run => runFact(job, run)),
    job.trying && {
      label: 'trying',
      text: `${job.trying.stage} did not work yet, tried ${count(job.trying.tries, 'time')}: ${job.trying.detail} (${job.trying.code})`,
    },
    job.hold && { label: 'held', text: `${job.hold.stage}: ${job.hold.detail} (${job.hold.code})` },
    job.cancelRequestedAt === null || job.endedAt !== null
      ? null
      : timeFact(
          'cancel',
          `wished ${localTime(job.cancelRequestedAt)}; Slurm has not confirmed it yet`,
          job.cancelRequestedAt,
        ),
    { label: 'training', text: trainingText(job.request) },
    job.environment && {
      label: 'runs in',
      text: environmentText(job),
      full: environmentText(job, job.environment.lock),
    },
    ...rerunFacts(job),
    { label: 'asks for', text: resourcesText(job.request) },
    { label: 'checked', text: checkedText(job) },
    timeFact(
      'created',
      `${localTime(job.createdAt)} (${ago(secondsBetween(job.createdAt, now))}) by ${job.owner.name}`,
      job.createdAt,
    ),
    job.endedAt === null
      ? null
      : timeFact('ended', `${localTime(job.endedAt)} (${ago(secondsBetween(job.endedAt, now))})`, job.endedAt),
    ...job.notes.map(note => ({ label: 'note', text: `${localTime(note.at)} ${note.text}` })),
  ]
  return facts.filter(fact => fact !== null)
}

/** @param id of the lock, as much of it as is to be shown */
export function environmentText({ environment }: Pick<Job, 'environment'>, id = environment?.lock.slice(0, 12) ?? '') {
  if (environment === null) return ''
  const { name, look } = environment
  const found = look === null ? '' : look.drift === null ? ', as it was made' : `, drifted: ${look.drift.detail}`
  return `${name === null ? 'lock' : `${name}, lock`} ${id}${found}`
}

const rerunFacts = ({ rerunOf, data }: Job): Fact[] => [
  ...(rerunOf === null
    ? []
    : [
        { label: 'repeats', text: `${rerunOf.job}${rerunOf.elsewhere ? ' of another installation' : ''}` },
        ...rerunOf.differences.map(text => ({ label: 'differs', text })),
      ]),
  ...data.map(({ path, bytes: size, sha256 }) => ({
    label: 'data',
    text: `${path}  ${bytes(size)}  ${sha256 === null ? 'too large to be hashed' : `sha256 ${sha256.slice(0, 12)}`}`,
    full: `${path} ${size} ${sha256 ?? ''}`.trimEnd(),
  })),
]

const timeFact = (label: string, text: string, full: string): Fact => ({ label, text, full })

function progressFact({ progress, state }: Job): Fact {
  const early = state === 'completed' && progress.epochs < progress.of
  const share = early ? 'stopped early' : `${Math.floor((100 * progress.epochs) / progress.of)} %`
  const { last } = progress
  const values = ['loss', 'val_loss'].flatMap(name => {
    const value = last === null ? null : metric(last, name)
    return value === null ? [] : [`${name} ${value}`]
  })
  const again =
    progress.superseded === 0 ? '' : `(${count(progress.superseded, 'epoch')} trained again after a restart)`
  const text = [
    `${count(progress.epochs, 'epoch')} of ${count(progress.of, '', '').trim()} (${share})`,
    ...values,
    again,
  ]
  return { label: 'progress', text: text.filter(part => part !== '').join('  ') }
}

function slurmFact({ slurm }: Job, now: number): Fact | null {
  if (slurm === null) return null
  const reason = slurm.reason === null || slurm.reason === 'None' ? '' : ` (${slurm.reason})`
  const nodes = slurm.nodes === null || slurm.nodes === '' ? '' : ` on ${slurm.nodes}`
  const seen = `${slurm.source}, ${ago(secondsBetween(slurm.seenAt, now))}`
  return { label: 'slurm', text: `${slurm.jobId} ${slurm.state}${reason}${nodes}; as of ${seen}` }
}

function runFact(job: Job, run: Job['runs'][number]): Fact {
  const node = run.node === null ? '' : ` on ${run.node}`
  const lasted =
    run.startedAt !== null && run.endedAt !== null
      ? `, ran ${duration(secondsBetween(run.startedAt, run.endedAt))}`
      : ''
  const ending = run.ending === null ? '' : `, ended: ${run.ending}`
  const label = job.runs.length === 1 ? 'run' : `attempt ${run.attempt}`
  return { label, text: `${run.run}${node}${lasted}${ending}` }
}
