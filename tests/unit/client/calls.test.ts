// What does not compile is the promise here: `npm run check` compiles this file, and an expected error that is none is one itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, type Client, createClient, type Data, type Schema } from '@trotline/client'
import type { Job } from '@trotline/contracts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(): T | undefined => undefined

/** Compiled and never called. */
export async function compiles(client: Client): Promise<void> {
  const { data: job } = await client.get('/v1/jobs/{id}', { path: { id: 'abcdefghjkmn' } })
  holds<Same<typeof job, Schema<'Job'>>>()
  // The contract's own type takes what was answered.
  const same: Job = job
  void same
  const { data: page } = await client.get('/v1/jobs', { query: { label: ['team=vision'], limit: 50 } })
  holds<Same<typeof page, Data<'/v1/jobs'>>>()
  const made = await client.post('/v1/jobs', { body: {} as Schema<'JobRequestInput'>, key: 'once' })
  if (made.status === 202) holds<Same<typeof made.data, Schema<'Job'>>>()
  else holds<Same<typeof made.data, Schema<'DryRun'>>>()
  const ready: Answer<'/readyz', 'get'> = await client.get('/readyz', { accepts: [503] })
  holds<Same<typeof ready.status, 200 | 503>>()
  const { data: bytes } = await client.bytes('/v1/jobs/{id}/logs', { path: { id: 'x' }, query: { tail: 1000 } })
  holds<Same<typeof bytes, Uint8Array>>()
  await client.get('/v1/clusters')
  await client.post('/v1/clusters/{name}/pause', { path: { name: 'local' } })
  await client.bytes('/v1/jobs/{id}/artifacts/{path}', { path: { id: 'x', path: 'y' }, headers: { range: 'bytes=0-' } })
  client.events('/v1/stream', { query: { topic: ['jobs'] }, lastEventId: 'jobs=1' })
  client.postEvents('/v1/environments', { body: {} as Schema<'EnvironmentRequestInput'> })

  // @ts-expect-error there is no such path
  await client.get('/v1/job', {})
  // @ts-expect-error the path has another method only
  await client.delete('/v1/clusters')
  // @ts-expect-error the id is missing
  await client.get('/v1/jobs/{id}')
  // @ts-expect-error the place in the path has another name
  await client.get('/v1/jobs/{id}', { path: { name: 'x' } })
  // @ts-expect-error there is no such query parameter
  await client.get('/v1/jobs', { query: { stat: 'running' } })
  // @ts-expect-error no state is called so
  await client.get('/v1/jobs', { query: { state: 'waiting' } })
  // @ts-expect-error the topics are missing
  client.events('/v1/stream')
  // @ts-expect-error a body is needed
  await client.post('/v1/jobs', {})
  // @ts-expect-error the body has no such field
  await client.post('/v1/jobs/{id}/rerun', { path: { id: 'x' }, body: { acceptt: [] } })
  // @ts-expect-error the field is of another type
  await client.post('/v1/clusters/{name}/pause', { path: { name: 'local' }, body: { reason: 1 } })
  // @ts-expect-error this route takes no body
  await client.post('/v1/jobs/{id}/release', { path: { id: 'x' }, body: {} })
  // @ts-expect-error reading takes no key
  await client.get('/v1/jobs', { key: 'once' })
  // @ts-expect-error it has no header of its own
  await client.get('/v1/jobs', { headers: { range: 'bytes=0-' } })
  // @ts-expect-error a list of clusters is no stream
  client.events('/v1/clusters')
  // @ts-expect-error its answer is JSON, not a file
  await client.bytes('/v1/jobs')
  // @ts-expect-error the answer has no such field
  void (await client.get('/v1/whoami')).data.nickname
}

test('what has the types of a call is a call', async () => {
  const asked: string[] = []
  const client = createClient({
    baseUrl: 'https://trotline.example.org/',
    fetch: async (url, { method }) => {
      asked.push(`${method} ${url}`)
      return Response.json({ items: [] })
    },
  })
  await client.get('/v1/clusters')
  await client.get('/v1/environments/{id}/diff/{other}', { path: { id: 'ml@3', other: 'a/b' } })
  assert.deepEqual(asked, [
    'GET https://trotline.example.org/v1/clusters',
    'GET https://trotline.example.org/v1/environments/ml%403/diff/a%2Fb',
  ])
})
