import assert from 'node:assert/strict'
import { test } from 'node:test'
import { napiOf } from '../../../apps/orchestrator/src/lifecycle/node-api.ts'

test('a Node.js has the Node-API of its line, and a newer line at least that of the lines before', () => {
  const versions = [
    'v18.17.0',
    'v18.16.1',
    'v19.9.0',
    'v20.2.0',
    'v20.20.2',
    'v22.13.1',
    'v22.14.0',
    'v23.5.0',
    'v24.0.0',
  ]
  assert.deepEqual(versions.map(napiOf), [9, 8, 8, 8, 9, 9, 10, 9, 10])
})

test('this one has what it says itself', () => {
  assert.equal(napiOf(process.version), Number(process.versions.napi))
})

test('what is no version of Node.js has none', () => {
  assert.deepEqual(['does not start: no such file', '', 'v8.9.4', '20.1.0'].map(napiOf), [null, null, null, null])
})
