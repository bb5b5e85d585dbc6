// What a training left, over HTTP: only by the names that its result has, whole or by range, and never in part for the whole.
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ArtifactPage, type Problem } from '@trotline/contracts'
import type { App } from '../../apps/orchestrator/src/app.ts'
import { AT, sha256, trainingReport } from '../support/job-records.ts'
import { answerAsOwner } from '../support/local-owner.ts'
import { createRedisRig, type RedisRig, type Store, TOKENS } from '../support/orchestrator-store.ts'

describe('artifacts', () => {
  let rig: RedisRig
  let store: Store
  let app: App
  let owner: Awaited<ReturnType<typeof answerAsOwner>>
  const workDir = mkdtempSync(join(tmpdir(), 'trotline-artifacts-'))
  before(async () => {
    rig = await createRedisRig()
    store = await rig.open()
    app = await rig.serve(store, {}, { cluster: { workDir } })
    owner = await answerAsOwner(store)
  })
  after(async () => {
    await owner.close()
    await rig.close()
    rmSync(workDir, { recursive: true, force: true })
  })

  const weights = Buffer.from(Array.from({ length: 700_001 }, (_, i) => (i * 31 + (i >> 8)) & 255))
  const model = Buffer.from('{"format":"layers-model"}')

  /** A completed job of two runs; the second one made the result. */
  async function completed(): Promise<{ id: string; folder: string }> {
    const run = { slurmJobId: '17', node: 'c01', resumed: null, startedAt: AT, endedAt: AT }
    const { id } = await store.add({
      state: 'completed',
      endedAt: AT,
      runs: [
        { ...run, run: '1-0', attempt: 1, ending: 'superseded' },
        { ...run, run: '1-1', attempt: 2, ending: 'completed' },
      ],
      result: trainingReport({
        artifacts: [
          { path: 'model.json', bytes: model.length, sha256: sha256(model.toString()) },
          { path: 'weights.bin', bytes: weights.length, sha256: sha256('weights') },
          { path: 'lost.bin', bytes: 5, sha256: sha256('lost') },
        ],
      }),
    })
    const folder = join(workDir, 'jobs/ada', id, 'runs/1-1/artifacts')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'model.json'), model)
    writeFileSync(join(folder, 'weights.bin'), weights)
    writeFileSync(join(folder, 'secret.txt'), 'not in the result')
    return { id, folder }
  }
  const ask = (
    url: string,
    headers: Record<string, string> = {},
    method: 'GET' | 'HEAD' = 'GET',
    who: keyof typeof TOKENS = 'ada',
  ) => app.http.inject({ method, url, headers: { authorization: `Bearer ${TOKENS[who]}`, ...headers } })

  test('are listed with their sizes, hashes and types', async () => {
    const { id } = await completed()
    const answer = await ask(`/v1/jobs/${id}/artifacts`)
    const { items } = ArtifactPage.parse(answer.json())
    assert.deepEqual(
      items.map(({ path, bytes, type }) => [path, bytes, type]),
      [
        ['model.json', model.length, 'application/json'],
        ['weights.bin', weights.length, 'application/octet-stream'],
        ['lost.bin', 5, 'application/octet-stream'],
      ],
    )
    const { id: none } = await store.add()
    assert.deepEqual((await ask(`/v1/jobs/${none}/artifacts`)).json(), { items: [] })
  })

  test('come whole, byte for byte, with their hash as ETag and a name to save them under', async () => {
    const { id } = await completed()
    const answer = await ask(`/v1/jobs/${id}/artifacts/weights.bin`)
    assert.equal(answer.statusCode, 200)
    assert.ok(answer.rawPayload.equals(weights))
    const {
      etag,
      'content-length': length,
      'content-disposition': name,
      'x-content-type-options': sniff,
    } = answer.headers
    assert.deepEqual(
      [etag, length, name, sniff],
      [`"${sha256('weights')}"`, String(weights.length), 'attachment; filename="weights.bin"', 'nosniff'],
    )
    const head = await ask(`/v1/jobs/${id}/artifacts/weights.bin`, {}, 'HEAD')
    assert.deepEqual([head.statusCode, head.headers['content-length'], head.body], [200, String(weights.length), ''])
  })

  test('come by range, and all ranges together are the whole', async () => {
    const { id } = await completed()
    const url = `/v1/jobs/${id}/artifacts/weights.bin`
    const parts: Buffer[] = []
    for (let first = 0; first < weights.length; first += 299_999) {
      const answer = await ask(url, { range: `bytes=${first}-${first + 299_998}` })
      const last = Math.min(first + 299_998, weights.length - 1)
      assert.deepEqual(
        [answer.statusCode, answer.headers['content-range']],
        [206, `bytes ${first}-${last}/${weights.length}`],
      )
      parts.push(answer.rawPayload)
    }
    assert.ok(Buffer.concat(parts).equals(weights))
    assert.ok((await ask(url, { range: 'bytes=-10' })).rawPayload.equals(weights.subarray(-10)))
    assert.ok((await ask(url, { range: 'bytes=700000-' })).rawPayload.equals(weights.subarray(700_000)))
    const behind = await ask(url, { range: `bytes=${weights.length}-` })
    assert.deepEqual([behind.statusCode, behind.headers['content-range']], [416, `bytes */${weights.length}`])
    for (const range of ['bytes=5-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-'])
      assert.equal((await ask(url, { range })).statusCode, 200, range)
    assert.equal((await ask(url, { range: 'bytes=0-9', 'if-range': '"other"' })).statusCode, 200)
    assert.equal((await ask(url, { range: 'bytes=0-9', 'if-range': `"${sha256('weights')}"` })).statusCode, 206)
  })

  test('that a reader has are not sent again', async () => {
    const { id } = await completed()
    const headers = { 'if-none-match': `"x", W/"${sha256('weights')}"` }
    const answer = await ask(`/v1/jobs/${id}/artifacts/weights.bin`, headers)
    assert.deepEqual([answer.statusCode, answer.body], [304, ''])
  })

  test('are found by the names in the result and no other', async () => {
    const { id } = await completed()
    const code = async (path: string, who: keyof typeof TOKENS = 'ada'): Promise<[number, string]> => {
      const answer = await ask(`/v1/jobs/${id}/artifacts/${path}`, {}, 'GET', who)
      return [answer.statusCode, (answer.json() as Problem).code]
    }
    for (const path of [
      'secret.txt',
      '..%2Fmodel.json',
      '%2e%2e%2f%2e%2e%2fspec.json',
      'MODEL.JSON',
      'lost.bin',
      'a%00b',
    ])
      assert.deepEqual(await code(path), [404, 'artifact-not-found'], path)
    assert.deepEqual(await code('model.json', 'bob'), [404, 'job-not-found'])
  })

  test('one that is not what the result says is not sent', async () => {
    const { id, folder } = await completed()
    appendFileSync(join(folder, 'model.json'), ' ')
    const answer = await ask(`/v1/jobs/${id}/artifacts/model.json`)
    const { code, detail } = answer.json() as Problem
    assert.deepEqual([answer.statusCode, code], [404, 'artifact-not-found'])
    assert.match(detail, /26 bytes now and had 25/)
  })
})
