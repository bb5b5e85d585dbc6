// A receiver with TLS whose name was looked up before: the certificate has to be that of the name in the address, although the connection
// goes to an address that was chosen. A CA of one's own is named to Node.js when it starts, as an operator does: by NODE_EXTRA_CA_CERTS.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import type { Answer } from '../../apps/orchestrator/src/webhooks/post.ts'

const POST = join(import.meta.dirname, '../../apps/orchestrator/src/webhooks/post.ts')

let folder: string
let receiver: Server
let port = 0
const received: { name: string | false | null; host: string | undefined; body: string }[] = []
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trotline-webhook-tls-'))
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl('req', '-x509', ...key, '-days', '2', '-subj', '/CN=Lab', '-keyout', 'ca.key', '-out', 'ca.pem')
  openssl('req', ...key, '-subj', '/CN=relay', '-keyout', 'relay.key', '-out', 'relay.csr')
  writeFileSync(join(folder, 'names'), 'subjectAltName=DNS:relay.example.test')
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names']
  openssl('x509', '-req', '-in', 'relay.csr', ...signing, '-out', 'relay.pem')
  const file = (name: string) => readFileSync(join(folder, name))
  receiver = createServer({ cert: file('relay.pem'), key: file('relay.key') }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      received.push({ name: (request.socket as TLSSocket).servername, host: request.headers.host, body })
      response.writeHead(204).end()
    })
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  port = (receiver.address() as AddressInfo).port
})
after(async () => {
  receiver.closeAllConnections()
  receiver.close()
  await once(receiver, 'close')
  rmSync(folder, { recursive: true })
})

/** What really sends, in a process of its own: all hosts lead to this machine. */
async function told(hosts: readonly string[], environment: NodeJS.ProcessEnv): Promise<Answer[]> {
  const script = `
    const { post } = await import(process.argv[1])
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }]
    const answers = []
    for (const host of JSON.parse(process.argv[2])) {
      const rules = { hosts: null, privateHosts: [host.replace('.:', ':')] }
      answers.push(await post({ url: 'https://' + host + '/hook', headers: {}, body: host, timeLimitMs: 20_000, rules, resolve }))
    }
    console.log(JSON.stringify(answers))`
  const options = ['--import', 'tsx', '--conditions=@trotline/source', '--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, [...options, '--', POST, JSON.stringify(hosts)], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: '', ...environment },
  })
  return JSON.parse(stdout)
}

test('is told where its certificate is of the name that was asked for, and says so where it is not', async () => {
  const hosts = ['relay.example.test', 'relay.example.test.', 'other.example.test'].map(name => `${name}:${port}`)
  const [fine, rooted, foreign] = await told(hosts, { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') })
  assert.deepEqual([fine?.status, rooted?.status], [204, 204])
  assert.deepEqual(foreign, { status: null, why: `other.example.test:${port} has the certificate of another host.` })
  // RFC 6066, 3: the name in the greeting has no dot at its end.
  assert.deepEqual(
    received.splice(0),
    hosts.slice(0, 2).map(host => ({ name: 'relay.example.test', host, body: host })),
  )
})

test('is told nothing where nobody vouches for its certificate', async () => {
  const [unknown] = await told([`relay.example.test:${port}`], {})
  assert.deepEqual(unknown, {
    status: null,
    why: `relay.example.test:${port} has a certificate that nobody vouches for.`,
  })
  assert.deepEqual(received, [])
})
