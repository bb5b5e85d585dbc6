// The API's own description: every route says how it may fail, every POST may be repeated, and its examples are requests that work.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Problem } from '@trotline/contracts'
import { parse } from 'yaml'
import type { App } from '../../apps/orchestrator/src/app.ts'
import { PROBLEMS, type ProblemCode } from '../../apps/orchestrator/src/http/problems.ts'
import { requestBody } from '../support/job-records.ts'
import { createRedisRig, type RedisRig, TOKENS } from '../support/orchestrator-store.ts'

interface Content {
  schema?: { $ref?: string }
  examples?: Record<string, { value: unknown }>
}
interface Operation {
  parameters?: { in: string; name: string }[]
  requestBody?: { content: Record<string, Content> }
  responses: Record<string, { description: string; content?: Record<string, Content> }>
}

describe('the description of the API', () => {
  let rig: RedisRig
  let app: App
  const operations = new Map<string, Operation>()
  before(async () => {
    rig = await createRedisRig()
    app = await rig.serve(await rig.open())
    const { paths } = (await app.http.inject('/openapi.json')).json() as {
      paths: Record<string, Record<string, Operation>>
    }
    for (const [path, methods] of Object.entries(paths))
      for (const [method, operation] of Object.entries(methods)) operations.set(`${method} ${path}`, operation)
  })
  after(() => rig.close())

  const guarded = (): [string, Operation][] => [...operations].filter(([route]) => route.includes(' /v1/'))
  const problems = ({ responses }: Operation): [status: string, code: string, value: unknown][] =>
    Object.entries(responses).flatMap(([status, { content }]) =>
      Object.entries(content?.['application/problem+json']?.examples ?? {}).map(
        ([code, { value }]): [string, string, unknown] => [status, code, value],
      ),
    )

  test('every route lists its error answers by their codes, with the one schema and an example that fits it', () => {
    assert.ok(guarded().length > 25)
    for (const [route, operation] of guarded()) {
      const listed = problems(operation)
      const codes = listed.map(([, code]) => code)
      for (const code of ['unauthorized', 'store-unreachable', 'internal'])
        assert.ok(codes.includes(code), `${route} ${code}`)
      for (const [status, code, value] of listed) {
        assert.equal(Number(status), PROBLEMS[code as ProblemCode].status, `${route} ${code}`)
        assert.equal(Problem.parse(value).code, code)
        const { schema } = operation.responses[status]?.content?.['application/problem+json'] ?? {}
        assert.equal(schema?.$ref, '#/components/schemas/Problem')
      }
      if (route.includes('/v1/jobs/{id}')) assert.ok(codes.includes('job-not-found'), route)
    }
  })

  test('every code of the catalogue is an answer of some route; only an unknown address is of none', () => {
    const listed = new Set(guarded().flatMap(([, operation]) => problems(operation).map(([, code]) => code)))
    assert.deepEqual(
      Object.keys(PROBLEMS).filter(code => !listed.has(code)),
      ['not-found'],
    )
  })

  test('every POST takes an Idempotency-Key and says when it belongs to another request', () => {
    const posts = guarded().filter(([route]) => route.startsWith('post '))
    assert.ok(posts.length > 10)
    for (const [route, operation] of posts) {
      assert.ok(
        operation.parameters?.some(parameter => parameter.name === 'idempotency-key'),
        route,
      )
      assert.ok(
        problems(operation).some(([, code]) => code === 'idempotency-key-reused'),
        route,
      )
    }
  })

  test('the examples of jobs are those of deploy/examples, word for word', () => {
    const examples = operations.get('post /v1/jobs')?.requestBody?.content['application/json']?.examples ?? {}
    assert.ok(Object.keys(examples).length >= 4)
    for (const [name, { value }] of Object.entries(examples)) {
      const file = join(import.meta.dirname, `../../deploy/examples/${name}.yaml`)
      assert.deepEqual(value, parse(readFileSync(file, 'utf8')), name)
    }
  })

  test('no example is refused for its form', async () => {
    for (const [route, { requestBody: body }] of operations) {
      const [method = '', path = ''] = route.split(' ')
      for (const [name, { value }] of Object.entries(body?.content['application/json']?.examples ?? {})) {
        const url = path.replace('{id}', 'abcdefghjkmn').replace('{name}', 'local')
        const answer = await app.http.inject({
          method: method.toUpperCase() as 'POST',
          url: route === 'post /v1/jobs' ? `${url}?dryRun=true` : url,
          headers: { authorization: `Bearer ${TOKENS.staff}` },
          payload: value as object,
        })
        assert.notEqual(answer.statusCode, 400, `${route} ${name}: ${answer.body}`)
        assert.ok(answer.statusCode < 500, `${route} ${name}: ${answer.body}`)
      }
    }
  })

  test('a POST that stores nothing answers the same under the same key, and refuses another body', async () => {
    const ask = (payload: object, key: string, url = '/v1/compatibility/suggest') =>
      app.http.inject({
        method: 'POST',
        url,
        headers: { authorization: `Bearer ${TOKENS.ada}`, 'idempotency-key': key },
        payload,
      })
    const here = { cluster: 'local', partition: 'gpu' }
    const first = await ask(here, 'one')
    assert.deepEqual([first.statusCode, first.headers['idempotency-replayed']], [200, undefined])
    const again = await ask(here, 'one')
    assert.deepEqual([again.json(), again.headers['idempotency-replayed']], [first.json(), 'true'])
    const other = await ask({ ...here, partition: 'shared' }, 'one')
    assert.deepEqual([other.statusCode, (other.json() as Problem).code], [409, 'idempotency-key-reused'])
    // A key is the owner's, whatever route it was used on.
    const job = await ask(requestBody(), 'one', '/v1/jobs')
    assert.deepEqual([job.statusCode, (job.json() as Problem).code], [409, 'idempotency-key-reused'])
    await ask(requestBody(), 'two', '/v1/jobs')
    assert.equal((await ask(here, 'two')).statusCode, 409)
    const both = await Promise.all([ask(here, 'three'), ask(here, 'three')])
    assert.deepEqual(both[0]?.json(), both[1]?.json())
  })
})
