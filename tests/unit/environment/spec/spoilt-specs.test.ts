import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { EnvironmentSpec } from '@trotline/contracts'
import { judgeSpec, readSpec } from '@trotline/environment'
import { startProcessorWatch } from '../../../support/processor-time.ts'
import { matrix, seeded } from '../cases.ts'
import { mutated } from '../mutated-text.ts'

const FOLDER = new URL('../../../../conda/environments/', import.meta.url)
const TEXTS = readdirSync(FOLDER).map(file => readFileSync(new URL(file, FOLDER), 'utf8'))
/** Of no channel, package or version. */
const NEVER = /[^ -~]|[`$;&\\{}]|\.\.|(?:^|[\s/])-[a-z]|:\/\/[^/]*@|\/t\//

test('4,000 spoilt environment files: a spec that holds or findings in words, never an exception, each within a second', () => {
  const random = seeded(20_261_127)
  let taken = 0
  for (let i = 0; i < 4000; i++) {
    const text = mutated(TEXTS[i % TEXTS.length] ?? '', random)
    const tookMs = startProcessorWatch()
    const reading = readSpec(text)
    assert.ok(tookMs() < 1000, `${i} took ${tookMs()} ms`)
    if (!reading.ok) {
      assert.ok(reading.findings.length >= 1 && reading.findings.length <= 20)
      for (const { detail, line } of reading.findings) {
        assert.match(detail, /^[^\p{Cc}]{5,400}[.…]$/u, JSON.stringify({ i, detail }))
        assert.ok(line === null || (line >= 1 && line <= 2001))
      }
      continue
    }
    taken += 1
    const { value } = reading
    assert.deepEqual(EnvironmentSpec.parse(value), value)
    const again = readSpec(JSON.stringify(value))
    assert.deepEqual(again.ok ? again.value : again.findings, value)
    for (const line of [
      ...value.channels,
      ...value.dependencies.flatMap(one => (typeof one === 'string' ? one : one.pip)),
    ])
      assert.doesNotMatch(line.replace(/\s#.*$/, ''), NEVER, JSON.stringify({ i, line }))
    judgeSpec(value, { driver: '550.54.15', gpu: 'A100' }, matrix)
  }
  assert.ok(taken > 200 && taken < 3500, `${taken} were taken: the texts are spoilt too little or too much`)
})

test('objects that no text could be: wrong kinds at every place, never an exception', () => {
  const random = seeded(5)
  const odd = [
    null,
    undefined,
    0,
    Number.NaN,
    true,
    '',
    'numpy',
    [],
    {},
    [[]],
    [null],
    { pip: null },
    { pip: ['x'] },
    1n,
    () => 1,
    Symbol('x'),
  ]
  const pick = () => odd[Math.floor(random() * odd.length)]
  for (let i = 0; i < 3000; i++) {
    const written =
      random() < 0.1
        ? pick()
        : {
            name: pick(),
            channels: random() < 0.5 ? pick() : [pick()],
            dependencies: random() < 0.3 ? pick() : [pick(), pick()],
            ...(random() < 0.2 ? { [String(i)]: pick() } : {}),
          }
    const reading = readSpec(written)
    if (reading.ok) EnvironmentSpec.parse(reading.value)
    else assert.ok(reading.findings.length > 0)
  }
})
