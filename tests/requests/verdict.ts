// What a run says for people: a table of routes and statuses, what was held before and after, and every fault with the request that shows it.
import type { Figures } from './figures.ts'
import type { Report } from './run.ts'

/** Of a heap after a collection, between 10 % and 100 % of a run. Lists of jobs, locks and compiled code grow to their limits in it. */
const HEAP_GROWTH_MIB = 48

/** What has to be as it was. */
const SAME = [
  'sockets',
  'streams',
  'readers',
  'logs',
  'subscriptions',
  'connections',
] as const satisfies readonly (keyof Figures)[]
/** Timers of the server's own rounds come and go; keys are one for each owner, state or label that was new. */
const GROWTH: Partial<Record<keyof Figures, number>> = {
  timers: 10,
  keys: 40,
  heapMiB: HEAP_GROWTH_MIB,
  buffersMiB: HEAP_GROWTH_MIB,
}

/** Sentences; empty: nothing of it stayed. */
export function leaks(before: Figures, after: Figures): string[] {
  const same = SAME.filter(name => after[name] > before[name]).map(name => told(name, before, after))
  const grown = (Object.entries(GROWTH) as [keyof Figures, number][])
    .filter(([name, most]) => after[name] - before[name] > most)
    .map(([name]) => told(name, before, after))
  return [...same, ...grown]
}

const told = (name: keyof Figures, before: Figures, after: Figures): string =>
  `${name} were ${before[name].toFixed(0)} and are ${after[name].toFixed(0)}`

/** Of all answers. 503 is honest, and a server that says little else serves nobody; /readyz and clusters that rest are among them. */
const UNSERVED_SHARE = 0.02

const unserved = ({ reached, sent }: Report): number =>
  [...reached.values()].reduce((sum, statuses) => sum + (statuses.get(503) ?? 0), 0) / sent

export const wrongOf = (report: Report): string[] => [
  ...(unserved(report) > UNSERVED_SHARE ? [`${(unserved(report) * 100).toFixed(1)} % of the answers are 503`] : []),
  ...ofReport(report),
]

const ofReport = ({ faults, before, after }: Report): string[] => [
  ...faults.map(({ what, curl }) => `${what}\n    ${curl}`),
  ...leaks(before, after),
]

export function tableOf({
  reached,
  notReached,
  sent,
  seconds,
  before,
  after,
  longestBlockMs,
  passingBlocks,
}: Report): string {
  const rows = [...reached].map(([route, statuses]) => {
    const counts = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
    return `  ${route.padEnd(62)} ${counts.join('  ')}`
  })
  const figures = (Object.keys(before) as (keyof Figures)[]).map(
    name => `  ${name.padEnd(14)} ${before[name].toFixed(0).padStart(7)} ${after[name].toFixed(0).padStart(7)}`,
  )
  return [
    ...rows,
    '',
    `  ${sent} requests in ${seconds.toFixed(0)} s; longest block ${longestBlockMs.toFixed(0)} ms, ${passingBlocks} that no request was to blame for`,
    notReached.length === 0 ? '  every operation was reached' : `  without a 2xx: ${notReached.join(', ')}`,
    '',
    `  ${'held'.padEnd(14)}  before   after`,
    ...figures,
  ].join('\n')
}
