// Every word that an answer may carry has its page: the tables of explanations are compared with where the words arise.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FAILURE_REASONS } from '@trotline/contracts'
import { allExplanations, explain, explanationsOf } from '@trotline/contracts/explained'
import { PROBLEMS } from '../../apps/orchestrator/src/http/problems.ts'
import { readDocument, sectionOf, tableOf } from './document-tables.ts'

const codesOf = (kind: Parameters<typeof explanationsOf>[0]): string[] => explanationsOf(kind).map(one => one.code)

test('every problem of the server is explained, under the title that it is answered with, and no other', () => {
  assert.deepEqual(
    explanationsOf('problem')
      .map(({ code, title }) => `${code}: ${title}`)
      .sort(),
    Object.entries(PROBLEMS)
      .map(([code, { title }]) => `${code}: ${title}`)
      .sort(),
  )
})

test('every reason of a failure is explained', () => {
  assert.deepEqual(codesOf('failure').sort(), [...FAILURE_REASONS].sort())
})

test('every code in capitals that README names is explained, and no other', () => {
  // README's own table is compared with the catalogues of the code: errors-table.test.ts.
  const rows = tableOf(sectionOf(readDocument('README.md'), 'Errors'), ['code', 'tried again', 'what it says'])
  assert.deepEqual(codesOf('code').sort(), rows.map(([code = '']) => code).sort())
})

test('every rule that a finding may carry is explained, and no other', () => {
  const source = ['packages/environment/src', 'apps/orchestrator/src/lifecycle'].map(textBelow).join('\n')
  const gate = "'(?:driver-gpu|driver-cuda|build-gpu|build-rest)'"
  const said = [
    ...source.matchAll(new RegExp(`${gate},\\s*'([a-z0-9-]+)'`, 'g')),
    ...source.matchAll(/\brule: '([a-z0-9-]+)'/g),
    ...source.matchAll(/\bunknown\(\s*'([a-z0-9-]+)'/g),
  ].map(([, rule = '']) => rule)
  assert.ok(new Set(said).size > 40, 'the rules are no longer written as they were: this test reads nothing')
  const explained = new Set(codesOf('rule'))
  assert.deepEqual(
    [...new Set(said)].filter(rule => !explained.has(rule)),
    [],
  )
  assert.deepEqual(
    [...explained].filter(rule => !source.includes(`'${rule}'`)),
    [],
  )
})

test('each explanation is in whole sentences, and a word is found however it is written', () => {
  for (const { code, title, cause, cure } of allExplanations()) {
    assert.match(title, /[^.\s]$/, code)
    for (const text of [cause, cure]) assert.match(text, /^[A-Za-z"].*[.)]$/s, code)
  }
  assert.deepEqual(
    explain('ENVIRONMENT').map(({ kind }) => kind),
    ['failure'],
  )
  assert.equal(explain('ssh_lost')[0]?.code, 'SSH_LOST')
  assert.deepEqual(explain('no-such-word'), [])
})

function textBelow(folder: string): string {
  const at = fileURLToPath(new URL(`../../${folder}`, import.meta.url))
  return readdirSync(at, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')
}
