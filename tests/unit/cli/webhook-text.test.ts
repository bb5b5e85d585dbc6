import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStyle } from '../../../apps/cli/src/text/style.ts'
import { deliveryRow, lastTryText, webhookFacts, webhookRow } from '../../../apps/cli/src/text/webhook-text.ts'
import { Webhook, WebhookDelivery } from '../../../packages/contracts/src/index.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
const style = createStyle({ colour: false, utf8: true })

const webhook = (over: Partial<Webhook> = {}): Webhook =>
  Webhook.parse({
    id: 'wh000000000001',
    name: 'lab',
    owner: 'tester',
    url: 'https://hooks.example.org/t',
    events: ['failed', 'held'],
    labels: { project: 'reef' },
    job: null,
    everyone: false,
    format: 'json',
    createdAt: ago(86_400),
    status: 'active',
    parked: null,
    failing: null,
    lastDeliveredAt: null,
    deliveries: { waiting: 0, parked: 0, collected: 0 },
    ...over,
  })
const said = (over: Partial<Webhook>): string =>
  webhookFacts(webhook(over), NOW)
    .map(({ label, text }) => `${label}: ${text}`)
    .join('\n')

test('a webhook says of which jobs it tells, and that nothing has arrived yet', () => {
  const text = said({})
  assert.match(text, /^of: all your jobs, project=reef$/m)
  assert.match(text, /^arrived: nothing yet$/m)
  assert.doesNotMatch(text, /parked|failing/)
  assert.match(said({ job: 'k00000000000' }), /^of: k00000000000, project=reef$/m)
  assert.match(said({ everyone: true, labels: {} }), /^of: all jobs of everyone$/m)
})

test('one that does not get through says since when, how often, and why', () => {
  const text = said({
    status: 'parked',
    parked: { since: ago(3600), reason: 'failing', why: 'Nothing came through for a day.' },
    failing: { since: ago(90_000), tries: 12, why: 'The receiver answered 500.' },
    deliveries: { waiting: 1, parked: 2, collected: 30 },
  })
  assert.match(text, /^parked: since .*60 min ago\): Nothing came through/m)
  assert.match(text, /^failing: since .*, 12 tries: The receiver answered 500\.$/m)
  assert.match(text, /^messages: 1 waiting, 2 parked, 30 events that become one message$/m)
})

test('a row of the list has every value for a pipe', () => {
  const row = webhookRow(webhook({ name: null }), style).map(cell => (typeof cell === 'string' ? cell : cell.full))
  assert.deepEqual(row, [
    'wh000000000001',
    '',
    'active',
    'failed,held',
    'all your jobs, project=reef',
    'https://hooks.example.org/t',
  ])
})

test('a delivery says how its last try was answered, and when the next one is', () => {
  const delivery = WebhookDelivery.parse({
    id: `msg_${'0'.repeat(24)}`,
    type: 'job.failed',
    job: { id: 'k00000000000', name: 'auto-mpg' },
    createdAt: ago(120),
    status: 'waiting',
    tries: 2,
    lastTries: [{ at: ago(60), status: 500, why: 'The receiver answered 500.', milliseconds: 12 }],
    nextAt: new Date(NOW + 600_000).toISOString(),
  })
  const cells = deliveryRow(delivery, NOW, style)
  const shown = cells.map(cell => (typeof cell === 'string' ? cell : cell.text))
  assert.deepEqual(shown.slice(1), [
    'job.failed',
    'auto-mpg',
    'waiting',
    '2',
    '2 min ago',
    'in 10 min',
    '500 in 12 ms: The receiver answered 500.',
  ])
  assert.equal(lastTryText({ lastTries: [] }), '')
  const none = { at: ago(1), status: null, why: 'connection refused', milliseconds: 3 }
  assert.equal(lastTryText({ lastTries: [none] }), 'no answer: connection refused')
})
