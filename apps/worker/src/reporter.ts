// Says live, through a queue, what epochs.jsonl says durably. One message is under way at a time, at most four a second;
// epochs that come in between share the next one. Nothing here can stop or slow the training: while Redis is away the
// message under way waits, and what follows it gathers in the outbox, which is bounded. Lives on the report thread.
import { MAX_REPORTS_PER_SECOND, type Report, type SignedReport } from '@trotline/contracts'
import { signBody } from '@trotline/contracts/signature'
import type { WrittenEpochs } from './epoch-text.ts'
import type { Message, Outbox, Outcome, Started } from './outbox.ts'

/** Resolves when the message is stored. May wait for ever; a rejection means that it may be tried again under the same id. */
export interface ReportQueue {
  add(kind: Report['kind'], id: string, message: SignedReport): Promise<void>
  close(): void
}

export interface Reporter {
  started(facts: Started): void
  /** Epochs that are in epochs.jsonl already. */
  epochs(written: readonly WrittenEpochs[]): void
  heartbeat(epoch: number | null): void
  ended(outcome: Outcome): void
  /** Messages that the queue has taken. */
  messages(): number
  /** Waits until everything is sent, at most `limitMs` and no longer than `enough` is unaborted; then closes the queue. */
  drain(limitMs: number, enough: AbortSignal): Promise<{ unsent: boolean }>
}

export interface ReporterOptions {
  outbox: Outbox
  /** The job's key. */
  key: string
  queue: ReportQueue
  say(line: string): void
  spacingMs?: number
  retryMs?: number
}

export function createReporter(options: ReporterOptions): Reporter {
  const { outbox, key, queue, say } = options
  const { spacingMs = 1000 / MAX_REPORTS_PER_SECOND, retryMs = 1000 } = options
  let taken = 0
  let forgot = false
  let refused = false
  let sending: Promise<void> | null = null
  let nextAt = Number.NEGATIVE_INFINITY
  const closed = new AbortController()

  const pause = (ms: number): Promise<void> =>
    new Promise(resolve => {
      const done = (): void => {
        clearTimeout(timer)
        closed.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      closed.signal.addEventListener('abort', done)
    })

  /** Tries until the queue has it. A repeated message has the same id, so the queue keeps one. */
  async function deliver(add: () => Promise<void>): Promise<void> {
    for (let tries = 1; !closed.signal.aborted; tries += 1) {
      try {
        await add()
        taken += 1
        if (refused) say('the report queue takes messages again')
        refused = false
        return
      } catch (error) {
        // Closing the queue rejects what is under way. That not all was sent is told by whoever waited for it.
        if (closed.signal.aborted) return
        if (!refused) say(`the report queue refuses messages (${(error as Error).message}); training goes on`)
        refused = true
      }
      await pause(Math.min(retryMs * 2 ** (tries - 1), 15_000))
    }
  }

  async function sendAll(): Promise<void> {
    while (outbox.waiting() && !closed.signal.aborted) {
      const wait = nextAt - performance.now()
      if (wait > 0) await pause(wait)
      if (closed.signal.aborted) return
      nextAt = performance.now() + spacingMs
      const { kind, id, body } = outbox.next() as Message
      const message = signBody(body, key)
      await deliver(() => queue.add(kind, id, message))
    }
  }

  function wake(): void {
    sending ??= sendAll().finally(() => {
      sending = null
      // What came between the last look and this line.
      if (outbox.waiting() && !closed.signal.aborted) wake()
    })
  }

  return {
    started(facts) {
      outbox.started(facts)
      wake()
    },
    epochs(written) {
      if (outbox.epochs(written) > 0 && !forgot) {
        say('the report queue is too far behind; the oldest epochs will not be reported, epochs.jsonl has them')
        forgot = true
      }
      wake()
    },
    heartbeat(epoch) {
      outbox.heartbeat(epoch)
      wake()
    },
    ended(outcome) {
      outbox.ended(outcome)
      wake()
    },
    messages: () => taken,
    async drain(limitMs, enough) {
      const until = new AbortController()
      const stop = (): void => until.abort()
      const timer = setTimeout(stop, limitMs)
      enough.addEventListener('abort', stop)
      if (enough.aborted) stop()
      while (sending && !until.signal.aborted)
        await Promise.race([sending, new Promise(resolve => until.signal.addEventListener('abort', resolve))])
      const unsent = sending !== null
      clearTimeout(timer)
      enough.removeEventListener('abort', stop)
      closed.abort()
      queue.close()
      return { unsent }
    },
  }
}
