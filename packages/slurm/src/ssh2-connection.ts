// One SSH connection. The only file that imports ssh2; what leaves it are the few words below.
// Whatever was under way when the connection goes fails with SSH_LOST: an exit status was not seen.
import { readFile } from 'node:fs/promises'
import {
  type AlgorithmList,
  type CipherAlgorithm,
  Client,
  type ClientChannel,
  type ConnectConfig,
  type SFTPWrapper,
} from 'ssh2'
import { ChannelRefused } from './channel-gate.ts'
import { SlurmError } from './errors.ts'
import { hostKeyAlgorithms, judgeKey, type KeyVerdict, knownHost } from './known-hosts.ts'
import { Loss } from './loss.ts'
import { openSftp, type RawSftp, type Sftp } from './sftp-session.ts'

export interface SshServer {
  readonly host: string
  readonly port: number
  readonly username: string
  /** One of the three: a key file, a key, or the socket of an agent. */
  readonly privateKeyFile?: string
  readonly privateKey?: string | Uint8Array
  readonly agent?: string
  readonly passphrase?: string
  readonly knownHostsFile: string
  /** Default 20,000. */
  readonly connectTimeoutMs?: number
  /** A silent server is given up after three of these. Default 5,000. */
  readonly keepAliveIntervalMs?: number
}

/** null as status: the channel closed and no exit status was seen. */
export interface ExecChannel {
  readonly done: Promise<{ exitCode: number | null; signal: string | null } | null>
  onOutput(stdout: (chunk: Uint8Array) => void, stderr: (chunk: Uint8Array) => void): void
  endStdin(input?: string | Uint8Array): void
  /** Kills the command where sshd allows it, and drops the channel. */
  kill(): void
}

export interface SshConnection {
  /** @throws ChannelRefused */
  exec(command: string): Promise<ExecChannel>
  /** @throws ChannelRefused */
  sftp(): Promise<Sftp>
  /** Called once, when the connection is gone for whatever reason. */
  onLost(listener: (error: SlurmError) => void): void
  end(): void
}

export async function connect(server: SshServer): Promise<SshConnection> {
  const known = knownHost(await readKnownHosts(server), server.host, server.port)
  const algorithms = hostKeyAlgorithms(known)
  const where = { host: server.host, port: server.port, knownHostsFile: server.knownHostsFile }
  if (algorithms.length === 0) {
    const why = known.hasCertAuthority ? 'host certificates are not supported' : 'no usable key is known for this host'
    throw new SlurmError('SSH_HOST_KEY', { message: why, details: where })
  }
  const credentials = await readCredentials(server)
  const client = new Client()
  let verdict: KeyVerdict | null = null
  const loss = new Loss()
  const config: ConnectConfig = {
    host: server.host,
    port: server.port,
    username: server.username,
    ...credentials,
    readyTimeout: server.connectTimeoutMs ?? 20_000,
    keepaliveInterval: server.keepAliveIntervalMs ?? 5_000,
    keepaliveCountMax: 3,
    algorithms: { serverHostKey: algorithms as never, cipher: CHACHA_LAST },
    hostVerifier: (blob: Buffer) => {
      verdict = judgeKey(known, blob)
      return verdict === 'known'
    },
  }
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve)
    client.on('error', cause => {
      reject(connectError(cause, verdict, where))
      loss.lose(new SlurmError('SSH_LOST', { message: cause.message, details: where, cause }))
    })
    client.once('close', () => {
      reject(new SlurmError('SSH_UNREACHABLE', { message: 'closed by the server', details: where }))
      loss.lose(new SlurmError('SSH_LOST', { message: 'closed by the server', details: where }))
    })
    try {
      client.connect(config)
    } catch (cause) {
      reject(connectError(cause as Error, verdict, where))
    }
  }).catch(error => {
    client.destroy()
    throw error
  })
  // Nagle's algorithm costs 40 ms per small command: 48 ms against 5 ms for "true" on loopback.
  client.setNoDelay(true)
  return {
    exec: command =>
      loss.orLost(
        open<ClientChannel, ExecChannel>(
          done => client.exec(command, done),
          raw => execChannel(raw, loss),
        ),
      ),
    sftp: () =>
      loss.orLost(
        open<SFTPWrapper, Sftp>(
          done => client.sftp(done),
          raw => openSftp(raw as unknown as RawSftp, loss),
        ),
      ),
    onLost: listener => loss.onLost(listener),
    end: () => {
      loss.lose(new SlurmError('SSH_LOST', { message: 'closed by its owner', details: where }))
      client.destroy()
    },
  }
}

