// The lines that a person reads in stdout.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgress, endingLine } from '../../../apps/worker/src/progress.ts'
import { trainingReport } from '../../support/job-records.ts'

function follow(of: number, msPerEpoch: number): string[] {
  const lines: string[] = []
  let clock = 0
  const progress = createProgress(
    of,
    line => void lines.push(line),
    () => clock,
  )
  for (let epoch = 0; epoch < of; epoch += 1) {
    clock += msPerEpoch
    progress.epoch({ epoch, values: { loss: 1 / (epoch + 1) } })
  }
  return lines
}

test('a fast training shows its first epoch and every tenth of the way', () => {
  const lines = follow(1000, 0.1)
  assert.equal(lines.length, 11)
  assert.equal(lines[0], 'epoch 1/1000  loss 1')
  assert.equal(lines.at(-1), 'epoch 1000/1000  loss 0.001')
})

test('a slow training shows a line a second at most, and no epoch is silent for longer than it takes', () => {
  assert.equal(follow(5, 3000).length, 5)
  const lines = follow(1000, 100)
  assert.ok(lines.length > 90 && lines.length < 120, `${lines.length} lines for 100 s`)
})

test('a value that is no number is named', () => {
  const lines: string[] = []
  const progress = createProgress(1, line => void lines.push(line))
  progress.epoch({ epoch: 0, values: { loss: Number.POSITIVE_INFINITY, mae: 2 } })
  assert.deepEqual(lines, ['epoch 1/1  loss +inf  mae 2'])
})

test('the last line tells the ending, the epochs and the final figures', () => {
  const training = trainingReport({ epochs: 3, metrics: { loss: 0.25 } })
  assert.equal(
    endingLine('completed', { ...training, fitSeconds: 1.5 }),
    'completed after 3 epochs in 1.50 s  loss 0.25',
  )
  assert.equal(endingLine('failed', null), 'failed before the first epoch')
})

test('a command that does not say how many epochs it means to report shows how far it is', () => {
  const lines: string[] = []
  let clock = 0
  const progress = createProgress(
    null,
    line => void lines.push(line),
    () => clock,
  )
  for (let epoch = 0; epoch < 100; epoch += 1) {
    progress.epoch({ epoch, values: { loss: 0.5 } })
    clock += 500
  }
  assert.deepEqual([lines[0], lines.length], ['epoch 1  loss 0.5', 50])
})
