// What README shows is what the code takes: the configuration example, states and reasons, requests, files that it names.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FAILURE_REASONS, JOB_STATES, JobRequest } from '@trotline/contracts'
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
