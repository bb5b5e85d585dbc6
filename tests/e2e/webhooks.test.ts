// A webhook is told of a real job's end: once, also where the server is killed at that moment.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WebhookCreated, WebhookDeliveryPage } from '@trotline/contracts'
import { sharedCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { createStory } from '../support/orchestrator.ts'
import { request } from '../support/requests.ts'
import { createReceiver, verified } from '../support/webhook-receiver.ts'

test('a job that fails is told once, with its cause, whatever becomes of the server at that moment', async t => {
  const receiver = await createReceiver()
  t.after(() => receiver.close())
  const cluster = await sharedCluster()
  const story = await createStory(t, { cluster, settings: { webhooks: { privateHosts: [receiver.host] } } })
  const dying = await story.start()
  const made = await story.api.answered('POST', '/v1/webhooks', { body: { url: receiver.url } })
  assert.equal(made.status, 201)
  const { id, secret } = WebhookCreated.parse(made.body)
  const job = await story.api.submit(request({ resources: { constraint: 'nosuchfeature' } }))
  await story.api.ended(job.id, 'failed')
  await dying.kill()

  await story.start()
  const [delivery, ...others] = await eventually('it is shown as delivered', async () => {
    const { items } = WebhookDeliveryPage.parse((await story.api.answered('GET', `/v1/webhooks/${id}/deliveries`)).body)
    return items.length > 0 && items.every(({ status }) => status === 'delivered') ? items : null
  })

  assert.deepEqual(others, [])
  assert.equal(delivery?.job?.id, job.id)
  assert.deepEqual([...new Set(receiver.received.map(one => one.id))], [delivery?.id])
  const message = verified(receiver.received[0] ?? assert.fail('nothing came'), secret)
  assert.ok(message.type === 'job.failed' && 'job' in message.data)
  assert.equal(message.data.job.failure, 'submission-refused')
  assert.match(message.data.job.reason ?? '', /feature/i)
  assert.ok(!story.log().includes(secret), 'the secret is in the log')
})
