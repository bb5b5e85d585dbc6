// The headers against a vector that the libraries of Standard Webhooks are tested with.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WebhookSecret } from '@trotline/contracts'
import { messageIdOf, newSecret, newWebhookId } from '../../../../apps/orchestrator/src/webhooks/ids.ts'
import { signedHeaders } from '../../../../apps/orchestrator/src/webhooks/signature.ts'

describe('the signature', () => {
  test('is that of Standard Webhooks, for the vector of its libraries', () => {
    assert.deepEqual(
      signedHeaders(
        'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        'msg_p5jXN8AQM9LWM0D4loKWxJek',
        1_614_265_330_000,
        '{"test": 2432232314}',
      ),
      {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
    )
  })

  test('covers the id, the second and every byte of the body', () => {
    const of = (id: string, atMs: number, body: string): string =>
      signedHeaders('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', id, atMs, body)['webhook-signature']
    const all = [of('a', 1_000, 'ü'), of('b', 1_000, 'ü'), of('a', 2_000, 'ü'), of('a', 1_000, 'ü ')]
    assert.equal(new Set(all).size, 4)
    assert.equal(of('a', 1_000, 'ü'), of('a', 1_999, 'ü'))
  })
})

describe('ids and secrets', () => {
  test('a new secret is one that may be brought, and no two are the same', () => {
    const secrets = Array.from({ length: 50 }, newSecret)
    for (const secret of secrets) assert.equal(WebhookSecret.parse(secret), secret)
    assert.equal(new Set(secrets).size, 50)
    assert.equal(new Set(Array.from({ length: 50 }, newWebhookId)).size, 50)
  })

  test('a message is known again by its id: the same for the same cause, another for another', () => {
    assert.equal(messageIdOf('wh1', '17-0'), messageIdOf('wh1', '17-0'))
    assert.notEqual(messageIdOf('wh1', '17-0'), messageIdOf('wh1', '17-1'))
    assert.notEqual(messageIdOf('wh1', '17-0'), messageIdOf('wh2', '17-0'))
  })
})
