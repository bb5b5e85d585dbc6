// What the end of a command means for its job, and what there is to report of it. Pure.
import { constants } from 'node:os'
import type { CommandTraining, EpochLine, RunFailure, TrainingReport } from '@trotline/contracts'
import type { CommandEnd } from './child.ts'

/** null: it did what it had to. */
export function failureOf(command: CommandTraining['command'], end: CommandEnd): RunFailure | null {
  const words = commandText(command)
  const took = `after ${end.seconds.toFixed(1)} s`
  if (end.unstarted !== null)
    return failed(
      'exit-code',
      `The command ${words} could not be started: ${end.unstarted} (exit code ${end.exitCode}).`,
    )
  if (end.signal !== null) return failed('signal', `The command ${words} was ended by ${end.signal} ${took}.`)
  if (end.exitCode === 0) return null
  return failed(
    'exit-code',
    `The command ${words} ended with exit code ${end.exitCode} ${took}${hint(end.exitCode ?? 0)}.`,
  )
}

const failed = (reason: 'exit-code' | 'signal', detail: string): RunFailure => ({ reason, code: reason, detail })

/** What shells mean by it. */
function hint(exitCode: number): string {
  if (exitCode === 126) return ', by which a shell means that a file is no program'
  if (exitCode === 127) return ', by which a shell means that there is no such program'
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0]
  return signal === undefined ? '' : `, by which a shell means that ${signal} ended a program of it`
}

const LONGEST = 120

/** For people: what of it fits into a sentence. */
export function commandText(command: readonly string[]): string {
  const text = command.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`
}

/** As many as a training's own report has. */
const HISTORY_TAIL = 5

/** @param recorded the job's epochs, those of older runs too, as the record counts them */
export function reportOf(
  command: CommandTraining['command'],
  recorded: readonly EpochLine[],
  seconds: number,
): TrainingReport {
  const epochs = recorded.toSorted((a, b) => a.epoch - b.epoch)
  return {
    backend: 'command',
    engine: commandText(command),
    skipped: [],
    epochs: epochs.length,
    metrics: epochs.at(-1)?.values ?? {},
    coefficients: null,
    trainStatistics: null,
    layers: null,
    history: epochs.slice(-HISTORY_TAIL).map(({ epoch, values }) => ({ epoch, ...values })),
    best: null,
    stoppedEarlyAt: null,
    weightsSha256: null,
    artifacts: [],
    fitSeconds: seconds,
  }
}
