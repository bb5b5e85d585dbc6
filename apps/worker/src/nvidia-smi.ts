// Asks nvidia-smi on this node. A driver that hangs keeps its process in the kernel, where no signal reaches it: the answer is then
// "did not answer in time", and nobody waits for the process to go.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { type GpuSighting, NVIDIA_SMI, type ProgramAnswer, readNvidiaSmi } from '@trotline/contracts'

/** For all questions together, because the job waits. A driver that needs longer to wake up decides nothing, and neither does one that hangs. */
const LIMIT_MS = 10_000
/** The table of a node with 16 GPUs and their processes has about 10 KiB. */
const MOST_BYTES = 65_536
/** What has ended has said all by then, unless a child of it holds the pipes: a wrapper that left something running. */
const GRACE_MS = 200

/** As timeout(1) and the shell say it: readNvidiaSmi knows them. */
const OUT_OF_TIME = 124
const NOT_EXECUTABLE = 126
const NOT_FOUND = 127

export interface AskOptions {
  /** Whoever is told to stop does not wait for an answer. */
  stop: AbortSignal
  limitMs?: number
}

/** Never rejects: whatever keeps nvidia-smi from answering is in `gpuTrouble`. */
export async function askNvidiaSmi({ stop, limitMs = LIMIT_MS }: AskOptions): Promise<GpuSighting> {
  const over = new AbortController()
  const end = (): void => over.abort()
  const limit = setTimeout(end, limitMs)
  stop.addEventListener('abort', end)
  if (stop.aborted) end()
  try {
    const ask = (argv: readonly string[]): Promise<ProgramAnswer> => answerOf(argv, over.signal)
    // Both at once: what takes the time is a driver that has to wake up first.
    const [gpus, header] = await Promise.all([ask(NVIDIA_SMI.gpus), ask(NVIDIA_SMI.header)])
    const again = gpus.exitCode !== 0 && gpus.exitCode !== NOT_FOUND && gpus.exitCode !== OUT_OF_TIME
    return readNvidiaSmi({ gpus, header, gpusOfOldDriver: again ? await ask(NVIDIA_SMI.gpusOfOldDriver) : null })
  } finally {
    clearTimeout(limit)
    stop.removeEventListener('abort', end)
  }
}

/** What a program says on stdout and stderr, and how it ends. One that is ended from here, or says too much, is not waited for. */
function answerOf([program = '', ...words]: readonly string[], over: AbortSignal): Promise<ProgramAnswer> {
  return new Promise(resolve => {
    if (over.aborted) return resolve({ exitCode: OUT_OF_TIME, text: '' })
    const child = spawned(program, words)
    if (child === null) return resolve({ exitCode: NOT_EXECUTABLE, text: '' })
    const pieces: Buffer[] = []
    let bytes = 0
    let grace: NodeJS.Timeout | undefined
    const text = (): string => Buffer.concat(pieces).toString('utf8')
    // Where descriptors have run out there are none.
    const streams = [child.stdout, child.stderr].filter(stream => stream !== undefined)
    const settle = (exitCode: number): void => {
      over.removeEventListener('abort', late)
      clearTimeout(grace)
      resolve({ exitCode, text: text() })
    }
    const leave = (exitCode: number): void => {
      settle(exitCode)
      child.kill('SIGKILL')
      for (const stream of streams) stream.destroy()
      child.unref()
    }
    const late = (): void => leave(OUT_OF_TIME)
    over.addEventListener('abort', late)
    child.on('error', ({ code }: NodeJS.ErrnoException) => settle(code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE))
    for (const stream of streams)
      stream.on('data', (piece: Buffer) => {
        const room = MOST_BYTES - bytes
        pieces.push(piece.subarray(0, room))
        bytes += Math.min(piece.length, room)
        if (piece.length > room) leave(1)
      })
    child.on('exit', exitCode => {
      // Once more round the event loop: where it stood still, what was said has not been read yet.
      grace = setTimeout(() => setImmediate(leave, exitCode ?? 128), GRACE_MS)
    })
    // Ended by a signal from elsewhere: as a shell has it, without the number, which decides nothing here.
    child.on('close', exitCode => settle(exitCode ?? 128))
  })
}

/** null: it cannot be. Node.js throws what it does not keep for the 'error' event: a link that loops (ELOOP), no memory (ENOMEM). */
function spawned(program: string, words: string[]): ChildProcessByStdio<null, Readable, Readable> | null {
  try {
    return spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  } catch {
    return null
  }
}
