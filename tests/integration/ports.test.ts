// How ports are picked while others of this user pick theirs.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readJson } from '../../deploy/local/folders.ts'
import { choosePorts, isListenedOn, keepPort, pickPort } from '../../deploy/local/ports.ts'
import { type ProcessRecord, readProcess } from '../../deploy/local/proc.ts'
import { startRedis } from '../../deploy/local/redis.ts'
import { SOURCES } from '../setup/test-files.mjs'

/** Another process that has picked a port, and lives on. */
async function otherWithPort(t: TestContext): Promise<{ port: number; process: ChildProcess }> {
  const { href } = new URL('../../deploy/local/ports.ts', import.meta.url)
  const code = `import { pickPort } from ${JSON.stringify(href)}
process.send(await pickPort())
process.on('message', () => process.exit())`
  const other = spawn(process.execPath, [...SOURCES, '--input-type=module', '--eval', code], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  t.after(() => other.kill('SIGKILL'))
  const [port] = (await once(other, 'message')) as [number]
  return { port, process: other }
}

test('a port that another process has picked and does not listen on is not kept until that process has ended', async t => {
  const other = await otherWithPort(t)
  assert.equal(await keepPort(other.port), false)
  const { redis } = await choosePorts(['redis'], { redis: other.port })
  assert.notEqual(redis, other.port)
  other.process.send('end')
  await once(other.process, 'exit')
  assert.deepEqual(await choosePorts(['redis'], { redis: other.port }), { redis: other.port })
})

test('a process that was killed holds its ports no longer', async t => {
  const other = await otherWithPort(t)
  other.process.kill('SIGKILL')
  await once(other.process, 'exit')
  assert.equal(await keepPort(other.port), true)
})

test('whoever picked a port keeps it over a restart, and is not given it as another one', async () => {
  const port = await pickPort()
  assert.deepEqual(await choosePorts(['redis'], { redis: port }), { redis: port })
  assert.equal(await keepPort(port), true)
})

test('a process that was killed counts as ended when nothing listens on its port any more', async t => {
  const home = mkdtempSync(join(tmpdir(), 'trotline-test-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  for (let round = 0; round < 20; round++) {
    const { port } = await startRedis({ home })
    const { pid } = readJson<ProcessRecord>(join(home, 'redis.process.json')) ?? assert.fail('no Redis')
    process.kill(pid, 'SIGKILL')
    while (readProcess(pid) !== undefined) await new Promise(setImmediate)
    assert.ok(!isListenedOn(port))
  }
})

test('a port counts as listened on from the moment it is bound until it is closed, on whichever address', async () => {
  const port = await pickPort()
  for (const address of ['127.0.0.1', '0.0.0.0']) {
    assert.ok(!isListenedOn(port))
    const server = createServer().listen(port, address)
    await once(server, 'listening')
    assert.ok(isListenedOn(port))
    await new Promise(resolve => server.close(resolve))
  }
  assert.ok(!isListenedOn(port))
})
