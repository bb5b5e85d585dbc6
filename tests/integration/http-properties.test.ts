// Requests made from the API's own description, and readers that vanish. A short run of what `npm run requests` does at length: fixed seed,
// so that it is as red or as green the next time.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { OpenApi } from '../requests/document.ts'
import { documentFaults } from '../requests/document-faults.ts'
import { runRequests } from '../requests/run.ts'
import { type ServerProcess, startServer } from '../requests/server.ts'
import { vanish } from '../requests/vanish.ts'
import { tableOf, wrongOf } from '../requests/verdict.ts'

const SEED = 7
const COUNT = 3_000
const READERS = 200

let server: ServerProcess
before(async () => {
  server = await startServer()
})
after(() => server?.close())

test('the document is sound: references, names, schemas, errors and examples', async () => {
  const answer = await fetch(`http://127.0.0.1:${server.port}/openapi.json`, { headers: { connection: 'close' } })
  assert.deepEqual(documentFaults((await answer.json()) as OpenApi), [])
})

test(`${COUNT} requests made from the document are answered as it says, and leave nothing behind`, async t => {
  const report = await runRequests(server, { count: COUNT, seed: SEED }, () => undefined)
  const wrong = wrongOf(report)
  if (wrong.length > 0) for (const line of tableOf(report).split('\n')) t.diagnostic(line)
  assert.deepEqual(wrong, [], `again: npm run requests -- --count ${COUNT} --seed ${SEED}`)
  assert.ok(report.sent >= COUNT)
  assert.deepEqual(report.notReached, [])
})

test(`${READERS} readers of event streams that vanish are cleaned up`, async t => {
  assert.deepEqual(await vanish(server, { readers: READERS, seed: SEED }, line => t.diagnostic(line)), [])
})