// ssh2 proposes chacha20-poly1305 first. With AES in the processor AES-GCM costs half: 1.2 s of processor time a gigabyte against 2.2.
// In this order: what is in the list is not appended.
const CHACHA: CipherAlgorithm = 'chacha20-poly1305@openssh.com'
const CHACHA_LAST = { remove: CHACHA, prepend: [], append: CHACHA } satisfies AlgorithmList<CipherAlgorithm>

// `wrap` runs in the very call that brings the channel: its exit status and end may come with it in one piece, and whoever
// listens a turn later has missed them (seen once in 200 commands).
function open<Raw, T>(
  start: (done: (error: Error | undefined, channel: Raw) => void) => void,
  wrap: (channel: Raw) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | undefined, channel: Raw) => {
      if (!error) resolve(wrap(channel))
      // The connection lives on; seen with MaxSessions reached: "(SSH) Channel open failure: open failed", reason 2.
      else if (/Channel open failure/i.test(error.message)) reject(new ChannelRefused(error.message, { cause: error }))
      else reject(new SlurmError('SSH_LOST', { message: error.message, cause: error }))
    }
    try {
      start(done)
    } catch (cause) {
      // ssh2 throws "Not connected" by itself.
      reject(new SlurmError('SSH_LOST', { message: (cause as Error).message, cause }))
    }
  })
}

function execChannel(channel: ClientChannel, loss: Loss): ExecChannel {
  let status: { exitCode: number | null; signal: string | null } | null = null
  channel.on('exit', (code: number | null, signal?: string) => {
    status = { exitCode: code ?? null, signal: signal ? `SIG${signal.replace(/^SIG/, '')}` : null }
  })
  channel.on('error', () => {}) // what matters is whether an exit status came
  // A loss closes the channels too, and is told in the same turn: an exit status seen before it may lack some of the output.
  const closed = new Promise<void>(resolve => channel.once('close', () => setImmediate(resolve)))
  return {
    done: loss.orLost(closed).then(
      () => status,
      () => null,
    ),
    onOutput(stdout, stderr) {
      channel.on('data', stdout)
      channel.stderr.on('data', stderr)
    },
    endStdin: input => void (input === undefined ? channel.end() : channel.end(input)),
    kill() {
      try {
        channel.signal('KILL') // OpenSSH 7.9 and newer
        channel.close()
      } catch {
        // The connection has gone meanwhile.
      }
    },
  }
}

async function readKnownHosts({ knownHostsFile }: SshServer): Promise<string> {
  try {
    return await readFile(knownHostsFile, 'utf8')
  } catch (cause) {
    throw new SlurmError('SSH_HOST_KEY', {
      message: `${knownHostsFile} cannot be read`,
      details: { knownHostsFile },
      cause,
    })
  }
}

async function readCredentials(server: SshServer): Promise<Pick<ConnectConfig, 'privateKey' | 'agent' | 'passphrase'>> {
  const { agent, privateKey, privateKeyFile, passphrase } = server
  if (agent !== undefined) return { agent }
  const secret = passphrase === undefined ? {} : { passphrase }
  if (privateKey !== undefined) return { privateKey: Buffer.from(privateKey as Uint8Array), ...secret }
  if (privateKeyFile === undefined) throw new TypeError('a private key, a key file or an agent is needed')
  try {
    return { privateKey: await readFile(privateKeyFile), ...secret }
  } catch (cause) {
    throw new SlurmError('SSH_AUTH', { message: 'the private key cannot be read', details: { privateKeyFile }, cause })
  }
}

function connectError(cause: Error & { level?: string }, verdict: KeyVerdict | null, where: object): SlurmError {
  const details = { ...where, level: cause.level, hostKey: verdict }
  if ((verdict !== null && verdict !== 'known') || /no matching host key format/.test(cause.message)) {
    return new SlurmError('SSH_HOST_KEY', { message: verdict ?? 'no key of a known kind was offered', details, cause })
  }
  const ours = cause.level === 'client-authentication' || /privateKey|passphrase/i.test(cause.message)
  return new SlurmError(ours ? 'SSH_AUTH' : 'SSH_UNREACHABLE', { message: cause.message, details, cause })
}
