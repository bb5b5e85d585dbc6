// The text of an epoch against JSON.stringify of the same, and against the contract.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EpochLine, epochValues } from '@trotline/contracts'
import { epochsText, linesText } from '../../../apps/worker/src/epoch-text.ts'
import { RandomState } from '../../../packages/trainer/src/random/random-state.ts'

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678)

test('each line is what JSON.stringify says of it, for numbers of every size, those that JSON does not have among them', () => {
  const random = new RandomState(1)
  const odd = [0, -0, 5e-324, 1e21, 1e-7, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const ended = Array.from({ length: 2000 }, (_, epoch) => {
    const [a, b] = random.randn(2) as unknown as [number, number]
    const values = { loss: a * 10 ** Math.round(20 * b), mae: odd[epoch % odd.length] as number, val_loss: b }
    return { epoch: { epoch, seconds: 0.25, values }, at: AT + Math.floor(epoch / 3) }
  })
  for (const count of [1, 2, 2000])
    assert.deepEqual(
      linesText(epochsText(ended.slice(0, count)))
        .split('\n')
        .slice(0, -1),
      ended
        .slice(0, count)
        .map(({ epoch: { epoch, seconds, values }, at }) =>
          JSON.stringify({ epoch, at: new Date(at).toISOString(), seconds, ...epochValues(values) }),
        ),
    )
})

test('a reader takes it for an epoch, whatever its values are called and however many there are', () => {
  const text = epochsText([
    { epoch: { epoch: 7, seconds: 1 / 3, values: {} }, at: AT },
    { epoch: { epoch: 8, seconds: 0, values: { 'a"b': 1, epoch: 2, loss: Number.NaN } }, at: AT },
  ])
  const [none, odd, end] = linesText(text).split('\n') as [string, string, string]
  assert.equal(end, '')
  assert.deepEqual(JSON.parse(`[${text}]`), [JSON.parse(none), JSON.parse(odd)])
  assert.deepEqual(EpochLine.parse(JSON.parse(none)), {
    epoch: 7,
    at: '2026-01-02T03:04:05.678Z',
    seconds: 0.333333,
    values: {},
  })
  const { values, nonFinite } = JSON.parse(odd)
  assert.deepEqual([values, nonFinite], [{ 'a"b': 1, epoch: 2, loss: null }, { loss: 'nan' }])
})
