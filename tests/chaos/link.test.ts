// The link cuts where it is told to, holds back what it is told to, and knows who talked.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../support/eventually.ts'
import { openLink } from './link.ts'

/** A server that keeps what it hears and says it back. */
async function echo(t: TestContext) {
  const heard: Buffer[] = []
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.on('data', bytes => {
      heard.push(bytes)
      socket.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const link = await openLink({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const open: Socket[] = []
  t.after(async () => {
    for (const socket of open) socket.destroy()
    await link.close()
    server.close()
  })
  return {
    link,
    heard: () => Buffer.concat(heard).length,
    async caller() {
      const socket = connect(link.port, '127.0.0.1')
      open.push(socket)
      let got = 0
      socket.on('error', () => undefined)
      socket.on('data', bytes => {
        got += bytes.length
      })
      await once(socket, 'connect')
      return { socket, got: () => got }
    },
  }
}

/** events.once would fail of the reset that comes before. */
const closed = (socket: Socket): Promise<void> => new Promise(done => socket.once('close', () => done()))

test('a connection is cut behind exactly so many bytes, and those arrive', async t => {
  const { link, heard, caller } = await echo(t)
  link.planCuts(() => ({ direction: 'up', afterBytes: 1_000 }))
  const { socket } = await caller()
  socket.write(Buffer.alloc(600))
  socket.write(Buffer.alloc(600))
  await closed(socket)
  await eventually('the bytes in front of the cut have arrived', () => heard() === 1_000)
})

test('a cut that is armed for all ends every connection, and tells so', async t => {
  const { link, caller } = await echo(t)
  const [one, other] = [await caller(), await caller()]
  await eventually('both are through', () => link.live === 2)
  const rule = link.cutAfter({ direction: 'down', afterBytes: 10 })
  one.socket.write(Buffer.alloc(100))
  await Promise.all([closed(one.socket), closed(other.socket)])
  assert.equal(await rule.cut, true)
  assert.equal(link.live, 0)
})

test('a cut that is disarmed in time says so, and nothing is cut', async t => {
  const { link, caller } = await echo(t)
  const { socket, got } = await caller()
  const rule = link.cutAfter({ direction: 'up', afterBytes: 10 })
  rule.disarm()
  socket.write(Buffer.alloc(100))
  await eventually('all came back', () => got() === 100)
  assert.equal(await rule.cut, false)
})

test('a hung link keeps the connection and carries nothing until it is let go', async t => {
  const { link, heard, caller } = await echo(t)
  const { socket, got } = await caller()
  link.carry('hang')
  socket.write(Buffer.alloc(50))
  await sleep(300)
  assert.equal(heard(), 0)
  link.carry('freely')
  await eventually('all came back', () => got() === 50)
})

test('a slow link takes its time', async t => {
  const { link, caller } = await echo(t)
  link.carry(1_000)
  const { socket, got } = await caller()
  const startedMs = performance.now()
  socket.write(Buffer.alloc(400))
  await eventually('all came back', () => got() === 400)
  assert.ok(performance.now() - startedMs > 700, 'there and back at 1,000 bytes a second')
})

test('what a server says without a long pause is one talk', async t => {
  const { link, caller } = await echo(t)
  const { socket, got } = await caller()
  socket.write('a')
  await sleep(100)
  socket.write('b')
  await eventually('all came back', () => got() === 2)
  assert.equal(link.talks.length, 1)
})
