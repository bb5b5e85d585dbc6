// What a command may say of an epoch, and what is refused in words.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readReportedLine } from '../../../../apps/worker/src/command/reported-line.ts'

const refusal = (text: string): string => {
  const read = readReportedLine(text)
  return 'refused' in read ? read.refused : `accepted: ${JSON.stringify(read)}`
}

describe('a line that a command reports', () => {
  test('is an epoch with its values by name', () => {
    assert.deepEqual(readReportedLine('{"epoch": 3, "loss": 0.25, "val_acc": 1, "seconds": 1.5}'), {
      epoch: 3,
      seconds: 1.5,
      values: { loss: 0.25, val_acc: 1 },
    })
    assert.deepEqual(readReportedLine('{"epoch":0}'), { epoch: 0, seconds: null, values: {} })
  })

  test('may have NaN and Infinity as Python’s json writes them', () => {
    const read = readReportedLine('{"epoch": 1, "loss": NaN, "a": Infinity, "b": -Infinity}')
    assert.deepEqual(read, { epoch: 1, seconds: null, values: { loss: Number.NaN, a: Infinity, b: -Infinity } })
  })

  for (const [what, text, words] of [
    ['no JSON', 'epoch 1: loss 0.3', /not JSON/],
    ['a list', '[1, 2]', /not a JSON object/],
    ['a number', '7', /not a JSON object/],
    ['no epoch', '{"loss": 1}', /"epoch" has to be a whole number from 0 to 99999/],
    ['a part of an epoch', '{"epoch": 0.5}', /"epoch" has to be a whole number/],
    ['an epoch beyond all', '{"epoch": 100000}', /"epoch" has to be/],
    ['a text', '{"epoch": 1, "note": "good"}', /"note" has to be a number/],
    ['an object in it', '{"epoch": 1, "values": {"loss": 1}}', /"values" has to be a number/],
    ['a time below 0', '{"epoch": 1, "seconds": -1}', /"seconds" has to be a number, not below 0/],
    ['a name that the record does not take', '{"epoch": 1, "val/loss": 1}', /"val\/loss" is not a name/],
    ['a number that no number can hold', '{"epoch": 1, "loss": 1e999}', /"loss" has to be a number/],
  ] as const)
    test(`is refused in words where it is ${what}`, () => assert.match(refusal(text), words))

  test('is refused where it has more values than a record takes', () => {
    const values = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`m${i}`, i]))
    assert.match(refusal(JSON.stringify({ epoch: 1, ...values })), /65 values, and 64 are the most/)
  })

  test('has a prototype that no member of it changes', () => {
    assert.deepEqual(readReportedLine('{"epoch": 1, "__proto__": 2}'), { epoch: 1, seconds: null, values: {} })
    assert.equal(({} as { loss?: number }).loss, undefined)
  })
})
