// Where a channel may lead this server: each address of loopback stands for a place of its own.
import assert from 'node:assert/strict'
import { createServer, Agent as HttpAgent, type Server } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import { httpGet } from '../../apps/orchestrator/src/solving/channels/http-get.ts'
import type { Sphere } from '../../apps/orchestrator/src/solving/channels/spheres.ts'

const PLACES: Record<string, Sphere> = { '127.0.0.2': 'public', '127.0.0.3': 'private', '127.0.0.1': 'this-machine' }
const sphereOf = (address: string): Sphere => PLACES[address] ?? 'this-machine'

const HANG_MS = 60_000

let server: Server
let port: number
let to: string
let asked: string[]
const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent() }

before(async () => {
  server = createServer((request, response) => {
    asked.push(request.headers.host ?? '')
    if (request.url === '/on') response.writeHead(302, { location: to })
    response.end('here')
  })
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve))
  port = (server.address() as AddressInfo).port
})
after(() => {
  agents.http.destroy()
  server.close()
})
beforeEach(() => {
  asked = []
})

const get = (host: string, path: string, within: Sphere = 'this-machine') =>
  httpGet(`http://${host}:${port}${path}`, {
    ...{
      who: 'The channel x',
      headers: {},
      credentials: null,
      signal: AbortSignal.timeout(HANG_MS),
      silenceMs: HANG_MS,
    },
    ...{ agents, within, sphereOf },
  }).then(answer => {
    answer.resume()
    return answer.statusCode
  })
const leads = (host: string, target: string): Promise<number | undefined> => {
  to = `http://${target}:${port}/there`
  return get(host, '/on')
}

test('a channel of everybody leads to nothing nearer, by address or by name, on a new connection or on one that was kept', async () => {
  for (const target of ['127.0.0.1', '127.0.0.3', 'localhost', '[::ffff:7f00:1]', '0x7f.1'])
    for (const _ of ['new', 'kept']) {
      await assert.rejects(
        leads('127.0.0.2', target),
        { code: 'CHANNEL_GARBAGE', message: /lies nearer to this server/ },
        target,
      )
      assert.deepEqual(asked.splice(0), [`127.0.0.2:${port}`])
      if (!target.startsWith('[')) assert.equal(await get(target, '/there'), 200)
      asked = []
    }
})

test('a channel leads to what is as near as itself, and further away', async () => {
  assert.equal(await leads('127.0.0.1', '127.0.0.1'), 200)
  assert.equal(await leads('127.0.0.1', '127.0.0.2'), 200)
  assert.equal(await leads('127.0.0.3', '127.0.0.2'), 200)
  await assert.rejects(leads('127.0.0.3', '127.0.0.1'), { code: 'CHANNEL_GARBAGE' })
})

test('one that a user named by its address is not asked where it lies on this machine', async () => {
  await assert.rejects(get('127.0.0.1', '/there', 'private'), { code: 'CHANNEL_GARBAGE' })
  await assert.rejects(get('localhost', '/there', 'private'), { code: 'CHANNEL_GARBAGE' })
  assert.deepEqual(asked, [])
  assert.equal(await get('127.0.0.3', '/there', 'private'), 200)
})
