// What a person reads when a job has ended, or waits for them: the verdict first, the cause with its log lines,
// the thing to do and the next command last.
import type { Job } from '@trotline/contracts'
import { duration } from './durations.ts'
import { count, metric } from './figures.ts'
import { secondsBetween } from './local-time.ts'
import { type Style, shownState, stateText } from './style.ts'

const LOG_LINES_SHOWN = 20

export function endingText(job: Job, style: Style): string {
  const lines = [verdict(job, style)]
  const next: string[] = []
  if (job.failure !== null) lines.push(...failureLines(job.failure, style))
  switch (shownState(job)) {
    case 'completed':
      next.push(`trotline show ${job.id}`, `trotline epochs ${job.id} --csv > epochs.csv`)
      break
    case 'failed':
      next.push(`trotline logs ${job.id}`, `trotline show ${job.id}`)
      break
    case 'held':
      lines.push(`  ${job.hold?.detail ?? ''} (${job.hold?.stage}, ${job.hold?.code})`)
      lines.push('  Nothing is lost: it goes on from here once released.')
      next.push(`trotline release ${job.id}`, `trotline cancel ${job.id}`)
      break
    case 'cancelled':
      if (job.progress.epochs > 0) next.push(`trotline epochs ${job.id}`)
      break
    default:
      next.push(`trotline wait ${job.id}`)
  }
  if (next.length > 0) lines.push(nextText(next, style))
  return `${lines.join('\n')}\n`
}

export const nextText = (commands: readonly string[], style: Style): string =>
  commands.map((command, at) => `${style.dim(at === 0 ? 'Next:' : '     ')} ${command}`).join('\n')

function verdict(job: Job, style: Style): string {
  const { painted } = stateText(shownState(job), style)
  const { last, epochs, of } = job.progress
  const early = job.state === 'completed' && epochs < of ? ', stopped early' : ''
  const trained =
    epochs === of ? count(epochs, 'epoch') : `${count(epochs, 'epoch')} of ${count(of, '', '').trim()}${early}`
  const took = runningSeconds(job)
  const values = Object.keys(last?.values ?? {}).slice(0, 6)
  const shown = values.flatMap(name => {
    const value = last === null ? null : metric(last, name)
    return value === null ? [] : [`${name} ${value}`]
  })
  const reason = job.failure === null ? '' : `${style.bad(job.failure.reason)}`
  return [
    painted,
    reason,
    `${job.id} ${job.name}`,
    `${trained}${took === null ? '' : ` in ${duration(took)}`}`,
    ...shown,
  ]
    .filter(part => part !== '')
    .join('  ')
}

/** Trained time: waits between runs left out. null where no run has both ends. */
function runningSeconds(job: Job): number | null {
  const spans = job.runs.flatMap(run =>
    run.startedAt === null || run.endedAt === null ? [] : [secondsBetween(run.startedAt, run.endedAt)],
  )
  return spans.length === 0 ? null : spans.reduce((sum, seconds) => sum + seconds, 0)
}

export function failureLines(failure: NonNullable<Job['failure']>, style: Style): string[] {
  const log = failure.logTail.trimEnd().split('\n').slice(-LOG_LINES_SHOWN)
  const bar = style.utf8 ? '│' : '|'
  return [
    `  ${failure.detail}`,
    ...failure.evidence.map(line => `  ${style.dim(`seen: ${line}`)}`),
    ...(failure.logTail.trim() === ''
      ? []
      : ['', `  ${style.dim('the end of its log')}`, ...log.map(line => `  ${style.dim(bar)} ${marked(line, style)}`)]),
    '',
    `To do: ${failure.action}`,
  ]
}

const TELLING = /Traceback|Error\b|CUDA|out of memory|\bOOM\b|Killed|slurmstepd|\bNaN\b|segfault|SIG[A-Z]+/i
const marked = (line: string, style: Style): string => (TELLING.test(line) ? style.bad(line) : line)
