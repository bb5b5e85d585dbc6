import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStepTeller, type StepView } from '../../../apps/cli/src/follow/step-reporter.ts'

const clocked = () => {
  let at = 0
  const tell = createStepTeller({ now: () => at, dash: '-' })
  return {
    tell,
    pass: (seconds: number) => {
      at += seconds * 1000
    },
  }
}
const download = (done: number): StepView => ({ step: 'downloading', detail: `${done} of 100`, done, of: 100 })

test('a new step and each tenth of one is told once', () => {
  const { tell, pass } = clocked()
  const told = [0, 1, 9, 10, 11, 35, 36].map(done => {
    pass(1)
    return tell(download(done))
  })
  assert.deepEqual(
    told.map(text => text?.split('  ')[1] ?? null),
    ['0 %', null, null, '10 %', null, '35 %', null],
  )
  assert.equal(tell({ step: 'verifying', detail: '', done: null, of: null }), 'verifying')
  assert.match(tell(download(40)) ?? '', /^downloading {2}40 %/)
})

test('what takes long is told once a minute, with what is left of it', () => {
  const { tell, pass } = clocked()
  tell(download(10))
  pass(59)
  assert.equal(tell(download(11)), null)
  pass(2)
  assert.match(tell(download(12)) ?? '', /^downloading {2}12 % {2}12 of 100 {2}~.* left$/)
})
