// The driver for a program that lives on the login node itself: child processes and files, under the contract of transport.ts.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { SlurmError } from './errors.ts'
import { OutputCollector } from './output-collector.ts'
import { piecesOf } from './put-source.ts'
import {
  type CommandResult,
  DEFAULT_MAX_OUTPUT_BYTES,
  DEFAULT_TIME_LIMIT_MS,
  type ExecOptions,
  type FileSlice,
  type PutContent,
  type Transport,
} from './transport.ts'

const NO_SUCH_FILE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])
const DENIED = new Set(['EACCES', 'EPERM', 'EROFS'])

export function createLocalTransport(): Transport {
  const since = Date.now()
  const running = new Set<() => void>()
  let closed = false
  const whileOpen = <T>(work: () => Promise<T>): Promise<T> =>
    closed ? Promise.reject(new SlurmError('SSH_CLOSED')) : work()
  return {
    exec(argv, options = {}) {
      if (argv.length === 0) throw new TypeError('a command needs at least its name')
      if (argv.some(word => word.includes('\0'))) throw new TypeError('a command argument cannot hold a NUL character')
      return whileOpen(() => run(argv, options, running))
    },
    put: (path, content, { mode }) => whileOpen(() => put(path, content, mode)),
    readAt: (path, offset, lengthBytes) => whileOpen(() => readAt(path, offset, lengthBytes)),
    get health() {
      return { state: closed ? ('closed' as const) : ('connected' as const), since, lastError: null }
    },
    async connect() {
      if (closed) throw new SlurmError('SSH_CLOSED')
    },
    async close() {
      closed = true
      for (const abandon of running) abandon()
    },
  }
}

function run(argv: readonly string[], options: ExecOptions, running: Set<() => void>): Promise<CommandResult> {
  const { stdin, timeLimitMs = DEFAULT_TIME_LIMIT_MS, maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES, onLine } = options
  const [file = '', ...args] = argv
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    // A process group of its own, so that a time limit reaches what the command has started.
    const child = spawn(file, args, { cwd: homedir(), detached: true, stdio: 'pipe' })
    const fail = (error: SlurmError) => {
      reject(error)
      settle()
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // The group is gone.
      }
      child.stdout.destroy()
      child.stderr.destroy()
    }
    const limit = setTimeout(() => fail(new SlurmError('SSH_TIMEOUT', { details: { argv, timeLimitMs } })), timeLimitMs)
    const abandon = () => fail(new SlurmError('SSH_LOST', { message: 'closed by its owner', details: { argv } }))
    running.add(abandon)
    const settle = () => {
      clearTimeout(limit)
      running.delete(abandon)
    }
    const tooMuch = () => fail(new SlurmError('SSH_OUTPUT_LIMIT', { details: { argv, maxOutputBytes } }))
    const output = new OutputCollector(maxOutputBytes, tooMuch, onLine)
    child.stdout.on('data', (chunk: Uint8Array) => output.stdout(chunk))
    child.stderr.on('data', (chunk: Uint8Array) => output.stderr(chunk))
    child.stdin.on('error', () => {}) // a command need not read its input
    child.stdin.end(stdin)
    child.on('error', (error: NodeJS.ErrnoException) => {
      settle()
      const durationMs = performance.now() - startedAt
      // As a shell answers, and so the other drivers: 127 not found, 126 not executable.
      if (error.code === 'ENOENT' || error.code === 'EACCES') {
        const exitCode = error.code === 'ENOENT' ? 127 : 126
        resolve({ exitCode, signal: null, stdout: '', stderr: `${file}: ${error.code}\n`, durationMs })
      } else reject(new SlurmError('SSH_LOST', { message: error.message, details: { argv }, cause: error }))
    })
    child.on('close', (exitCode, signal) => {
      settle()
      resolve({ exitCode, signal, ...output.text(), durationMs: performance.now() - startedAt })
    })
  })
}

async function put(path: string, content: PutContent, mode: number): Promise<void> {
  const beside = `${path}.part-${randomBytes(6).toString('hex')}`
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      for await (const piece of piecesOf(content)) await file.writeFile(piece)
      await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (cause) {
    await rm(beside, { force: true })
    throw fileError(cause, path)
  }
}

async function readAt(path: string, offset: number, lengthBytes: number): Promise<FileSlice | null> {
  try {
    const file = await open(path, 'r')
    try {
      const into = Buffer.allocUnsafe(lengthBytes)
      let read = 0
      while (read < lengthBytes) {
        const { bytesRead } = await file.read(into, read, lengthBytes - read, offset + read)
        if (bytesRead === 0) break
        read += bytesRead
      }
      return { bytes: into.subarray(0, read), sizeBytes: (await file.stat()).size }
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (NO_SUCH_FILE.has((cause as NodeJS.ErrnoException).code ?? '')) return null
    throw fileError(cause, path)
  }
}

function fileError(cause: unknown, path: string): SlurmError {
  if (cause instanceof SlurmError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const denied = DENIED.has(code ?? '')
  return new SlurmError(denied ? 'FILE_DENIED' : 'FILE_FAILED', { message, details: { path, code }, cause })
}
