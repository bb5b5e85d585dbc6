// The command line through a proxy, and with certificates of one's own: what the proxy sees, and what is said when it refuses.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { type ContractServer, REQUEST, startContractServer, TOKEN } from './cli-contract-server.ts'
import { run, start } from './cli-run.ts'

let server: ContractServer
let proxy: Server
/** The server behind TLS, as a reverse proxy sets it up. */
let secure: Server
let certificate: string
const folder = mkdtempSync(join(tmpdir(), 'trotline-proxy-'))
const seen: { line: string; headers: IncomingMessage['headers'] }[] = []
const sockets = new Set<Socket>()
const answers = { tunnel: 200 }
const portOf = (one: Server): number => (one.address() as AddressInfo).port

before(async () => {
  server = await startContractServer()
  certificate = join(folder, 'cert.pem')
  const key = join(folder, 'key.pem')
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', [...made, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
  secure = createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (asked, answer) =>
    forward(asked, answer, new URL(asked.url ?? '/', server.url)),
  )
  proxy = createServer((asked, answer) => {
    seen.push({ line: `${asked.method} ${asked.url}`, headers: asked.headers })
    forward(asked, answer, new URL(asked.url ?? ''))
  })
  proxy.on('connect', (asked: IncomingMessage, client: Socket) => {
    seen.push({ line: `CONNECT ${asked.url}`, headers: asked.headers })
    if (answers.tunnel !== 200) return client.end(`HTTP/1.1 ${answers.tunnel} No\r\ncontent-length: 0\r\n\r\n`)
    const upstream = connect(Number(asked.url?.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Established\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
  })
  for (const one of [proxy, secure]) await new Promise<void>(resolve => one.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  for (const socket of sockets) socket.destroy()
  for (const one of [proxy, secure]) {
    one.closeAllConnections()
    one.close()
  }
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  seen.length = 0
  answers.tunnel = 200
})

function forward(asked: IncomingMessage, answer: import('node:http').ServerResponse, to: URL): void {
  const upstream = request(to, { method: asked.method ?? 'GET', headers: asked.headers, agent: false }, response => {
    answer.writeHead(response.statusCode ?? 502, response.headers)
    response.pipe(answer)
  })
  upstream.on('error', () => answer.destroy())
  answer.on('close', () => upstream.destroy())
  asked.pipe(upstream)
}

const through = (more: Record<string, string> = {}) => ({
  env: {
    HTTP_PROXY: `http://me:s%40fe@127.0.0.1:${portOf(proxy)}`,
    HTTPS_PROXY: `127.0.0.1:${portOf(proxy)}`,
    ...more,
  },
})

test('a server with http is asked by its whole address, with the password of the proxy, bodies and streams included', async () => {
  const submitted = await run(server, ['submit', '-'], { ...through(), input: JSON.stringify(REQUEST) })
  assert.equal(submitted.code, 0, submitted.stderr)
  assert.deepEqual(
    seen.map(({ line }) => line),
    [`POST ${server.url}/v1/jobs`],
  )
  assert.equal(seen[0]?.headers['proxy-authorization'], `Basic ${Buffer.from('me:s@fe').toString('base64')}`)
  const id = submitted.stdout.trim()
  const waiting = start(server, ['wait', id], through())
  await eventually('its events are followed', () => server.requests.some(({ url }) => url === `/v1/jobs/${id}/events`))
  server.tell(
    id,
    { type: 'state', at: new Date().toISOString(), from: 'accepted', to: 'cancelled', detail: '', evidence: [] },
    { state: 'cancelled' },
  )
  assert.equal((await waiting.ended).code, 11)
  assert.ok(seen.some(({ line }) => line === `GET ${server.url}/v1/jobs/${id}/events`))
})

test('NO_PROXY keeps a server out of it', async () => {
  assert.equal((await run(server, ['list'], through({ NO_PROXY: '127.0.0.0/8' }))).code, 0)
  assert.deepEqual(seen, [])
})

test('a server with https is reached by a tunnel, and the proxy sees neither path nor token', async () => {
  const url = `https://localhost:${portOf(secure)}`
  const trusted = through({ TROTLINE_URL: url, SSL_CERT_FILE: certificate })
  const { code, stderr, stdout } = await run(server, ['whoami', '-q'], trusted)
  assert.deepEqual([code, stdout], [0, 'tester\n'], stderr)
  assert.deepEqual(
    seen.map(({ line }) => line),
    [`CONNECT localhost:${portOf(secure)}`],
  )
  assert.ok(!JSON.stringify(seen).includes(TOKEN))
})

test('SSL_CERT_FILE is enough without a proxy, and without it the certificate is refused in words', async () => {
  const url = `https://localhost:${portOf(secure)}`
  const known = await run(server, ['whoami', '-q'], { env: { TROTLINE_URL: url, SSL_CERT_FILE: certificate } })
  assert.equal(known.stdout, 'tester\n', known.stderr)
  for (const env of [{ TROTLINE_URL: url }, through({ TROTLINE_URL: url }).env]) {
    const { code, stderr } = await run(server, ['whoami'], { env })
    assert.equal(code, 6)
    assert.match(stderr, /Could not ask localhost:\d+ \(its certificate/)
  }
})

test('a proxy that refuses or is not there is named in the error', async () => {
  answers.tunnel = 403
  const url = 'https://trotline.example.test'
  const refused = await run(server, ['list'], through({ TROTLINE_URL: url }))
  assert.equal(refused.code, 6)
  assert.match(
    refused.stderr,
    /Could not ask trotline\.example\.test \(the proxy does not let it through, via proxy 127\.0\.0\.1:\d+\)/,
  )
  const gone = await run(server, ['list'], { env: { TROTLINE_URL: url, HTTPS_PROXY: 'http://127.0.0.1:9' } })
  assert.equal(gone.code, 6)
  assert.match(gone.stderr, /connection refused, via proxy 127\.0\.0\.1:9/)
})
