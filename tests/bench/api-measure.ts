// One question put to a server by fifty connections: as fast as it answers, then at a steady rate; and what an answer costs each process.
import type { Answered } from './api-load.ts'
import type { Loader } from './api-loader.ts'
import { cpuSeconds } from './process-figures.ts'
import { median, shown } from './rounds.ts'
import { table } from './table.ts'

export const CONNECTIONS = 50

export interface Question {
  name: string
  requests: readonly string[]
  /** Of the promise, and the rate at which times are taken. */
  steadyPerSecond: number
  /** The name of the bare server's question that it is measured by; null: this is one. */
  bare: string | null
  port: number
  pid: number
  /** Begins what goes on beside it; what it answers ends that. */
  meanwhile?: () => () => Promise<void>
}

/** A figure a round of each. CPU is of one answer, in milliseconds. */
export interface Figures {
  perSecond: number[]
  fullP50: number[]
  fullP99: number[]
  steadyP50: number[]
  steadyP99: number[]
  serverCpu: number[]
  redisCpu: number[]
  loaderCpu: number[]
  answerBytes: number[]
  /** All that came in place of an answer, of both rates: such as 503 where the machine was too busy for the store's time limit. */
  refused: string[]
}

export const noFigures = (): Figures => ({
  ...{ perSecond: [], fullP50: [], fullP99: [], steadyP50: [], steadyP99: [] },
  ...{ serverCpu: [], redisCpu: [], loaderCpu: [], answerBytes: [], refused: [] },
})

export interface Measuring {
  loader: Loader
  seconds: number
  redisPid: number
  seed: number
}

export async function measure(question: Question, figures: Figures, measuring: Measuring): Promise<void> {
  const { seconds, redisPid } = measuring
  const end = question.meanwhile?.()
  try {
    const [server, redis] = [cpuSeconds(question.pid), cpuSeconds(redisPid)]
    const full = await answersOf(question, measuring, seconds, null)
    const answers = full.answers - full.refused
    const each = (cpu: number): number => (cpu * 1000) / answers
    figures.serverCpu.push(each(cpuSeconds(question.pid) - server))
    figures.redisCpu.push(each(cpuSeconds(redisPid) - redis))
    figures.loaderCpu.push(each(full.cpuSeconds))
    figures.perSecond.push(answers / full.seconds)
    figures.fullP50.push(full.p50)
    figures.fullP99.push(full.p99)
    figures.answerBytes.push(full.bytes / full.answers)
    const steady = await answersOf(question, measuring, seconds, question.steadyPerSecond)
    figures.steadyP50.push(steady.p50)
    figures.steadyP99.push(steady.p99)
    for (const { refused, refusals } of [full, steady])
      for (let i = 0; i < refused; i++) figures.refused.push(refusals[i] ?? '')
  } finally {
    await end?.()
  }
}

export const answersOf = (
  { port, requests }: Question,
  { loader, seed }: Pick<Measuring, 'loader' | 'seed'>,
  seconds: number,
  perSecond: number | null,
): Promise<Answered> => loader.load({ port, requests, seconds, perSecond, seed, connections: CONNECTIONS })

const HEAD = [
  ...['', 'answers/s', 'least - most', 'of bare', 'p50 / p99 ms'],
  ...['steady /s', 'p50 / p99 ms', 'CPU ms: server', 'of bare', 'Redis', 'client', 'kB'],
]

/** Medians over the rounds. */
export function figuresTable(measured: readonly (readonly [Question, Figures])[]): string {
  const middle = (figures: readonly number[]): string => shown(median(figures))
  const rows = measured.map(([{ name, bare, steadyPerSecond }, figures]) => {
    const yardstick = measured.find(([question]) => question.name === bare)?.[1]
    const ratio = (of: 'perSecond' | 'serverCpu'): string =>
      yardstick === undefined ? '' : `${shown(median(figures[of]) / median(yardstick[of]))} x`
    return [
      name,
      middle(figures.perSecond),
      `${shown(Math.min(...figures.perSecond))} - ${shown(Math.max(...figures.perSecond))}`,
      ratio('perSecond'),
      `${middle(figures.fullP50)} / ${middle(figures.fullP99)}`,
      String(steadyPerSecond),
      `${middle(figures.steadyP50)} / ${middle(figures.steadyP99)}`,
      middle(figures.serverCpu),
      ratio('serverCpu'),
      middle(figures.redisCpu),
      middle(figures.loaderCpu),
      shown(median(figures.answerBytes) / 1000),
    ]
  })
  return table(HEAD, rows)
}
