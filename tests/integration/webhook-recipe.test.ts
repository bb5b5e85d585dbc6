// The receivers that the guide shows are run as they stand there, and told by what really sends.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { newSecret } from '../../apps/orchestrator/src/webhooks/ids.ts'
import { post } from '../../apps/orchestrator/src/webhooks/post.ts'
import { signedHeaders } from '../../apps/orchestrator/src/webhooks/signature.ts'
import { pickPort } from '../../deploy/local/ports.ts'
import { eventually } from '../support/eventually.ts'

const PAGE = join(import.meta.dirname, '../../docs/guide/60-webhooks.md')
const secret = newSecret()
const body = JSON.stringify({ type: 'job.failed', timestamp: 'x', data: { text: 'crab ü failed' } })
let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'trotline-recipe-'))
})
after(() => rmSync(folder, { recursive: true }))

function written(name: string): string {
  const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/^```\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
  const block = blocks.find(one => one.split('\n')[0]?.includes(name)) ?? assert.fail(`the guide has no ${name}`)
  const file = join(folder, name)
  writeFileSync(file, block)
  return file
}

/** As a network does that breaks: the body does not come to its end. */
async function leaveInTheMiddle(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf', () => socket.resetAndDestroy())
  await once(socket, 'close')
}

describe('the receivers of the guide', () => {
  test('the one in Node.js takes what is signed, says it once, and refuses all else', async () => {
    const port = await pickPort()
    const child = spawn(process.execPath, [written('receive.mjs'), String(port)], {
      env: { ...process.env, WEBHOOK_SECRET: secret },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.on('data', chunk => {
      said += chunk
    })
    const exited = new Promise(resolve => child.once('exit', resolve))
    try {
      const rules = { hosts: null, privateHosts: [`127.0.0.1:${port}`] }
      const tell = (headers: object, text = body) =>
        post({ url: `http://127.0.0.1:${port}/`, headers: { ...headers }, body: text, timeLimitMs: 10_000, rules })
      const good = signedHeaders(secret, 'msg_1', Date.now(), body)
      await eventually('it takes a message', async () => (await tell(good)).status === 204)
      const others: [headers: object, text?: string][] = [
        [good, `${body} `],
        [{ ...good, 'webhook-id': 'msg_2' }],
        [signedHeaders(newSecret(), 'msg_3', Date.now(), body)],
        [signedHeaders(secret, 'msg_4', Date.now() - 600_000, body)],
        [{ ...good, 'webhook-signature': 'v1,' }],
        [{}],
      ]
      for (const [headers, text] of others)
        assert.equal((await tell(headers, text)).status, 401, JSON.stringify(headers))
      await leaveInTheMiddle(port)
      const several = { ...good, 'webhook-signature': `v1,other ${good['webhook-signature']}` }
      assert.equal((await tell(several)).status, 204)
      await eventually('it said it', () => said !== '')
      assert.equal(said, 'crab ü failed\n')
    } finally {
      child.kill()
      await exited
    }
  })

  test('the one in Python says yes to what is signed, and no to all else', () => {
    written('verify.py')
    const atMs = 1_700_000_000_000
    const headers = signedHeaders(secret, 'msg_1', atMs, body)
    const script = `
import json, sys
from verify import is_ours
secret, headers, body, now = json.loads(sys.argv[1])
body = body.encode()
ask = lambda headers=headers, body=body, now=now: is_ours(secret, headers, body, lambda: now)
print(ask(), ask(body=body + b" "), ask({**headers, "webhook-id": "msg_2"}), ask(now=now + 600))
print(ask({}), ask({**headers, "webhook-timestamp": "soon"}), ask({**headers, "webhook-signature": "v1,\u00e9"}))
`
    const told = JSON.stringify([secret, headers, body, atMs / 1000])
    const run = spawnSync('python3', ['-c', script, told], { cwd: folder, encoding: 'utf8', timeout: 60_000 })
    assert.equal(run.stdout, 'True False False False\nFalse False False\n', run.stderr)
  })
})
