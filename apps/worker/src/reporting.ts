// The training thread's side of reporting: it puts numbers down, of which the report thread makes text, file and messages. Made here, text
// and messages took 4 to 7 ms of the 0.35 s that 1,000 epochs of auto-mpg take, and the promise is at most 1 %.
import { createEpochRing, createRingWriter } from './epoch-ring.ts'
import type { EndedEpoch, RawEpoch } from './epoch-text.ts'
import type { Outcome, Started } from './outbox.ts'
import type { Handed, OpenReportThread, ReportOrder, Standing, Told } from './report-handover.ts'
import type { Stopwatch } from './stopwatch.ts'

/**
 * Where there is no room, an epoch waits so long. Not longer: between two epochs the training looks for signals, which are obeyed within
 * 50 ms, and hears that the thread has ended. A file server that is away for an hour lets the training do 25 epochs a second meanwhile.
 */
const WAIT_MS = 40

export interface Reporting {
  started(facts: Started): void
  /** Waits, at most 40 ms, where the report thread is too far behind. */
  epoch(epoch: RawEpoch): void
  heartbeat(epoch: number | null): void
  /** null: every epoch so far is in epochs.jsonl and on disk. Otherwise what keeps it from there. Rejects where the thread has ended. */
  onDisk(): Promise<string | null>
  /** The same, and closes epochs.jsonl. */
  close(): Promise<Pick<Standing, 'problem' | 'messages'>>
  ended(outcome: Outcome): void
  /** Waits until everything is sent, at most `limitMs` and no longer than `enough` is unaborted. Never rejects. */
  drain(limitMs: number, enough: AbortSignal): Promise<Pick<Standing, 'unsent'>>
  /** Aborted when the thread has ended of itself: what was handed over may be lost, and nothing more is taken. */
  lost: AbortSignal
  /** Ends the thread, whatever it does. */
  stop(): void
}

export interface ReportingOptions {
  openThread: OpenReportThread
  stopwatch: Stopwatch
  out(line: string): void
  err(line: string): void
}

type Question = { kind: 'sync' | 'close' } | { kind: 'drain'; limitMs: number }

export function openReporting(order: Omit<ReportOrder, 'ring'>, options: ReportingOptions): Reporting {
  const { openThread, out, err } = options
  const { measure } = options.stopwatch
  const ring = createEpochRing()
  const asked = new Map<number, { resolve(standing: Standing): void; reject(why: unknown): void }>()
  const lost = new AbortController()
  /** What the ring had no room for. */
  let late: EndedEpoch[] = []
  let questions = 0
  let called = false
  let stopped = false

  const thread = openThread({ ...order, ring }, { onTold: told => measure(() => take(told)), onEnd })
  const writer = createRingWriter(ring, names => thread.post({ kind: 'names', names }))

  function take(told: Told): void {
    if (told.kind === 'out') out(told.text)
    else if (told.kind === 'err') err(told.text)
    else {
      asked.get(told.id)?.resolve(told)
      asked.delete(told.id)
    }
  }

  function onEnd(why: unknown): void {
    if (stopped || lost.signal.aborted) return
    const cause = why instanceof Error ? why.message : String(why)
    const ended = new Error(`the thread that writes epochs.jsonl and reports has ended: ${cause}`, { cause: why })
    err(ended.message)
    lost.abort(ended)
    for (const { reject } of asked.values()) reject(ended)
    asked.clear()
  }

  function ask(question: Question): Promise<Standing> {
    return new Promise((resolve, reject) => {
      if (lost.signal.aborted) return reject(lost.signal.reason)
      const id = questions++
      asked.set(id, { resolve, reject })
      measure(() => {
        if (late.length > 0) {
          writer.detour()
          thread.post({ kind: 'late', ended: late })
        }
        late = []
        thread.post({ ...question, id })
      })
    })
  }

  const post = (one: Handed): void => measure(() => thread.post(one))

  function put(epoch: RawEpoch): void {
    const at = Date.now()
    if (late.length === 0 && writer.write(epoch, at)) {
      // The report thread looks by itself, but a training may be faster.
      if (!writer.isHalfFull()) called = false
      else if (!called) {
        called = true
        thread.post({ kind: 'look' })
      }
      return
    }
    late.push({ epoch, at })
    if (!writer.waitForRoom(WAIT_MS)) return
    const kept = late.findIndex(one => !writer.write(one.epoch, one.at))
    late = kept === -1 ? [] : late.slice(kept)
  }

  return {
    started: facts => post({ kind: 'started', facts }),
    epoch: epoch => measure(() => put(epoch)),
    heartbeat: epoch => post({ kind: 'heartbeat', epoch }),
    onDisk: async () => (await ask({ kind: 'sync' })).problem,
    close: () => ask({ kind: 'close' }),
    ended: outcome => post({ kind: 'ended', outcome }),
    async drain(limitMs, enough) {
      const leave = (): void => post({ kind: 'enough' })
      enough.addEventListener('abort', leave)
      if (enough.aborted) leave()
      try {
        return await ask({ kind: 'drain', limitMs })
      } catch {
        // That the thread has ended is said already.
        return { unsent: true }
      } finally {
        enough.removeEventListener('abort', leave)
      }
    },
    lost: lost.signal,
    stop() {
      stopped = true
      thread.stop()
    },
  }
}
