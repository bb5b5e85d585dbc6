// The process: `node worker.mjs <job directory> <submission>`, started by the job's script with its output already in
// the run's files. Ends with a code of WORKER_EXIT, or with 1 and a stack where the worker itself is wrong.
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Sha256, WORKER_EXIT } from '@trotline/contracts'
import { HEARTBEAT_MS } from './heartbeat.ts'
import { openReportThread } from './open-report-thread.ts'
import { run } from './run.ts'
import { makeLibrariesExact, readAllocation, readInherited, silenceLibraries } from './settings.ts'
import { listenForSignals } from './signals.ts'

process.umask(0o077)
const inherited = readInherited()
silenceLibraries()
makeLibrariesExact()
// stdout and stderr are files here, written synchronously. One that cannot be written (quota) must not end the training.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)
const out = (line: string): void => void process.stdout.write(`${line}\n`)
const err = (line: string): void => void process.stderr.write(`${line}\n`)

// Only the stack, never the error's fields: an error of ioredis carries the command's arguments.
process.on('uncaughtException', error => {
  err(error instanceof Error ? (error.stack ?? error.message) : 'something other than an error was thrown')
  process.exit(1)
})

const stop = listenForSignals(process, name => {
  err(`second ${name}: leaving at once`)
  process.exit(WORKER_EXIT.stopped)
})

function unusable(why: string): never {
  err(`leaving without training: ${why}`)
  process.exit(WORKER_EXIT.unusable)
}

const [directory, submission] = process.argv.slice(2)
if (!directory || !/^[1-9][0-9]{0,5}$/.test(submission ?? ''))
  unusable('usage: worker.mjs <job directory> <submission>')
const allocation = readAllocation()
if ('leave' in allocation) unusable(allocation.why)

// A release lies in a folder named by its hash: releases/<sha256>/worker.mjs, with the assets beside it.
const here = dirname(fileURLToPath(import.meta.url))
const release = Sha256.safeParse(basename(here))

const code = await run(
  {
    directory,
    submission: Number(submission),
    allocation,
    release: release.success ? release.data : null,
    assets: here,
  },
  {
    loadTrainer: () => import('@trotline/trainer'),
    openReportThread,
    stop,
    heartbeatMs: HEARTBEAT_MS,
    inherited,
    out,
    err,
  },
)
// Not left to an empty event loop: what is still open (a connection that Redis never answered) has had its time.
process.exit(code)
