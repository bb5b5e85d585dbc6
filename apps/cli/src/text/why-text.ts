// Why a job is where it is, twice: wrapped for eyes, one fact a line for pipes.
import type { Why } from '@trotline/contracts'
import { localTime } from './local-time.ts'
import { type Style, stateText } from './style.ts'
import { wrap } from './wrap.ts'

export function whyText(told: Why, style: Style, width: number): string[] {
  const { pending } = told
  const seen = told.evidence.map(
    ({ source, at, line }) => `${at === null ? '' : `${localTime(at)} `}${source}: ${line}`,
  )
  return [
    stateText(told.state, style).painted,
    ...wrap(told.summary, width, '  '),
    ...(pending?.askedAt ? ['', ...wrap(`As Slurm said ${localTime(pending.askedAt)}.`, width, '  ')] : []),
    ...(told.details.length === 0 ? [] : ['', ...told.details.flatMap(line => detailLines(line, width))]),
    ...(seen.length === 0 ? [] : ['', ...seen.map(line => `  ${style.dim(`seen: ${line}`)}`)]),
    ...(told.action === null ? [] : ['', ...wrap(`To do: ${told.action}`, width)]),
  ]
}

/** A line of a log is set in already, and stays as it was written. */
const detailLines = (line: string, width: number): string[] =>
  line.startsWith('  ') ? [`  ${line}`] : wrap(line, width, '  ')

export function whyRows({ state, summary, details, evidence, action, pending }: Why): string[][] {
  return [
    ['state', state],
    ['summary', summary],
    ...(pending === null
      ? []
      : [
          ['reason', pending.reason ?? ''],
          ['jobs ahead', pending.jobsAhead === null ? '' : String(pending.jobsAhead)],
          ['expected start', pending.expectedStart ?? ''],
          ['asked', pending.askedAt ?? ''],
        ]),
    ...details.map(line => ['detail', line]),
    ...evidence.map(({ source, at, line }) => ['seen', `${at ?? ''} ${source}: ${line}`.trim()]),
    ...(action === null ? [] : [['action', action]]),
  ]
}
