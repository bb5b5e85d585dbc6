// What `npm test` does once node_modules exist: Debian's packages, the build, one shared cluster, one run of node:test over all files.
// The cluster goes down whatever happens. Nothing is printed after the tests, so that node:test's own summary closes the output.

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DeployError } from '../../deploy/errors.ts'
import { buildIfStale } from '../../deploy/quickstart/build.ts'
import { ensureDebianPackages } from '../../deploy/quickstart/packages.ts'
import { step } from '../../deploy/quickstart/steps.ts'
import { HELP, readArguments } from './arguments.ts'
import { createPlayground, type Playground } from './playground.ts'
import { SOURCES, testFiles } from './test-files.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TIME_LIMIT_MS = 60 * 60_000
/** Makes conda packages: the channels of the tests hold real archives. */
const CPH = { program: 'cph', debianPackage: 'conda-package-handling' }
/** The page is looked at in a real browser. */
const CHROMIUM = { program: 'chromium', debianPackage: 'chromium' }
/** How long the tests are given to end by themselves before they are killed. */
const GRACE_MS = 10_000
const TIMED_OUT = 124

/** Answers the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  let selection: ReturnType<typeof readArguments>
  try {
    selection = readArguments(argv)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    return 2
  }
  if (selection.help) {
    process.stdout.write(HELP)
    return 0
  }
  const { kinds, patterns } = selection
  const files = testFiles(ROOT, kinds ?? undefined).filter(
    file => patterns.length === 0 || patterns.some(pattern => file.includes(pattern)),
  )
  if (files.length === 0) {
    process.stderr.write(`no test file fits ${patterns.join(', ') || 'that'}\n`)
    return 2
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort(signal))
  try {
    return await (files.some(needsMore) ? withEverything(files, stop.signal) : runTests(files, null, stop.signal))
  } catch (error) {
    if (stop.signal.aborted) return codeOf(stop.signal.reason)
    if (!(error instanceof DeployError)) throw error
    process.stderr.write(`\n${error.message}\n`)
    return 1
  }
}

/** Unit tests do no I/O: they need neither packages nor a build nor a cluster. */
const needsMore = (file: string): boolean => !/^tests\/(?:unit|house)\//.test(file)

async function withEverything(files: readonly string[], stop: AbortSignal): Promise<number> {
  process.stdout.write('Trotline tests\n')
  await step(async onProgress => {
    const installed = await ensureDebianPackages({ onProgress, also: [CPH, CHROMIUM] })
    return {
      done: installed.length > 0 ? `${installed.length} Debian packages installed` : 'Debian packages are there',
      value: undefined,
    }
  })
  await step(async () => ({ done: (await buildIfStale()) ? 'built' : 'the build is current', value: undefined }))
  stop.throwIfAborted()
  const playground = createPlayground()
  let code: number
  let left: string[] = []
  try {
    await step(async () => {
      await playground.startCluster(stop)
      return { done: 'a cluster for all stories is up', value: undefined }
    })
    code = await runTests(files, playground, stop)
  } finally {
    left = await playground.takeAway()
    for (const one of left) process.stderr.write(`left running, ended now: ${one}\n`)
  }
  // A test that leaves processes is broken, whatever it has asserted.
  return code === 0 && left.length > 0 ? 1 : code
}

async function runTests(files: readonly string[], playground: Playground | null, stop: AbortSignal): Promise<number> {
  const runningFile = playground === null ? null : join(playground.temporary, '.running')
  const reporters = [
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    ...(runningFile === null
      ? []
      : [
          `--test-reporter=${new URL('./running.mjs', import.meta.url).href}`,
          `--test-reporter-destination=${runningFile}`,
        ]),
  ]
  // A group of its own: a time limit ends everything that the tests have started, Ctrl-C reaches it once and from here.
  const child = spawn(process.execPath, [...SOURCES, '--test', '--test-concurrency=2', ...reporters, ...files], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
    env: settingsFor(playground),
  })
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : codeOf(signal)))
  })
  const stopped = new Promise<number>(resolve => {
    stop.addEventListener('abort', () => resolve(codeOf(stop.reason)), { once: true })
  })
  let limit: NodeJS.Timeout | undefined
  const timedOut = new Promise<number>(resolve => {
    limit = setTimeout(() => {
      process.stderr.write(
        `\nnot done within ${TIME_LIMIT_MS / 60_000} minutes; running now:\n${whatRuns(runningFile)}\n`,
      )
      resolve(TIMED_OUT)
    }, TIME_LIMIT_MS)
  })
  const code = await Promise.race([ended, stopped, timedOut])
  clearTimeout(limit)
  await endGroup(child, ended)
  return code
}

/** The caller's settings less those that would lead tests to another server or cluster. */
function settingsFor(playground: Playground | null): NodeJS.ProcessEnv {
  const { TROTLINE_URL, TROTLINE_TOKEN, SLURM_CONF, NODE_TEST_CONTEXT, ...settings } = process.env
  if (playground === null) return settings
  return { ...settings, TMPDIR: playground.temporary, TROTLINE_TEST_CLUSTER: playground.clusterHome }
}

function whatRuns(runningFile: string | null): string {
  if (runningFile === null) return '  (unit tests are not followed)'
  try {
    const names = JSON.parse(readFileSync(runningFile, 'utf8').trimEnd().split('\n').at(-1) ?? '[]') as string[]
    return names.map(name => `  ${name}`).join('\n')
  } catch {
    return '  (nobody knows)'
  }
}

async function endGroup(child: ChildProcess, ended: Promise<number>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    signalGroup(child, 'SIGTERM')
    await Promise.race([ended, new Promise(resolve => setTimeout(resolve, GRACE_MS).unref())])
  }
  signalGroup(child, 'SIGKILL')
  await ended
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals) {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // nobody of the group is left
  }
}

/** As a shell puts it: 128 and the signal's number. */
const codeOf = (signal: NodeJS.Signals): number => 128 + (constants.signals[signal] ?? 0)
