// Fills a log's screen: first its end, then what is told live from that very byte, and earlier parts when somebody scrolls up to them.
import type { Job } from '@trotline/contracts'
import { askBytes, inWords } from '../api/ask.ts'
import { clockTime } from '../job/age.tsx'
import { follow } from '../live/live.ts'
import { logTopic, type Told } from '../live/topics.ts'
import { LogScreen, type Place } from '../log/screen.ts'

const TAIL_BYTES = 65_536
const EARLIER_BYTES = 262_144
const DRAW_EVERY_MS = 100

export type LogSource = 'stdout' | 'stderr' | 'slurm'

export interface LogFeed {
  readonly screen: LogScreen | null
  /** All that was written is here. */
  readonly ended: boolean
  readonly trouble: string | null
  /** Bytes of the file when it was looked at first; null: not known. */
  readonly size: number | null
  /** Answers how many rows came before the first. */
  earlier(): Promise<number>
  stop(): void
}

interface Wanted {
  job: Pick<Job, 'id' | 'runs'>
  source: LogSource
  raw: boolean
  /** Something is to be drawn anew: told at most ten times a second. */
  onChange(): void
}

export function followLog({ job, source, raw, onChange }: Wanted): LogFeed {
  const leaving = new AbortController()
  let screen: LogScreen | null = null
  let ended = false
  let trouble: string | null = null
  let size: number | null = null
  let unfollow = (): void => {}
  let drawing: ReturnType<typeof setTimeout> | undefined
  /** The first byte that is on the screen. */
  let first: Place = { attempt: 1, offset: 0 }
  let asking = false

  const draw = (): void => {
    drawing ??= setTimeout(() => {
      drawing = undefined
      if (!leaving.signal.aborted) onChange()
    }, DRAW_EVERY_MS)
  }

  async function begin(): Promise<void> {
    try {
      let from: Place | null = null
      const run = job.runs.at(-1)
      if (run !== undefined) {
        const path = `/v1/jobs/${encodeURIComponent(job.id)}/logs?stream=${source}&tail=${TAIL_BYTES}`
        const { bytes, headers } = await askBytes(path, { signal: leaving.signal })
        const named = job.runs.find(one => one.run === headers.get('trotline-run'))
        const attempt = source === 'slurm' ? 1 : (named ?? run).attempt
        first = { attempt, offset: Number(headers.get('trotline-offset') ?? 0) }
        size = Number(headers.get('trotline-size') ?? 0)
        screen = new LogScreen(first, { raw })
        screen.feed(bytes)
        screen.dropPartial()
        from = screen.place
      } else screen = new LogScreen({ attempt: 1, offset: 0 }, { raw })
      trouble = null
      unfollow = follow(logTopic(job.id, source, from), hear)
    } catch (error) {
      if (leaving.signal.aborted) return
      trouble = inWords(error)
      setTimeout(() => !leaving.signal.aborted && void begin(), 3_000)
    }
    draw()
  }

  function hear(told: Told): void {
    if (screen === null) return
    if (told.type === 'log') write(told, screen)
    else if (told.type === 'attempt' && told.attempt > screen.place.attempt)
      screen.seam({ kind: 'attempt', attempt: told.attempt, node: told.node, cause: null })
    else if (told.type === 'cut') screen.seam({ kind: 'cut', at: told.at })
    else if (told.type === 'end') {
      ended = true
      screen.end()
    } else if (told.type === 'gone') trouble = told.problem.detail
    else return
    draw()
  }

  /** Bytes come in order, each once; should they not, the screen says so. */
  function write(told: Told & { type: 'log' }, into: LogScreen): void {
    const { attempt, offset } = told
    if (attempt > into.place.attempt) into.seam({ kind: 'attempt', attempt, node: null, cause: null })
    if (attempt < into.place.attempt) return
    const bytes = bytesOf(told)
    const known = into.place.offset - offset
    if (known < 0) into.seam({ kind: 'lost', clock: clockTime(Date.now()), resumedAt: offset, missing: -known })
    into.feed(known > 0 ? bytes.subarray(known) : bytes)
  }

  async function earlier(): Promise<number> {
    if (screen === null || asking || first.offset === 0) return 0
    asking = true
    try {
      const top = screen.rows.find(row => row.kind === 'text')
      const end = top?.kind === 'text' && top.attempt === first.attempt ? top.offset : first.offset
      const from = Math.max(0, end - EARLIER_BYTES)
      const attempt = source === 'slurm' ? '' : `&attempt=${first.attempt}`
      const path = `/v1/jobs/${encodeURIComponent(job.id)}/logs?stream=${source}${attempt}&offset=${from}&limit=${end - from}`
      const { bytes } = await askBytes(path, { signal: leaving.signal })
      if (bytes.length !== end - from || leaving.signal.aborted) return 0
      const added = screen.prepend({ attempt: first.attempt, offset: from }, bytes)
      const now = screen.rows.find(row => row.kind === 'text')
      first = { attempt: first.attempt, offset: now?.kind === 'text' ? now.offset : from }
      return added
    } catch (error) {
      if (!leaving.signal.aborted) trouble = inWords(error)
      return 0
    } finally {
      asking = false
      draw()
    }
  }

  void begin()
  return {
    get screen() {
      return screen
    },
    get ended() {
      return ended
    },
    get trouble() {
      return trouble
    },
    get size() {
      return size
    },
    earlier,
    stop() {
      leaving.abort()
      clearTimeout(drawing)
      unfollow()
    },
  }
}

const encoder = new TextEncoder()
function bytesOf({ text, base64 }: { text?: string | undefined; base64?: string | undefined }): Uint8Array {
  if (base64 === undefined) return encoder.encode(text ?? '')
  return Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
}
