// Asks nvidia-smi on this node. A driver that hangs keeps its process in the kernel, where no signal reaches it: the answer is then
// "did not answer in time", and nobody waits for the process to go.
import { spawn } from 'node:child_process'
import { type GpuSighting, NVIDIA_SMI, type ProgramAnswer, readNvidiaSmi } from '@trotline/contracts'

/** For all questions together, because the job waits. A driver that needs longer to wake up decides nothing, and neither does one that hangs. */
const LIMIT_MS = 10_000
/** The table of a node with 16 GPUs and their processes has about 10 KiB. */
const MOST_BYTES = 65_536

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
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const pieces: Buffer[] = []
    let bytes = 0
    const text = (): string => Buffer.concat(pieces).toString('utf8')
    const settle = (exitCode: number): void => {
      over.removeEventListener('abort', late)
      resolve({ exitCode, text: text() })
    }
    const leave = (exitCode: number): void => {
      settle(exitCode)
      child.kill('SIGKILL')
      child.stdout.destroy()
      child.stderr.destroy()
      child.unref()
    }
    const late = (): void => leave(OUT_OF_TIME)
    over.addEventListener('abort', late)
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => {
        const room = MOST_BYTES - bytes
        pieces.push(piece.subarray(0, room))
        bytes += Math.min(piece.length, room)
        if (piece.length > room) leave(1)
      })
    child.on('error', ({ code }: NodeJS.ErrnoException) => settle(code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE))
    // Ended by a signal from elsewhere: as a shell has it, without the number, which decides nothing here.
    child.on('close', exitCode => settle(exitCode ?? 128))
  })
}
