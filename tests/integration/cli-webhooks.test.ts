// trotline webhooks against a server that speaks the contract: what is said once, what is said to whom, and how a test ends.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { WebhookCreated, WebhookDelivery, WebhookPage, WebhookRequest } from '../../packages/contracts/src/index.ts'
import { type ContractServer, REQUEST, startContractServer } from './cli-contract-server.ts'
import { addWebhooks, SECRET } from './cli-contract-webhooks.ts'
import { hasTerminal, run } from './cli-run.ts'

let server: ContractServer
let hooks: ReturnType<typeof addWebhooks>
const folder = mkdtempSync(join(tmpdir(), 'trotline-webhooks-'))
before(async () => {
  server = await startContractServer()
  hooks = addWebhooks(server)
})
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

const URL_OF_IT = 'https://hooks.example.org/t'
const asked = () => WebhookRequest.parse(JSON.parse(server.requests.findLast(one => one.method === 'POST')?.body ?? ''))
const create = (...more: string[]) => run(server, ['webhooks', 'create', URL_OF_IT, ...more])

test('create shows the secret once, on stdout, and says on stderr that it will not be shown again', async () => {
  const { code, stdout, stderr } = await create('--name', 'lab', '--event', 'failed,held', '--event', 'cancelled')
  assert.equal(code, 0, stderr)
  assert.match(
    stdout,
    new RegExp(`^FIELD\tVALUE\nid\twh0{11}1\nurl\t${URL_OF_IT}\nsecret\t${SECRET.replace('+', '\\+')}\n$`),
  )
  assert.match(stderr, /will not be shown again/)
  assert.ok(!stderr.includes(SECRET))
  const { name, events } = asked()
  assert.deepEqual([name, events], ['lab', ['failed', 'held', 'cancelled']])
  for (const argv of [
    ['webhooks', 'list'],
    ['webhooks', 'show', 'lab'],
    ['webhooks', 'show', 'lab', '--json'],
  ])
    assert.ok(!(await run(server, argv)).stdout.includes('whsec_'), argv.join(' '))
})

test('with --json the answer is the REST object with its secret, and the sentence stands on stderr', async () => {
  const { stdout, stderr } = await create('--json', '--label', 'project=reef')
  assert.equal(WebhookCreated.parse(JSON.parse(stdout)).secret, SECRET)
  assert.match(stderr, /will not be shown again/)
  assert.deepEqual(asked().labels, { project: 'reef' })
})

test('a secret of one’s own comes from a file or stdin, is not shown, and -q needs one', async () => {
  const own = `whsec_${Buffer.alloc(24, 3).toString('base64')}`
  const file = join(folder, 'secret')
  writeFileSync(file, `${own}\n`)
  const { id } = server.accept({ ...REQUEST, name: 'told-of' })
  const quiet = await create('-q', '--secret-file', file, '--job', 'told-of', '--format', 'text')
  assert.match(quiet.stdout, /^wh[0-9]{12}\n$/)
  assert.equal(`${quiet.stdout}${quiet.stderr}`.includes(own), false)
  assert.deepEqual([asked().secret, asked().job, asked().format], [own, id, 'text'])
  assert.equal((await create('-q')).code, 2)
  writeFileSync(file, 'not one\n')
  const wrong = await create('--secret-file', file)
  assert.equal(wrong.code, 2)
  assert.ok(!wrong.stderr.includes('not one'))
})

test('an answer that was lost is asked for again under the same key, and there is one webhook with its secret', async () => {
  const many = hooks.webhooks.length
  server.faults.push({ match: 'POST /v1/webhooks', times: 2, cut: 'after' })
  const { code, stdout, stderr } = await create()
  assert.equal(code, 0, stderr)
  assert.ok(stdout.includes(SECRET))
  assert.equal(hooks.webhooks.length, many + 1)
})

test('an event that is none is exit 2 and says which there are; a webhook that is none is exit 3', async () => {
  const wrong = await create('--event', 'exploded')
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /failed, held, completed-long, completed, cancelled, started/)
  for (const word of ['nothing', 'wh999999999999'])
    assert.equal((await run(server, ['webhooks', 'show', word])).code, 3, word)
})

test('test waits for the receiver: 0 where it took it, 10 where it did not, with what it answered', async () => {
  hooks.answer = 204
  hooks.waits = 2
  const well = await run(server, ['webhooks', 'test', 'lab'])
  assert.equal(well.code, 0, well.stderr)
  assert.match(well.stdout, /^msg_[0-9]{24}\tdelivered\t204 in 12 ms\n$/)
  hooks.answer = 500
  const ill = await run(server, ['webhooks', 'test', 'lab', '--json'])
  assert.equal(ill.code, 10)
  assert.equal(WebhookDelivery.parse(JSON.parse(ill.stdout)).lastTries[0]?.why, 'The receiver answered 500.')
  hooks.waits = 1_000
  assert.equal((await run(server, ['webhooks', 'test', 'lab', '--timeout', '1s'])).code, 8)
  hooks.waits = 0
  const { stdout } = await run(server, ['webhooks', 'deliveries', 'lab', '--limit', '2'])
  assert.match(
    stdout,
    /^ID\tTYPE\tJOB\tSTATUS\tTRIES\tCREATED\tNEXT\tLAST\nmsg_[0-9]{24}\twebhook\.test\t\tfailed\t1\t/,
  )
})

test('several are removed on one line; the first that could not be decides the exit code', async () => {
  const { stdout } = await run(server, ['webhooks', 'list', '-q'])
  const ids = stdout.trim().split('\n')
  const { code, stdout: removed, stderr } = await run(server, ['webhooks', 'remove', 'no-such', ...ids])
  assert.equal(code, 3)
  assert.deepEqual(removed.trim().split('\n'), ids)
  assert.match(stderr, /Not removed: no-such/)
  const left = await run(server, ['webhooks', 'list', '--json'])
  assert.deepEqual(WebhookPage.parse(JSON.parse(left.stdout)).items, [])
})

test('on a terminal the secret stands in the answer, once', { skip: !hasTerminal }, async () => {
  const { stdout } = await run(server, ['webhooks', 'create', URL_OF_IT], { columns: 100 })
  assert.equal(stdout.split(SECRET).length, 2)
  assert.match(stdout, /will not be shown again/)
})
