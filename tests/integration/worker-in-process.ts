// The worker's run inside the test's process, in real job directories, with a training that is made up.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { EpochLine, PresetTraining, RunResult, type WorkerTraining } from '@trotline/contracts'
import { decodeCheckpoint, type FitOptions, type FitOutcome } from '@trotline/trainer'
import type { RunParts } from '../../apps/worker/src/parts.ts'
import { serveReports } from '../../apps/worker/src/report-desk.ts'
import type { OpenReportThread } from '../../apps/worker/src/report-handover.ts'
import { run } from '../../apps/worker/src/run.ts'
import { encodeCheckpoint, requestSha256 } from '../../packages/trainer/src/checkpoint.ts'
import { trainingReport } from '../support/job-records.ts'

const RELEASE = 'a'.repeat(64)
export const SPEC = {
  v: 1,
  jobId: 'a00000000000',
  submission: 1,
  slurmName: 'x',
  training: PresetTraining.parse({ kind: 'preset', preset: 'auto-mpg', epochs: 20 }),
  gpus: 0,
  cpus: 1,
  checkpointEverySeconds: 300,
  release: RELEASE,
}
export const reportOf = (epochs: number): NonNullable<Extract<FitOutcome, { report: unknown }>['report']> =>
  trainingReport({ backend: 'cpu', engine: 'made up', epochs, metrics: { loss: 0.5 }, fitSeconds: 0.01 })

/** Its checkpoint is real in its form; its state is the number of epochs. */
export function checkpointOf(training: WorkerTraining, epochs: number, batches = 0): Uint8Array {
  const state = { weights: { epochs: Float64Array.of(epochs) }, rest: {}, random: null }
  const about = { requestSha256: requestSha256(training), engine: 'made up', backend: 'cpu', history: [] }
  return encodeCheckpoint({ ...about, epochs, batches, state })
}

export async function completes({
  training,
  signal,
  resume,
  onBackend,
  onStart,
  onEpoch,
}: FitOptions): Promise<FitOutcome> {
  onBackend({ backend: 'cpu', engine: 'made up', skipped: [{ backend: 'wasm', why: 'not wanted' }] })
  const resumed = resume[0] ?? null
  let trained = resumed?.epochs ?? 0
  onStart({
    resumed,
    refused: [],
    checkpoint: () => ({ epochs: trained, batches: 0, bytes: checkpointOf(training, trained) }),
    progress: () => ({ epochs: trained, batches: 0 }),
  })
  while (trained < training.epochs) {
    if (signal.aborted) return { kind: 'stopped', report: reportOf(trained) }
    const epoch = trained++
    onEpoch({ epoch, seconds: 0.001, values: { loss: 1 / (epoch + 1) } })
    await new Promise(resolve => setImmediate(resolve))
  }
  return { kind: 'completed', report: reportOf(training.epochs), artifacts: [] }
}

/** A folder for job directories, gone when the test file is done. */
export async function makeHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'trotline-worker-'))
  after(() => rm(home, { recursive: true, force: true }))
  return home
}

let count = 0

export async function makeJob(
  home: string,
  spec: unknown = SPEC,
  report: unknown = { v: 1, key: 'k'.repeat(43), queue: null },
): Promise<string> {
  count += 1
  const directory = join(home, String(count))
  await mkdir(directory)
  await writeFile(join(directory, 'spec.json'), typeof spec === 'string' ? spec : JSON.stringify(spec))
  await writeFile(join(directory, 'report.json'), typeof report === 'string' ? report : JSON.stringify(report))
  return directory
}

/** The report thread's work, with its real messages, on the thread of the test: a thread of its own would read all sources anew. */
const onThisThread: OpenReportThread = (order, { onTold }) => {
  const { port1, port2 } = new MessageChannel()
  port1.on('message', onTold)
  void serveReports(port2, order)
  return { post: handed => port1.postMessage(handed), stop: () => port1.close() }
}

export interface StartOptions {
  fit: typeof completes
  restart: number
  submission: number
  signal: AbortSignal
  onWarning(listener: () => void): void
}

export async function start(directory: string, options: Partial<StartOptions> = {}) {
  const { fit = completes, restart = 0, submission = 1, signal = new AbortController().signal } = options
  const { onWarning = () => undefined } = options
  const said = { out: [] as string[], err: [] as string[], trained: false }
  const parts: RunParts = {
    loadTrainer: async () => {
      said.trained = true
      return { fit, decodeCheckpoint }
    },
    openReportThread: onThisThread,
    stop: { signal, onWarning },
    heartbeatMs: 20,
    inherited: {},
    out: line => void said.out.push(line),
    err: line => void said.err.push(line),
  }
  const allocation = { slurmJobId: '7', restart, node: 'n1', slurmJobName: 'x' }
  const code = await run({ directory, submission, allocation, release: RELEASE, assets: '/nowhere' }, parts)
  return { code, ...said, stderr: said.err.join('\n'), stdout: said.out.join('\n') }
}

export const runFile = (directory: string, name: string, of = '1-0'): string => join(directory, 'runs', of, name)

export const resultOf = async (directory: string, of = '1-0'): Promise<RunResult> =>
  RunResult.parse(JSON.parse(await readFile(runFile(directory, 'result.json', of), 'utf8')))

export async function linesOf(directory: string, of = '1-0'): Promise<EpochLine[]> {
  const text = await readFile(runFile(directory, 'epochs.jsonl', of), 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map(line => EpochLine.parse(JSON.parse(line)))
}
