// What README shows is what the code takes: the configuration example, states and reasons, requests, files that it names.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  BACKENDS,
  Data,
  FAILURE_REASONS,
  JOB_STATES,
  JobRequest,
  Layer,
  LOSSES,
  METRIC_KEYS,
  METRICS,
  ModelTraining,
  Optimizer,
  PRESETS,
  Schedule,
  trainingFindings,
} from '@trotline/contracts'
import { parseRequest } from '../../apps/cli/src/request/request-file.ts'
import { parseSettings } from '../../apps/orchestrator/src/config.ts'
import { codeOf, readDocument, sectionOf, tableOf } from './document-tables.ts'

const readme = readDocument('README.md')

test('the configuration example of README is a valid configuration', () => {
  const settings = parseSettings(codeOf(sectionOf(readme, 'Configuration'), 'yaml'), '/etc/trotline/trotline.yaml')
  assert.equal(settings.clusters[0]?.identities[0]?.privateKeyFile, '/etc/trotline/secrets/id_service')
})

test('the request of the tour with curl fits the contract', () => {
  const [, json = ''] = /<<'JSON'\n([\s\S]*?)^JSON/m.exec(readme) ?? []
  assert.equal(JobRequest.parse(JSON.parse(json)).training.kind, 'preset')
})

test('the model in README fits the contract, and nothing speaks against it', () => {
  const { value } = parseRequest(codeOf(sectionOf(readme, 'Training'), 'yaml'), 'README.md')
  assert.deepEqual(trainingFindings(ModelTraining.parse(value), 0), [])
})

test('README tells every preset and backend, and all that a model can be made of', () => {
  const training = sectionOf(readme, 'Training')
  assert.deepEqual(
    tableOf(training, ['preset', 'what it trains', 'its own fields']).map(([preset]) => preset),
    [...PRESETS],
  )
  const backends = tableOf(training, ['backend', 'what it is', 'when']).map(([backend]) => backend)
  assert.deepEqual(backends.toSorted(), ['auto', 'any', ...BACKENDS].toSorted())
  const fields = tableOf(training, ['field', 'what there is'])
  const told = (field: string) => fields.find(([name]) => name === field)?.[1] ?? ''
  const kindsOf = (union: { options: readonly { shape: { kind: { value: string } } }[] }) =>
    union.options.map(option => option.shape.kind.value)
  const all: [field: string, words: readonly string[]][] = [
    ['data', Data.options.map(option => option.shape.format.value)],
    ['model', kindsOf(Layer)],
    ['optimizer', [...kindsOf(Optimizer), ...kindsOf(Schedule)]],
    ['loss', LOSSES],
  ]
  for (const [field, words] of all)
    for (const word of words) assert.match(told(field), new RegExp(`\\b${word}\\b`), word)
  for (const metric of METRICS)
    assert.match(told('metrics'), new RegExp(`\\b(?:${metric}|${METRIC_KEYS[metric]})\\b`), metric)
})

test('README tells every state and every failure reason, and no other', () => {
  const states = sectionOf(readme, 'States')
  assert.deepEqual(
    tableOf(states, ['state', 'true now']).map(([state]) => state),
    [...JOB_STATES],
  )
  assert.deepEqual(
    tableOf(states, ['failure reason', 'what happened']).map(([reason]) => reason),
    [...FAILURE_REASONS],
  )
})

test('the documents name only files that are there', () => {
  for (const document of ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md']) {
    const named = readDocument(document).matchAll(
      /(?:^|[\s`(])((?:apps|packages|deploy|tests)\/[\w./-]+\.(?:ts|mjs|js|json|ya?ml|md))\b/gm,
    )
    for (const [, path = ''] of named) {
      if (path.includes('/dist/')) continue
      assert.ok(existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url))), `${document} names ${path}`)
    }
  }
})
