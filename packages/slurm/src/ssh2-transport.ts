// The SSH driver: one connection, at most four channels on it, each with its own purpose.
//
//   query    one exec at a time: squeue, sacct, scancel. Never waits behind anything else.
//   submit   one exec at a time (more with maxChannels > 4): submissions and all other commands.
//   read     one long-lived SFTP channel for readAt
//   put      one long-lived SFTP channel for put (shared with read where maxChannels is 3)
//
// A lost connection fails what is in flight with SSH_LOST; nothing is ever run again by itself, since it may have run.
// The next use connects anew, after a back-off where the last tries failed (connection-keeper.ts).
import { Gate, openPatiently } from './channel-gate.ts'
import { ConnectionKeeper } from './connection-keeper.ts'
import { SlurmError } from './errors.ts'
import { OutputCollector } from './output-collector.ts'
import { putOverSftp, SftpReader } from './sftp-files.ts'
import type { Sftp } from './sftp-session.ts'
import { shellCommand } from './shell-quote.ts'
import { connect, type ExecChannel, type SshConnection, type SshServer } from './ssh2-connection.ts'
import {
  type CommandResult,
  DEFAULT_MAX_OUTPUT_BYTES,
  DEFAULT_TIME_LIMIT_MS,
  type ExecOptions,
  type Transport,
} from './transport.ts'

export interface Ssh2TransportOptions extends SshServer {
  /** At least 3. sshd's MaxSessions is 10 by default and counts channels of one connection. Default 4. */
  readonly maxChannels?: number
}

const PUTS_AT_ONCE = 4

export function createSsh2Transport(options: Ssh2TransportOptions): Transport {
  const { maxChannels = 4, ...server } = options
  if (!Number.isInteger(maxChannels) || maxChannels < 3) throw new RangeError('maxChannels must be 3 or more')
  const sharedSftp = maxChannels === 3
  const lanes = { query: new Gate(1), submit: new Gate(Math.max(1, maxChannels - 3)) }
  const puts = new Gate(PUTS_AT_ONCE)
  // One at a time: whoever was refused a channel is next, or newcomers would take every slot that comes free.
  const opens = new Gate(1)
  const reader = new SftpReader()
  const keeper = new ConnectionKeeper(() => connect(server))
  const sessions = new Map<string, { connection: SshConnection; sftp: Promise<Sftp> }>()

  async function sftpFor(purpose: 'read' | 'put'): Promise<Sftp> {
    const key = sharedSftp ? 'shared' : purpose
    const connection = await keeper.get()
    const held = sessions.get(key)
    if (held?.connection === connection) return held.sftp
    const entry = { connection, sftp: opens.run(() => openPatiently(() => connection.sftp())) }
    sessions.set(key, entry)
    const forget = () => void (sessions.get(key) === entry && sessions.delete(key))
    entry.sftp.then(session => session.onClosed(forget), forget)
    return entry.sftp
  }

  return {
    exec(argv, execOptions = {}) {
      const command = shellCommand(argv)
      return lanes[execOptions.lane ?? 'submit'].run(async () => {
        const connection = await keeper.get()
        return run(
          opens.run(() => openPatiently(() => connection.exec(command))),
          argv,
          execOptions,
        )
      })
    },
    put: (path, content, { mode }) => puts.run(async () => putOverSftp(await sftpFor('put'), path, content, mode)),
    readAt: async (path, offset, lengthBytes) => reader.readAt(await sftpFor('read'), path, offset, lengthBytes),
    get health() {
      return keeper.health
    },
    connect: async () => void (await keeper.connectNow()),
    close: () => keeper.close(),
  }
}

async function run(
  opening: Promise<ExecChannel>,
  argv: readonly string[],
  options: ExecOptions,
): Promise<CommandResult> {
  const { stdin, timeLimitMs = DEFAULT_TIME_LIMIT_MS, maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES, onLine } = options
  const startedAt = performance.now()
  let giveUp: (error: SlurmError) => void = () => {}
  const givenUp = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  const limit = setTimeout(() => giveUp(new SlurmError('SSH_TIMEOUT', { details: { argv, timeLimitMs } })), timeLimitMs)
  try {
    const channel = await Promise.race([opening, givenUp])
    const tooMuch = () => giveUp(new SlurmError('SSH_OUTPUT_LIMIT', { details: { argv, maxOutputBytes } }))
    const output = new OutputCollector(maxOutputBytes, tooMuch, onLine)
    channel.onOutput(
      chunk => output.stdout(chunk),
      chunk => output.stderr(chunk),
    )
    channel.endStdin(stdin)
    const status = await Promise.race([channel.done, givenUp])
    if (!status) throw new SlurmError('SSH_LOST', { details: { argv } })
    return { ...status, ...output.text(), durationMs: performance.now() - startedAt }
  } catch (error) {
    // Also a channel that opens after its time is over.
    opening.then(
      channel => channel.kill(),
      () => {},
    )
    throw error
  } finally {
    clearTimeout(limit)
  }
}
