import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutputCollector } from '../../../packages/slurm/src/output-collector.ts'

test('characters that are split between chunks come out whole', () => {
  const output = new OutputCollector(100, () => assert.fail('no overflow'))
  const crab = Buffer.from('🦀')
  for (const byte of crab) output.stdout(Uint8Array.of(byte))
  output.stderr(Buffer.from('e'))
  assert.deepEqual(output.text(), { stdout: '🦀', stderr: 'e' })
})

test('both streams count against one cap, and going past it is told once', () => {
  let told = 0
  const output = new OutputCollector(10, () => told++)
  output.stdout(Buffer.alloc(6))
  output.stderr(Buffer.alloc(4))
  assert.equal(told, 0)
  output.stdout(Buffer.alloc(1))
  output.stderr(Buffer.alloc(1))
  assert.deepEqual([told, output.overflowed], [1, true])
})
