import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pipPins, readSpec, requirementsTxt } from '@trotline/environment'
import { pipComplaint } from '../../../../packages/environment/src/spec/pip-line.ts'
import { lockOf, refusalOf, taken } from '../lock/records.ts'

const [A, B] = ['a1'.repeat(32), 'b2'.repeat(32)] as const
const spec = (...pip: string[]) => taken(readSpec({ channels: ['conda-forge'], dependencies: ['pip', { pip }] }))

test('exact releases with hashes are pins, in the order of their normalized names', () => {
  const pins = taken(
    pipPins(
      spec(
        `torch==2.1.2+cu121 --hash=sha256:${B} --hash=sha256:${A}`,
        `Jax_CUDA.x[cuda12]===0.4  --hash=sha256:${A} # new`,
      ),
    ),
  )
  assert.deepEqual(pins, [
    { name: 'jax-cuda-x', version: '0.4', sha256: [A] },
    { name: 'torch', version: '2.1.2+cu121', sha256: [A, B] },
  ])
  const text = requirementsTxt(lockOf({ pip: pins }).lock)
  assert.equal(text, `jax-cuda-x==0.4 --hash=sha256:${A}\ntorch==2.1.2+cu121 --hash=sha256:${A} --hash=sha256:${B}\n`)
  for (const line of text.trim().split('\n')) assert.equal(pipComplaint(line), null, 'what is written can be read')
  assert.equal(requirementsTxt(lockOf({ pip: [] }).lock), '')
  assert.deepEqual(taken(pipPins(taken(readSpec({ dependencies: ['numpy'] })))), [])
})

test('ranges, missing hashes, markers and second releases are refused by the line', () => {
  for (const [lines, detail] of [
    [['torchviz'], /"torchviz" is no exact release/],
    [['torchviz>=0.0.2'], /is no exact release/],
    [['torchviz==0.0.*'], /is no exact release/],
    [['torchviz==0.0.2,!=0.0.3'], /is no exact release/],
    [['torchviz==0.0.2'], /has no hash/],
    [[`tomli==2; python_version < "3.11" --hash=sha256:${A}`], /has a marker/],
    [[`x==1 --hash=sha256:${A}`, `X==2 --hash=sha256:${A}`], /stands beside x==1/],
  ] as const) {
    const reading = pipPins(spec(...lines))
    assert.match(refusalOf(reading), detail)
    assert.equal(reading.ok ? '' : reading.findings[0]?.pointer, `/dependencies/1/pip/${lines.length - 1}`)
  }
})
