// What is told of a log that is followed, whichever way it comes: its bytes, a line where an attempt begins or the file was cut short, and how
// the connection fares. It knows where the reader stands.
import type { Run } from '@trotline/contracts'
import type { LogChunk } from '../api/client.ts'
import { createPatience, type Patience } from '../api/patience.ts'
import type { Context } from '../context.ts'
import { duration } from '../text/durations.ts'
import type { LogWriter } from './log-writer.ts'

export type LogPosition = {
  run: string | null
  /** Of the run, as soon as it is known. */
  attempt: number | null
  offset: number
}

export type ToldLog = {
  /** Moved along with what was written, so that an interrupted caller knows where it stood. */
  readonly position: LogPosition
  readonly patience: Patience
  bytes(chunk: Pick<LogChunk, 'bytes' | 'next' | 'run'>): Promise<void>
  /** The job cut its file short. */
  cut(): Promise<void>
  /** From the first byte of this run on; a line says so where another was told before it. */
  begin(run: Pick<Run, 'run' | 'node'> & { attempt: number | null }): Promise<void>
  /** The log could be read. */
  answered(): void
  /** It is told to its end. */
  finish(): Promise<void>
}

export function createToldLog(
  { out, interrupt, patienceMs }: Pick<Context, 'out' | 'interrupt' | 'patienceMs'>,
  position: LogPosition,
  writer: LogWriter,
): ToldLog {
  const style = out.sayStyle
  /** Of one outage, each once. */
  const said = new Set<string>()
  const patience = createPatience({
    patienceMs,
    signal: interrupt,
    onTry: (_, error, leftMs) => {
      const why = error.problem?.title ?? error.message
      // A line that breaks and a cluster that is away may be one trouble, and two reasons.
      if (said.has(why)) return
      said.add(why)
      out.say(style.warn(`${why} Trying again for ${duration(leftMs / 1000)} ${style.dots}`))
    },
  })
  const aside = (text: string): void => out.say(style.dim(`${style.dash} ${text} ${style.dash}`))
  return {
    position,
    patience,
    bytes: async chunk => {
      position.run = chunk.run
      await writer.write(chunk)
      position.offset = chunk.next
    },
    cut: async () => {
      // What waited for the rest of a character has none any more.
      await writer.flush()
      aside('the log was cut short by the job; reading it from its beginning')
      position.offset = 0
    },
    begin: async ({ run, attempt, node }) => {
      if (position.run !== null && position.run !== run) {
        await writer.flush()
        aside(`attempt ${attempt ?? '?'} (run ${run}) began${node === null ? '' : ` on ${node}`}`)
      }
      Object.assign(position, { run, attempt, offset: 0 })
    },
    answered: () => {
      said.clear()
      const awayMs = patience.answered()
      if (awayMs === null) return
      const away = duration(awayMs / 1000)
      out.say(style.good(`Connected again after ${away}, at byte ${position.offset}; nothing is missing.`))
    },
    finish: () => writer.flush(),
  }
}
