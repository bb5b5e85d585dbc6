// A private Redis on loopback: every write on disk before it is acknowledged, two users, no way in without a password.
// Part of the local cluster, and usable alone: what it needs is one folder.

import { createHash } from 'node:crypto'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Daemon, ensureRunning, runningProcess, stopDaemonProcess } from './daemon.ts'
import { keepSecret, makeFolder, openHome, readJson, writeWhole } from './folders.ts'
import { keepPort, pickPort } from './ports.ts'

export interface RedisUser {
  user: string
  passwordFile: string
}

export interface RedisServer {
  host: '127.0.0.1'
  port: number
  store: RedisUser
  report: RedisUser
}

export const KEY_PREFIX = 'trotline'
export const REPORT_QUEUE = 'epoch-reports'

export async function startRedis({ home, port }: { home: string; port?: number }): Promise<RedisServer> {
  const folder = openHome(home)
  const kept = readJson<{ port: number }>(portFile(folder))?.port
  const running = kept !== undefined && runningProcess(redisDaemon(folder, kept)) !== undefined
  const chosen = kept !== undefined && (running || (await keepPort(kept))) ? kept : (port ?? (await pickPort()))
  writeRedisConfiguration(folder, chosen)
  await ensureRunning(redisDaemon(folder, chosen))
  return describeRedis(folder, chosen)
}

export async function stopRedis({ home, signal = 'SIGTERM' }: { home: string; signal?: 'SIGTERM' | 'SIGKILL' }) {
  const folder = openHome(home)
  const port = readJson<{ port: number }>(portFile(folder))?.port
  if (port !== undefined) await stopDaemonProcess(redisDaemon(folder, port), signal)
}

export function describeRedis(folder: string, port: number): RedisServer {
  return {
    host: '127.0.0.1',
    port,
    store: { user: 'trotline', passwordFile: join(folder, 'store.password') },
    report: { user: 'reporter', passwordFile: join(folder, 'report.password') },
  }
}

export function redisDaemon(folder: string, port: number): Daemon {
  const { store } = describeRedis(folder, port)
  return {
    name: 'redis',
    needs: [],
    argv: ['redis-server', join(folder, 'redis.conf')],
    mark: join(folder, 'redis.conf'),
    configFiles: [join(folder, 'redis.conf'), join(folder, 'users.acl')],
    recordFile: join(folder, 'redis.process.json'),
    logFiles: [join(folder, 'redis.log')],
    readyWithinSeconds: 60,
    ready: () => answersPing(port, store.user, keepSecret(store.passwordFile)),
  }
}

export function writeRedisConfiguration(folder: string, port: number) {
  makeFolder(join(folder, 'data'), 0o700)
  const { store, report } = describeRedis(folder, port)
  writeWhole(portFile(folder), JSON.stringify({ port }))
  writeWhole(
    join(folder, 'users.acl'),
    accessList(keepSecret(store.passwordFile), keepSecret(report.passwordFile)).join('\n').concat('\n'),
    0o600,
  )
  writeWhole(
    join(folder, 'redis.conf'),
    `bind 127.0.0.1
port ${port}
dir ${join(folder, 'data')}
aclfile ${join(folder, 'users.acl')}
appendonly yes
appendfsync always
# Compressing what a rewrite of the AOF writes takes a core for seconds: at 5,000 epochs/s it made one in a hundred 1.2 s late, not 0.3 s.
rdbcompression no
maxmemory-policy noeviction
save ""
# A title of its own would hide the arguments by which a stray process is known as ours.
set-proc-title no
`,
  )
}

/**
 * The reporter adds messages to one queue and nothing else. Each command is allowed on the very keys on which BullMQ 6.7.0's add scripts
 * use it: Redis 7 checks the commands inside a script one by one. Message ids must hold a dash, as <jobId>-<run>-<seq> does; the
 * queue's own keys hold none. hget is how BullMQ knows a repeated message, so one can be read by whoever knows its id, and none be
 * found. hset on meta is used by the first add to a queue that no consumer has opened yet.
 */
export function accessList(storePassword: string, reportPassword: string): string[] {
  const queue = `${KEY_PREFIX}:${REPORT_QUEUE}`
  const report = [
    `~${queue}:* +eval +evalsha`,
    `~${queue}:id +incr`,
    `~${queue}:meta +hget +hmget +hset`,
    `~${queue}:*-* +hmset +hget +exists`,
    `%W~${queue}:wait +lpush`,
    `%W~${queue}:marker +zadd`,
    `%W~${queue}:events +xadd`,
  ]
  const hash = (password: string) => `#${createHash('sha256').update(password).digest('hex')}`
  return [
    // Nobody can log in as default, but Redis loads its AOF with that user's rights: without them what scripts and
    // MULTI wrote is silently lost at the next start (seen on 7.0.15; redis issue 14541).
    'user default off resetpass ~* &* +@all',
    `user trotline on ${hash(storePassword)} ~* &* +@all`,
    `user reporter on ${hash(reportPassword)} resetkeys resetchannels -@all +info +ping ${report.map(rule => `(-@all ${rule})`).join(' ')}`,
  ]
}

/** Asked without a Redis client, because this runs before node_modules need exist. */
function answersPing(port: number, user: string, password: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: '127.0.0.1', port })
    let answer = ''
    const finish = (ready: boolean) => {
      socket.destroy()
      resolve(ready)
    }
    socket.setTimeout(2000, () => finish(false))
    socket.on('error', () => finish(false))
    socket.on('close', () => resolve(false))
    socket.on('connect', () => socket.write(`AUTH ${user} ${password}\r\nPING\r\n`))
    socket.on('data', bytes => {
      answer += bytes.toString('latin1')
      if (answer === '+OK\r\n+PONG\r\n') finish(true)
      else if (answer.includes('-')) finish(false)
    })
  })
}

const portFile = (folder: string) => join(folder, 'redis.port.json')
