// Many workers' reporting in one process: the worker's own outbox, reporter and queue, one connection each, without the training.
// Told on stdin what to be, tells on stdout what it has sent.
import { setTimeout as sleep } from 'node:timers/promises'
import { epochsText, type RawEpoch } from '../../apps/worker/src/epoch-text.ts'
import { createOutbox } from '../../apps/worker/src/outbox.ts'
import { openReportQueue } from '../../apps/worker/src/report-queue.ts'
import { createReporter } from '../../apps/worker/src/reporter.ts'

export interface Orders {
  access: { url: string; user: string; password: string; prefix: string; name: string }
  workers: { jobId: string; key: string }[]
  epochsPerSecond: number
  seconds: number
}

export interface Sent {
  /** Of all workers together. */
  epochs: number
  messages: number
  unsent: number
}

/** The metric that carries when the line was written, in milliseconds. */
export const WRITTEN = 'written'
/** apps/worker/src/reporting.ts hands over what has gathered within 250 ms of the first epoch that waits. */
const WRITE_WITHIN_MS = 250

const run = '1-0'

async function work({ jobId, key }: Orders['workers'][number], orders: Orders): Promise<Sent> {
  const say = (line: string): void => void process.stderr.write(`${jobId}: ${line}\n`)
  const queue = openReportQueue(orders.access, say)
  const reporter = createReporter({ outbox: createOutbox(jobId, run), key, queue, say })
  const everyMs = WRITE_WITHIN_MS + 1000 / orders.epochsPerSecond
  // Workers are not in step with each other.
  await sleep(Math.random() * everyMs)
  reporter.started({ slurmJobId: '17', node: 'c01', runtime: process.version, backend: 'wasm', resumed: null })
  const began = performance.now()
  const endMs = orders.seconds * 1000
  let epochs = 0
  for (let elapsedMs = 0; elapsedMs < endMs; ) {
    await sleep(everyMs)
    elapsedMs = performance.now() - began
    const due = Math.floor((Math.min(elapsedMs, endMs) / 1000) * orders.epochsPerSecond)
    const written: RawEpoch[] = []
    while (epochs < due) written.push(epochOf(epochs++))
    const at = Date.now()
    if (written.length > 0)
      reporter.epochs([{ epochs: written, text: epochsText(written.map(epoch => ({ epoch, at }))) }])
  }
  const { unsent } = await reporter.drain(10_000, new AbortController().signal)
  return { epochs, messages: reporter.messages(), unsent: unsent ? 1 : 0 }
}

/** Six metrics, as a preset with a validation set has. */
function epochOf(epoch: number): RawEpoch {
  const loss = 1 / (epoch + 1)
  const values = {
    loss,
    mae: loss / 2,
    mse: loss * loss,
    val_loss: loss * 1.1,
    val_mae: loss / 1.9,
    [WRITTEN]: Date.now(),
  }
  return { epoch, seconds: 0.02, values }
}

async function main(): Promise<void> {
  let text = ''
  for await (const part of process.stdin) text += part
  const orders = JSON.parse(text) as Orders
  const all = await Promise.all(orders.workers.map(worker => work(worker, orders)))
  const sum = (of: (sent: Sent) => number): number => all.reduce((total, sent) => total + of(sent), 0)
  const sent: Sent = {
    epochs: sum(one => one.epochs),
    messages: sum(one => one.messages),
    unsent: sum(one => one.unsent),
  }
  process.stdout.write(JSON.stringify(sent))
}

if (import.meta.filename === process.argv[1]) await main()
