// A Transport around a Transport: every call to a cluster passes here, is counted, waits at the ceilings, and fails at once
// while the way rests. An open breaker is asked first, so that what is not going to happen is not paid for.
import { type CommandResult, type ExecOptions, SlurmError, type Transport } from '@trotline/slurm'
import type { BreakerSettings } from '../config.ts'
import { isCoded } from '../errors.ts'
import type { Ceilings } from './ceilings.ts'
import { commandKindOf, urgencyOf } from './command-kind.ts'
import type { Connections } from './connections.ts'
import type { FootprintCounter } from './footprint.ts'
import { createResting, type Resting } from './resting.ts'

/** Faults of the way. A refused key or host key is nobody's passing weakness: it is said as it is, every time. */
const FAULTS_OF_THE_WAY = new Set(['SSH_UNREACHABLE', 'SSH_LOST', 'SSH_TIMEOUT', 'SSH_CHANNELS_REFUSED'])

const PROBE_LIMIT_MS = 15_000

/** A login that works proves little: a login node without memory accepts connections and runs nothing. */
const CONNECTED = Symbol('connected')

export interface Guard {
  readonly transport: Transport
  readonly resting: Resting
  /** Channels in use: commands under way, and SFTP sessions of this connection. */
  channels(): number
}

interface Options {
  cluster: string
  identity: string
  channelsPerConnection: number
  breaker: BreakerSettings
  /** A transport that nobody has used yet. */
  open(): Transport
  ceilings: Ceilings
  connections: Connections
  footprint: FootprintCounter
  /** A channel may have come or gone. */
  onChannels(): void
}

export function guardTransport(options: Options): Guard {
  const { cluster, identity, breaker, open, ceilings, connections, footprint, onChannels } = options
  const submitChannels = Math.max(1, options.channelsPerConnection - 3)
  let inner: Transport | null = null
  let closed = false
  let underWay = 0
  const execs = { query: 0, submit: 0 }
  const sftp = { read: false, put: false }

  const holder = {
    identity,
    idle: () => underWay === 0,
    async drop() {
      const dropped = inner
      inner = null
      sftp.read = sftp.put = false
      await dropped?.close()
      onChannels()
    },
  }

  const resting = createResting({
    cluster,
    identity,
    part: 'ssh',
    settings: breaker,
    onRefused: () => footprint.refused('resting'),
    probe: () =>
      withLimit(async () => {
        await connections.enter(holder)
        const transport = current()
        await transport.connect()
        await transport.exec(['true'], { lane: 'query', timeLimitMs: PROBE_LIMIT_MS - 5_000 })
        footprint.command('other')
      }),
  })

  function current(): Transport {
    if (closed) throw new SlurmError('SSH_CLOSED')
    inner ??= open()
    return inner
  }

  async function through<T>(call: (transport: Transport) => Promise<T>, pay?: () => Promise<unknown>): Promise<T> {
    resting.pass()
    if (closed) throw new SlurmError('SSH_CLOSED')
    await pay?.()
    await connections.enter(holder)
    const startedAtMs = Date.now()
    underWay += 1
    try {
      const answer = await call(current())
      if (answer !== CONNECTED) resting.answered()
      return answer
    } catch (error) {
      if (isCoded(error) && FAULTS_OF_THE_WAY.has(error.code)) resting.failed(error, startedAtMs)
      // The way was open; what lies at its end is another matter.
      else if (isCoded(error) && /^FILE_|^SSH_OUTPUT_LIMIT$/.test(error.code)) resting.answered()
      throw error
    } finally {
      underWay -= 1
      if (inner?.health.state !== 'connected') sftp.read = sftp.put = false
      onChannels()
    }
  }

  async function exec(argv: readonly string[], execOptions: ExecOptions = {}): Promise<CommandResult> {
    const { lane = 'submit', stdin } = execOptions
    const kind = commandKindOf(argv, lane)
    return through(
      async transport => {
        footprint.command(kind)
        execs[lane] += 1
        onChannels()
        try {
          const result = await transport.exec(argv, execOptions)
          footprint.bytes(bytesOf(...argv) + bytesOf(stdin ?? ''), bytesOf(result.stdout, result.stderr))
          return result
        } finally {
          execs[lane] -= 1
        }
      },
      kind === 'other' ? undefined : () => ceilings.take(urgencyOf(kind), 1),
    )
  }

  const transport: Transport = {
    exec,
    put: (path, content, putOptions) =>
      through(async to => {
        sftp.put = true
        await to.put(path, content, putOptions)
        if (typeof content === 'string' || content instanceof Uint8Array) footprint.bytes(bytesOf(content), 0)
      }),
    readAt: (path, offset, lengthBytes) =>
      through(async from => {
        sftp.read = true
        const slice = await from.readAt(path, offset, lengthBytes)
        footprint.bytes(0, slice?.bytes.length ?? 0)
        return slice
      }),
    get health() {
      return inner?.health ?? { state: closed ? 'closed' : 'unused', since: 0, lastError: null }
    },
    async connect() {
      await through(async to => {
        await to.connect()
        return CONNECTED
      })
    },
    async close() {
      closed = true
      resting.close()
      await inner?.close()
    },
  }

  return {
    transport,
    resting,
    channels() {
      const sessions = Number(sftp.read) + Number(sftp.put)
      return (
        Math.min(execs.query, 1) +
        Math.min(execs.submit, submitChannels) +
        (options.channelsPerConnection === 3 ? Math.min(sessions, 1) : sessions)
      )
    },
  }
}

const bytesOf = (...parts: readonly (string | Uint8Array)[]): number =>
  parts.reduce((sum, part) => sum + (typeof part === 'string' ? Buffer.byteLength(part) : part.length), 0)

async function withLimit(probe: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new SlurmError('SSH_TIMEOUT', { message: 'the probe was not answered' })),
      PROBE_LIMIT_MS,
    )
  })
  const asking = probe()
  asking.catch(() => undefined)
  try {
    await Promise.race([asking, late])
  } finally {
    clearTimeout(timer)
  }
}
