// The two users of the Redis that deploy/local starts: what the one that reports may do, and what it may not.

import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { parseSettings } from '../../apps/orchestrator/src/config.ts'
import {
  KEY_PREFIX,
  REPORT_QUEUE,
  type RedisServer,
  type RedisUser,
  startRedis,
  stopRedis,
} from '../../deploy/local/redis.ts'

describe('the local Redis', () => {
  const home = mkdtempSync(join(tmpdir(), 'trotline-redis-'))
  let server: RedisServer
  let store: Redis
  let reporter: Redis

  const options = ({ user, passwordFile }: RedisUser) => ({
    host: server.host,
    port: server.port,
    username: user,
    password: readFileSync(passwordFile, 'utf8').trim(),
    maxRetriesPerRequest: 1,
  })
  const key = (name: string) => `${KEY_PREFIX}:${REPORT_QUEUE}:${name}`

  before(async () => {
    server = await startRedis({ home })
    store = new Redis(options(server.store))
    reporter = new Redis(options(server.report))
    // One test kills the server under them.
    for (const client of [store, reporter]) client.on('error', () => {})
  })
  after(async () => {
    store.disconnect()
    reporter.disconnect()
    await stopRedis({ home })
    rmSync(home, { recursive: true, force: true })
  })

  for (const skipVersionCheck of [false, true]) {
    test(`the reporter adds messages, alone and in bulk, and may repeat them (skipVersionCheck ${skipVersionCheck})`, async () => {
      const queue = new Queue(REPORT_QUEUE, {
        connection: options(server.report),
        prefix: KEY_PREFIX,
        skipVersionCheck,
      })
      const errors: Error[] = []
      queue.on('error', error => errors.push(error))
      const message = (seq: number) => ({
        name: 'epochs',
        data: { seq },
        opts: { jobId: `job-1-0-${skipVersionCheck}-${seq}` },
      })
      await queue.addBulk([message(1), message(2)])
      await queue.addBulk([message(2), message(3)])
      await queue.add('epochs', message(3).data, message(3).opts)
      await queue.close()
      assert.deepEqual(errors, [])
      const waiting = await store.lrange(key('wait'), 0, -1)
      assert.equal(waiting.filter(id => id.includes(String(skipVersionCheck))).length, 3)
    })
  }

  const refused: string[][] = [
    ['get', `${KEY_PREFIX}:job:1`],
    ['lrange', key('wait'), '0', '-1'],
    ['hgetall', key('job-1-0-1')],
    ['xread', 'streams', key('events'), '0'],
    ['keys', '*'],
    ['scan', '0'],
    ['del', key('wait')],
    ['flushall'],
    ['config', 'get', '*'],
    ['subscribe', 'anything'],
    ['lpush', `${KEY_PREFIX}:another-queue:wait`, 'x'],
    ['eval', 'return redis.call("del", KEYS[1])', '1', key('wait')],
    ['eval', 'return redis.call("lrange", KEYS[1], 0, -1)', '1', key('wait')],
    ['eval', 'return redis.call("get", KEYS[1])', '1', `${KEY_PREFIX}:job:1`],
    ['eval', `return redis.call("lpush", "${KEY_PREFIX}:another-queue:wait", "x")`, '1', key('wait')],
  ]
  for (const [command = '', ...args] of refused) {
    test(`the reporter is refused: ${[command, ...args].join(' ')}`, async () => {
      await assert.rejects(
        reporter.call(command, ...args),
        /NOPERM|can't (run this command|access at least one of the keys)/,
      )
    })
  }

  test('nobody gets in without a password', async () => {
    const anonymous = new Redis({
      host: server.host,
      port: server.port,
      lazyConnect: true,
      retryStrategy: () => null,
      protocol: 2,
    })
    anonymous.on('error', () => {})
    await assert.rejects(anonymous.get('anything'), /NOAUTH/)
    anonymous.disconnect()
  })

  test('its password files are accepted by the server, and refused once others may read them', () => {
    const url = `redis://${server.host}:${server.port}`
    const settings = JSON.stringify({
      listen: { port: 0 },
      store: { url, user: server.store.user, passwordFile: server.store.passwordFile },
      worker: { releaseDirectory: 'releases' },
      tokens: [],
      clusters: [
        {
          name: 'local',
          ssh: { host: 'login', knownHostsFile: 'known_hosts' },
          identities: [{ name: 'default', unixUser: 'ada', privateKeyFile: 'not-made-yet' }],
          workDir: '/scratch',
          node: '/usr/bin/node',
          reports: { kind: 'queue', url, user: server.report.user, passwordFile: server.report.passwordFile },
        },
      ],
    })
    const parse = () => parseSettings(settings, join(home, 'trotline.yaml'))
    parse()
    for (const [file, mode] of [
      [server.store.passwordFile, 0o640],
      [server.report.passwordFile, 0o604],
    ] as const) {
      chmodSync(file, mode)
      assert.throws(parse, error => {
        assert.equal((error as { code?: string }).code, 'CONFIG_INVALID')
        const [, ...lines] = (error as Error).message.split('\n')
        assert.deepEqual(lines, [`  ${file} has mode 0${mode.toString(8)}, wanted 0600: chmod 600 ${file}`])
        return true
      })
      chmodSync(file, 0o600)
    }
  })

  test('what was acknowledged is there after a kill -9', async () => {
    await store.set('trotline:acknowledged', 'yes')
    await stopRedis({ home, signal: 'SIGKILL' })
    assert.deepEqual(await startRedis({ home }), server)
    assert.equal(await store.get('trotline:acknowledged'), 'yes')
  })

  test('it writes every change to disk before the answer and throws nothing away', async () => {
    const settings = ['appendonly', 'appendfsync', 'maxmemory-policy']
    const found = await Promise.all(settings.map(async name => await store.config('GET', name)))
    assert.deepEqual(
      found.map(answer => (Array.isArray(answer) ? answer[1] : Object.values(answer as object)[0])),
      ['yes', 'always', 'noeviction'],
    )
  })
})
