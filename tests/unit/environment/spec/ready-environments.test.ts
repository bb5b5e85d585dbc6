import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { judgeSpec, readSpec } from '@trotline/environment'
import { matrix } from '../cases.ts'

const FOLDER = new URL('../../../../conda/environments/', import.meta.url)
const BLUE_CRAB = { driver: '396.37', gpu: 'Tesla K80' }

/** Nodes that each is for, and nodes that it is not for. */
const NODES: Record<string, { fits: Record<string, string>[]; refused: Record<string, string>[] }> = {
  'tutorial.yml': {
    fits: [BLUE_CRAB, { driver: '396.26', gpu: 'V100' }],
    refused: [{ driver: '375.26', gpu: 'Tesla K80' }],
  },
  'pytorch.yml': {
    fits: [
      { driver: '525.60.13', gpu: 'V100' },
      { driver: '560.28.03', gpu: 'T4' },
      { driver: '570.86.15', gpu: 'H100' },
    ],
    refused: [BLUE_CRAB, { driver: '520.61.05', gpu: 'A100' }],
  },
  'tensorflow.yml': {
    fits: [
      { driver: '525.60.13', gpu: 'P100' },
      { driver: '560.28.03', gpu: 'A100' },
    ],
    refused: [BLUE_CRAB, { driver: '520.61.05', gpu: 'A100' }],
  },
  'tfjs-node-gpu.yml': { fits: [{ driver: '570.86.15', gpu: 'A100' }], refused: [] },
}

test('every ready environment is in this table', () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), Object.keys(NODES).sort())
})

for (const [file, { fits, refused }] of Object.entries(NODES)) {
  const text = readFileSync(new URL(file, FOLDER), 'utf8')

  test(`${file} says whom it is for, is read without a remark, and runs where it says`, () => {
    assert.match(text, /^# For /)
    const reading = readSpec(text)
    assert.ok(reading.ok, JSON.stringify(reading))
    assert.deepEqual(reading.notes, [])
    for (const node of fits) {
      const { verdict, detail } = judgeSpec(reading.value, node, matrix)
      assert.match(verdict, /^compatible/, `${JSON.stringify(node)}: ${detail}`)
    }
    for (const node of refused)
      assert.equal(judgeSpec(reading.value, node, matrix).verdict, 'incompatible', JSON.stringify(node))
  })
}

test("on the tutorial's own nodes PyTorch has machine code for the K80, and TensorFlow is known to leave it idle", () => {
  const reading = readSpec(readFileSync(new URL('tutorial.yml', FOLDER), 'utf8'))
  assert.ok(reading.ok)
  const report = judgeSpec(reading.value, BLUE_CRAB, matrix)
  assert.deepEqual([report.verdict, report.rule], ['compatible-with-warning', 'cpu-only'])
  const rules = report.findings.map(one => one.rule)
  assert.ok(rules.includes('driver-native') && rules.includes('cubin'), rules.join())
})
