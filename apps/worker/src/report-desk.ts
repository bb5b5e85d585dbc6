// The report thread's work: epochs become lines of epochs.jsonl, then lines of progress and messages of the queue; questions are answered
// when what was handed over before them is done.
import { createEpochFile } from './epoch-file.ts'
import { createRingReader } from './epoch-ring.ts'
import { createOutbox } from './outbox.ts'
import { createProgress } from './progress.ts'
import type { Handed, ReportOrder, Standing, Told } from './report-handover.ts'
import { createReporter, type Reporter } from './reporter.ts'

/** Of 1,000 epochs a second a hundred lines are made at once, and whoever reads the file waits no longer. */
const LOOK_EVERY_MS = 100

/** A MessagePort. What arrives before somebody listens waits in it. */
export interface ReportPort {
  postMessage(told: Told): void
  on(event: 'message', listener: (handed: Handed) => void): unknown
}

export async function serveReports(port: ReportPort, order: ReportOrder): Promise<void> {
  const err = (text: string): void => port.postMessage({ kind: 'err', text })
  const reporter = await openReporter(order, err)
  let lines: string[] = []
  const progress = createProgress(order.epochs, line => void lines.push(line))
  const file = createEpochFile(order.file, {
    onWritten(written) {
      reporter?.epochs(written)
      for (const { epochs } of written) for (const epoch of epochs) progress.epoch(epoch)
      if (lines.length > 0) port.postMessage({ kind: 'out', text: lines.join('\n') })
      lines = []
    },
    say: err,
  })
  const enough = new AbortController()
  const ring = createRingReader(order.ring)

  function look(): void {
    const ended = ring.read()
    if (ended.length > 0) file.append(ended)
  }

  async function answer(id: number, work: Promise<Partial<Standing> | undefined>): Promise<void> {
    // One that is not answered is waited for without end, and a rejection that nobody hears ends the thread.
    const done = await work.catch((error: unknown) => ({
      problem: error instanceof Error ? error.message : String(error),
    }))
    const messages = reporter?.messages() ?? 0
    port.postMessage({ kind: 'answer', id, problem: null, unsent: false, ...done, messages })
  }

  port.on('message', handed => {
    switch (handed.kind) {
      case 'names':
        return ring.names(handed.names)
      case 'look':
        return look()
      case 'late':
        look()
        file.append(handed.ended)
        return ring.detourTaken()
      case 'started':
        return reporter?.started(handed.facts)
      case 'heartbeat':
        return reporter?.heartbeat(handed.epoch)
      case 'ended':
        return reporter?.ended(handed.outcome)
      case 'sync':
      case 'close':
        look()
        return void answer(
          handed.id,
          file[handed.kind]().then(problem => ({ problem })),
        )
      case 'drain':
        return void answer(handed.id, Promise.resolve(reporter?.drain(handed.limitMs, enough.signal)))
      case 'enough':
        return enough.abort()
    }
  })
  // The port keeps the thread, for as long as somebody may speak through it.
  setInterval(look, LOOK_EVERY_MS).unref()
}

/** Answers before the connection stands: that takes its time while the training begins. */
async function openReporter(
  { access, jobId, run }: ReportOrder,
  say: (line: string) => void,
): Promise<Reporter | null> {
  if (!access?.queue) return null
  // Loaded only where reports go by queue: it costs a directory run neither time nor memory.
  const { openReportQueue } = await import('./report-queue.ts')
  try {
    const queue = openReportQueue(access.queue, say)
    return createReporter({ outbox: createOutbox(jobId, run), key: access.key, queue, say })
  } catch (error) {
    // An address that is none, a queue name that BullMQ refuses. Its message may quote the address, so only its kind is said.
    say(`the report queue cannot be used (${(error as Error).name}); training goes on without reports`)
    return null
  }
}
