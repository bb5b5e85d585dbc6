import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bar, type ProgressView, progressLine } from '../../../apps/cli/src/follow/progress-line.ts'
import { createStyle } from '../../../apps/cli/src/text/style.ts'

const plain = createStyle({ colour: false, utf8: true })
const ascii = createStyle({ colour: false, utf8: false })
const view: ProgressView = {
  state: 'running',
  seconds: 760,
  epochs: 412,
  of: 1000,
  loss: '0.4213',
  best: { value: '0.3980', epoch: 388 },
  valLoss: '0.5120',
  left: '~17–19 min left',
  waiting: null,
}

test('with room it says everything', () => {
  assert.equal(
    progressLine(view, 133, plain),
    '◐ running  00:12:40  epoch  412/1000  █████████▉░░░░░░░░░░░░░░   41 %  loss 0.4213  (best 0.3980 @388)   val 0.5120  ~17–19 min left',
  )
})

test('it never gets wider than the terminal, and loss and epoch go last', () => {
  for (let width = 1; width <= 160; width += 1) {
    const line = progressLine(view, width, plain)
    assert.ok(line.length <= width, `${width}: ${line}`)
    if (width >= 45) assert.match(line, /epoch {2}412\/1000.*loss 0\.4213/)
    if (width >= 80) assert.match(line, /val 0\.5120 {2}~17–19 min left/)
  }
})

test('the bar keeps its place while figures change their length', () => {
  const barOf = (change: Partial<ProgressView>) =>
    progressLine({ ...view, ...change }, 110, plain).match(/[█▏▎▍▌▋▊▉░]+/)?.[0].length
  assert.equal(barOf({ loss: '10.1', left: null }), barOf({}))
  assert.equal(barOf({ best: { value: '9.1', epoch: 7 } }), barOf({}))
})

test('a bar is full only at the end, and exactly as long as asked', () => {
  assert.equal(bar(0.5, 8, plain), '████░░░░')
  assert.equal(bar(0.999, 8, plain), '███████▉')
  assert.equal(bar(1, 8, plain), '████████')
  assert.equal(bar(0.5, 10, ascii), '[####----]')
})

test('NaN is shown, and what is waited for takes the place of figures', () => {
  assert.match(progressLine({ ...view, loss: 'nan' }, 120, plain), /loss nan/)
  const waiting = progressLine({ ...view, state: 'pending', waiting: 'Slurm job 4711 waits: Priority' }, 80, ascii)
  assert.equal(waiting, 'o pending  00:12:40  Slurm job 4711 waits: Priority')
})
