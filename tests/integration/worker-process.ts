// Job directories and worker processes without a Slurm: the release as a compute node runs it, one folder, no node_modules.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommandTraining, EpochLine, RunResult } from '@trotline/contracts'
import type { z } from 'zod'

export const KEY = 'q'.repeat(43)

export interface TestJob {
  jobId: string
  directory: string
  /** The folder of the run that is to be started next. */
  run: string
}

export interface JobOptions {
  queue?: unknown
  checkpointEverySeconds?: number
  /** More of spec.json. */
  spec?: object
}

export interface Place {
  home: string
  release: { id: string; directory: string }
}

let count = 0

export async function makeJob(
  { home, release }: Place,
  training: { preset: string; epochs: number; backend?: string } | z.input<typeof CommandTraining>,
  { queue = null, checkpointEverySeconds = 300, spec = {} }: JobOptions = {},
): Promise<TestJob> {
  count += 1
  const jobId = `t${String(count).padStart(11, '0')}`
  const directory = join(home, 'jobs', jobId)
  await mkdir(join(directory, 'runs', '1-0'), { recursive: true, mode: 0o700 })
  await writeSpec(directory, {
    v: 1,
    jobId,
    submission: 1,
    slurmName: 'x',
    gpus: 0,
    cpus: 1,
    checkpointEverySeconds,
    release: release.id,
    training: 'command' in training ? training : { kind: 'preset', seed: 0, backend: 'auto', ...training },
    ...spec,
  })
  await writeFile(join(directory, 'report.json'), JSON.stringify({ v: 1, key: KEY, queue }), { mode: 0o600 })
  return { jobId, directory, run: join(directory, 'runs', '1-0') }
}

const writeSpec = (directory: string, spec: object): Promise<void> =>
  writeFile(join(directory, 'spec.json'), JSON.stringify(spec))

/** As the orchestrator resubmits: the spec names the new submission; the run's folder is made by the script. */
export async function nextRun(job: TestJob, run: string): Promise<TestJob> {
  const spec = JSON.parse(await readFile(join(job.directory, 'spec.json'), 'utf8')) as object
  await writeSpec(job.directory, { ...spec, submission: Number(run.split('-')[0]) })
  const next = { ...job, run: join(job.directory, 'runs', run) }
  await mkdir(next.run, { recursive: true, mode: 0o700 })
  return next
}

export interface Started {
  child: ChildProcess
  ended: Promise<{ code: number | null; signal: string | null }>
}

/**
 * As the script does it: output into the run's files, an environment of Slurm's words, no node_modules above.
 * @param wrap what stands before the command, such as prlimit
 */
export async function start(
  t: { after(undo: () => void): void },
  { release }: Place,
  { directory, run }: TestJob,
  { wrap = [], env = {} }: { wrap?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Started> {
  const stdout = await open(join(run, 'stdout'), 'a', 0o600)
  const stderr = await open(join(run, 'stderr'), 'a', 0o600)
  const [submission = '', restart = ''] = (run.split('/').at(-1) ?? '').split('-')
  const [program = '', ...rest] = [
    ...wrap,
    process.execPath,
    join(release.directory, 'worker.mjs'),
    directory,
    submission,
  ]
  const child = spawn(program, rest, {
    cwd: '/',
    env: {
      SLURM_JOB_ID: '7',
      SLURMD_NODENAME: 'n1',
      SLURM_JOB_NAME: 'x',
      DEBUG: '*',
      ...(restart === '0' ? {} : { SLURM_RESTART_COUNT: restart }),
      ...env,
    },
    stdio: ['ignore', stdout.fd, stderr.fd],
  })
  t.after(() => child.kill('SIGKILL'))
  const ended = new Promise<{ code: number | null; signal: string | null }>(resolve =>
    child.on('exit', (code, signal) => resolve({ code, signal })),
  )
  await stdout.close()
  await stderr.close()
  return { child, ended }
}

export const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

export const lineCount = async ({ run }: TestJob): Promise<number> =>
  (await textOf(join(run, 'epochs.jsonl'))).split('\n').length - 1

export async function linesOf({ run }: TestJob): Promise<EpochLine[]> {
  const content = await textOf(join(run, 'epochs.jsonl'))
  assert.ok(content === '' || content.endsWith('\n'), 'the last line is whole')
  return content
    .split('\n')
    .slice(0, -1)
    .map(line => EpochLine.parse(JSON.parse(line)))
}

export const epochsOf = async (job: TestJob): Promise<number[]> => (await linesOf(job)).map(({ epoch }) => epoch)

export const resultOf = async ({ run }: TestJob): Promise<RunResult> =>
  RunResult.parse(JSON.parse(await readFile(join(run, 'result.json'), 'utf8')))

/** What two trainings of one request have in common, however often they were cut off. */
export function comparable({ training }: RunResult) {
  assert.ok(training)
  const { fitSeconds, artifacts, ...same } = training
  // The history tells the time of day.
  return { ...same, artifacts: artifacts.filter(({ path }) => path !== 'history.json') }
}

export async function until(what: string, child: ChildProcess, fact: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000
  for (;;) {
    // As it was before the look: what a worker does as the last thing is a fact too.
    const { exitCode } = child
    if (await fact()) return
    assert.equal(exitCode, null, `the worker ended before ${what}`)
    assert.ok(performance.now() < deadline, `not within two minutes: ${what}`)
    await sleep(20)
  }
}
