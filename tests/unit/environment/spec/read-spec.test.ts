import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EnvironmentSpec } from '@trotline/contracts'
import { findingText, type Reading, readSpec } from '@trotline/environment'

const TUTORIAL = `name: ml
dependencies:
  - python<3.7
  - pytorch::torchvision
  - pytorch::pytorch=1.3=*cuda9.2*
  - numpy
  # use tensorflow-gpu if you have a GPU
  - tensorflow==1.12   # the last for CUDA 9.2
  - pip
  - pip:
    - torchviz
`

const texts = (reading: Reading<unknown>) =>
  (reading.ok ? reading.notes : reading.findings).map(one => findingText(one, 'e.yml'))

test("the tutorial's file is read as people wrote it: pins, build strings, pip, comments", () => {
  const reading = readSpec(TUTORIAL)
  assert.ok(reading.ok)
  assert.deepEqual(reading.value, {
    name: 'ml',
    channels: ['defaults'],
    dependencies: [
      'python<3.7',
      'pytorch::torchvision',
      'pytorch::pytorch=1.3=*cuda9.2*',
      'numpy',
      'tensorflow==1.12',
      'pip',
      { pip: ['torchviz'] },
    ],
  })
  assert.match(texts(reading).join(), /No channels are named: defaults is asked/)
  assert.deepEqual(EnvironmentSpec.parse(reading.value), reading.value)
})

test('an object says the same as the text, without places', () => {
  const object = { channels: ['conda-forge'], dependencies: ['python=3.12', { pip: ['torchviz==0.0.2'] }] }
  const asText = readSpec(JSON.stringify(object))
  const asObject = readSpec(object)
  assert.ok(asText.ok && asObject.ok)
  assert.deepEqual(asObject.value, asText.value)
  const refused = readSpec({ ...object, channels: ['../x'] })
  assert.deepEqual(refused.ok ? [] : refused.findings.map(one => [one.pointer, one.line]), [['/channels/0', null]])
})

test('everything that is wrong is named with line and column, not only the first', () => {
  const reading = readSpec(
    `foo: 1
channels: [conda-forge]
dependencies:
  - numpy; rm -rf /
  - $(reboot)
  - pip:
    - -e ..
    - -r other.txt
variables:
  A: b
`,
  )
  assert.deepEqual(
    texts(reading).map(text => text.split(' ').slice(0, 3).join(' ')),
    [
      'e.yml:1:1 "foo" is',
      'e.yml:9:1 variables are',
      'e.yml:4:5 "numpy; rm',
      'e.yml:5:5 "$(reboot)" is',
      'e.yml:7:7 "-e .."',
      'e.yml:8:7 "-r other.txt"',
    ],
  )
})

test('prefix is left out with a remark, variables are refused: one changes nothing, the other would be lost', () => {
  const kept = readSpec('channels: [c]\ndependencies: [numpy]\nprefix: /home/me/envs/ml\n')
  assert.ok(kept.ok)
  assert.deepEqual(Object.keys(kept.value), ['channels', 'dependencies'])
  assert.match(texts(kept).join(), /e\.yml:3:1 prefix is left out/)
  assert.match(
    texts(readSpec('channels: [c]\ndependencies: [numpy]\nvariables: {A: b}')).join(),
    /variables are not read/,
  )
})

test('lists that are none, entries that are none, numbers and maps are told from packages', () => {
  const cases: [unknown, RegExp][] = [
    ['', /is empty/],
    ['- a', /not a map/],
    [null, /not a map/],
    [[], /not a map/],
    ['name: x', /dependencies are missing/],
    ['channels: conda-forge\ndependencies: [a]', /channels is not a list/],
    ['dependencies: numpy', /dependencies is not a list/],
    ['dependencies: []', /no package to install/],
    ['dependencies:\n- ', /dependencies\.0 is nothing, not text/],
    ['dependencies: [3.10]', /"3.10" is a number/],
    [{ dependencies: [3.1] }, /dependencies\.0 is number, not text.*quotes/],
    ['dependencies: [[a]]', /is a list, not text/],
    ['dependencies:\n- numpy: 1', /"numpy" cannot stand among the dependencies/],
    ['dependencies:\n- pip:', /dependencies\.0\.pip is not a list/],
    ['dependencies: [{pip: [a]}, {pip: [b]}]', /two pip lists/],
    ['dependencies: [{pip: [a], conda: [b]}]', /"conda" cannot stand/],
    ['name: a/b\ndependencies: [a]', /"a\/b" is no name/],
    ['channels: [nodefaults]\ndependencies: [a]', /No channel is left/],
    [`dependencies: [${'a'.repeat(201)}]`, /has 201 characters; at most 200/],
    [{ dependencies: Array.from({ length: 501 }, (_, i) => `p${i}`) }, /has 501 entries; at most 500/],
    [`dependencies:\n${'- a\n'.repeat(10_000)}`, /has 10002 lines; at most 2000/],
    ['dependencies: ["a\\x00b"]', /"\\u0000" has no place/],
    ['dependencies: ["numpy\\n@EXPLICIT"]', /"\\n" has no place/],
  ]
  for (const [written, detail] of cases) {
    const reading = readSpec(written)
    assert.equal(reading.ok, false, JSON.stringify(written)?.slice(0, 80))
    assert.match(texts(reading).join('\n'), detail)
  }
})

test('what stands twice is taken once, with a remark', () => {
  const reading = readSpec(
    'channels: [https://c.example.org/a, b, https://c.example.org/a/]\ndependencies: [numpy, numpy, {pip: [x, x]}]',
  )
  assert.ok(reading.ok)
  assert.deepEqual(reading.value, {
    channels: ['https://c.example.org/a', 'b'],
    dependencies: ['numpy', { pip: ['x'] }],
  })
  assert.deepEqual(
    texts(reading).map(text => text.replace(/^\S+ /, '')),
    [
      'The channel https://c.example.org/a/ is named already: its first place counts.',
      'numpy stands there already.',
      'x stands there already.',
      'There is a pip list, and pip is not among the dependencies. Write "- pip" above it.',
    ],
  )
})

test('of a thousand faults the first are told, and how many more there are', () => {
  const reading = readSpec({ dependencies: Array.from({ length: 400 }, (_, i) => `;${i}`) })
  assert.equal(reading.ok, false)
  assert.equal(reading.ok ? 0 : reading.findings.length, 20)
  assert.match(texts(reading).at(-1) ?? '', /There are 381 more/)
})
