import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_WEBHOOK_EVENTS, WEBHOOK_EVENTS, WEBHOOK_FORMATS, WebhookRequest } from '@trotline/contracts'
import {
  EMPTY_WEBHOOK,
  EVENTS,
  eventsText,
  FORMAT_TEXTS,
  scopeText,
  webhookFieldOf,
  webhookRequestOf,
} from '../../../../apps/dashboard/src/settings/webhook-form.ts'

const URL = 'https://hooks.example.org/jobs'

test('the form begins with what the server takes for chosen where nothing is, and offers all that there is', () => {
  assert.deepEqual(EMPTY_WEBHOOK.events, DEFAULT_WEBHOOK_EVENTS)
  assert.deepEqual(EVENTS.toSorted(), WEBHOOK_EVENTS.toSorted())
  assert.deepEqual(Object.keys(FORMAT_TEXTS), [...WEBHOOK_FORMATS])
})

test('what was left empty is left out of the request, and labels are read as people write them', () => {
  assert.deepEqual(WebhookRequest.parse(webhookRequestOf({ ...EMPTY_WEBHOOK, url: ` ${URL} ` })), {
    url: URL,
    events: ['failed', 'held', 'completed-long'],
    labels: {},
    everyone: false,
    format: 'json',
  })
  const made = WebhookRequest.parse(
    webhookRequestOf({ ...EMPTY_WEBHOOK, url: URL, labels: 'team=vision, run=3', name: 'lab', everyone: true }),
  )
  assert.deepEqual([made.labels, made.name, made.everyone], [{ team: 'vision', run: '3' }, 'lab', true])
})

test('a finding of the server marks the field that it points at', () => {
  assert.equal(webhookFieldOf('#/labels/team'), 'labels')
  assert.equal(webhookFieldOf('/url'), 'url')
  assert.equal(webhookFieldOf('#/secret'), null)
})

test('whom a webhook tells of what stands in one line', () => {
  assert.equal(eventsText(['completed', 'failed', 'completed-long']), 'failed, completed')
  assert.equal(
    scopeText({ job: null, labels: { team: 'vision' }, everyone: true }),
    'jobs of everyone with team=vision',
  )
  assert.equal(scopeText({ job: null, labels: {}, everyone: false }), 'your jobs')
})
