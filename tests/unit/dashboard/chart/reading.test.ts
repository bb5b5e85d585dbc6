import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { attemptText, bandsOf } from '../../../../apps/dashboard/src/chart/attempt-bands.ts'
import { csvOf } from '../../../../apps/dashboard/src/chart/export-csv.ts'
import { extremesOf } from '../../../../apps/dashboard/src/chart/extremes.ts'
import { chosenFamilies, familiesOf, goalOf } from '../../../../apps/dashboard/src/chart/families.ts'
import {
  hoverAt,
  hoverText,
  nearestLine,
  nearestPlace,
  placeBeside,
} from '../../../../apps/dashboard/src/chart/hover.ts'
import { nonFiniteTexts, railMarks } from '../../../../apps/dashboard/src/chart/non-finite.ts'
import { limitText, paceOf, timeLeftText } from '../../../../apps/dashboard/src/chart/pace.ts'
import { plotOf } from '../../../../apps/dashboard/src/chart/plot.ts'
import { chartSentence, metricSentence } from '../../../../apps/dashboard/src/chart/sentence.ts'
import { ROWS_A_PAGE, tablePage } from '../../../../apps/dashboard/src/chart/table-page.ts'
import { onLogAxis, yRange } from '../../../../apps/dashboard/src/chart/y-range.ts'
import { epoch, historyOf, losses } from './epochs.ts'

describe('families', () => {
  test('a metric and its validation share a chart, training first, loss before all others', () => {
    assert.deepEqual(familiesOf(['val_accuracy', 'accuracy', 'val_loss', 'lr', 'loss', 'val_']), [
      { name: 'loss', metrics: ['loss', 'val_loss'] },
      { name: 'accuracy', metrics: ['accuracy', 'val_accuracy'] },
      { name: 'lr', metrics: ['lr'] },
      { name: 'val_', metrics: ['val_'] },
    ])
  })

  test('of more than a dozen those chosen are drawn, and the first dozen where none is', () => {
    const many = familiesOf(Array.from({ length: 30 }, (_, at) => `m${at}`))
    assert.equal(chosenFamilies(many, []).length, 12)
    assert.deepEqual(
      chosenFamilies(many, ['m29', 'gone', 'm3']).map(family => family.name),
      ['m3', 'm29'],
    )
    assert.equal(chosenFamilies(many, ['gone']).length, 12)
  })

  test('accuracies are better when higher, losses when lower', () => {
    assert.deepEqual(
      ['loss', 'val_loss', 'accuracy', 'val_accuracy', 'sparse_categorical_accuracy', 'val_f1', 'mae', 'lr'].map(
        goalOf,
      ),
      ['lowest', 'lowest', 'highest', 'highest', 'highest', 'highest', 'lowest', 'lowest'],
    )
  })
})

describe('values that are no numbers', () => {
  const history = historyOf(
    ...losses([5, 4, Number.NaN]),
    ...losses([Number.POSITIVE_INFINITY, Number.NaN, 1], { from: 2, attempt: 2 }),
  )

  test('are marked where they stand, with their side', () => {
    const plot = plotOf(history, { metrics: ['loss'], axis: 'epoch' })
    assert.deepEqual(railMarks(history, plot, ['loss']), [
      { at: 2, metric: 'loss', kind: '+inf' },
      { at: 3, metric: 'loss', kind: 'nan' },
    ])
  })

  test('the first that counts is said in words', () => {
    assert.deepEqual(nonFiniteTexts(history, ['loss', 'mae']), ['loss became +Inf at epoch 3, attempt 2'])
    assert.deepEqual(nonFiniteTexts(historyOf(...losses([1, Number.NaN])), ['loss']), ['loss became NaN at epoch 2'])
  })

  test('one that was repeated since is said to be', () => {
    const mended = historyOf(...losses([5, Number.NaN]), ...losses([4], { from: 1, attempt: 2 }))
    assert.deepEqual(nonFiniteTexts(mended, ['loss']), ['loss became NaN at epoch 2, attempt 1 (repeated since)'])
  })

  test('never scale the axis', () => {
    const range = yRange(history, ['loss'], history.line)
    assert.deepEqual(range && [range.low, range.high], [1, 5])
    const bad = historyOf(epoch(0, Number.NaN))
    assert.equal(yRange(bad, ['loss'], bad.line), null)
  })
})

describe('the y axis', () => {
  const values = Array.from({ length: 200 }, (_, at) => at + 1)
  const history = historyOf(...losses(values), epoch(200, 1e9))

  test('goes over everything, or over its middle with a count of what is outside', () => {
    const all = yRange(history, ['loss'], history.line)
    assert.deepEqual(all, { low: 1, high: 1e9, above: 0, below: 0, onFloor: 0 })
    const middle = yRange(history, ['loss'], history.line, { fit: 'middle' })
    assert.deepEqual(middle, { low: 3, high: 199, above: 2, below: 2, onFloor: 0 })
    // Of few values one at each end is more than a hundredth, and still what was meant.
    const few = historyOf(...losses(values.slice(0, 30)), epoch(30, 1e9))
    assert.deepEqual(yRange(few, ['loss'], few.line, { fit: 'middle' })?.high, 30)
    const three = historyOf(...losses([1, 2, 1e9]))
    assert.deepEqual(yRange(three, ['loss'], three.line, { fit: 'middle' })?.high, 1e9)
  })

  test('takes in zero where it is asked to, and has some height for a line that never changes', () => {
    const flat = historyOf(...losses([2, 2]))
    assert.deepEqual(yRange(flat, ['loss'], flat.line, { includeZero: true })?.low, 0)
    assert.deepEqual(yRange(flat, ['loss'], flat.line), { low: 1.8, high: 2.2, above: 0, below: 0, onFloor: 0 })
    assert.deepEqual(yRange(flat, ['loss'], flat.line, { log: true }), {
      low: 1,
      high: 4,
      above: 0,
      below: 0,
      onFloor: 0,
    })
  })

  test('on a log axis what is 0 or less is counted and set on the floor, nothing else', () => {
    const signs = historyOf(...losses([1, 0, -3, 0.01]))
    assert.deepEqual(yRange(signs, ['loss'], signs.line, { log: true }), {
      low: 0.01,
      high: 1,
      above: 0,
      below: 0,
      onFloor: 2,
    })
    assert.deepEqual(onLogAxis([1, 0, undefined, -3, null, 0.01]), {
      ys: [1, null, undefined, null, null, 0.01],
      floor: [1, 3],
    })
  })
})

describe('best and last', () => {
  test('come from the epochs that count', () => {
    const history = historyOf(...losses([5, 4, 0.1]), ...losses([3, 3.5], { from: 2, attempt: 2 }))
    const extremes = extremesOf(history, 'loss')
    assert.deepEqual(extremes && [extremes.first.value, extremes.last.value, extremes.best.value, extremes.goal], [
      5,
      3.5,
      3,
      'lowest',
    ])
    assert.equal(extremesOf(history, 'mae'), null)
  })

  test('a last value that is no number is the last all the same', () => {
    const extremes = extremesOf(historyOf(...losses([2, 1, Number.NaN])), 'loss')
    assert.ok(Number.isNaN(extremes?.last.value))
    assert.equal(extremes?.best.value, 1)
  })
})

describe('under the pointer', () => {
  const history = historyOf(
    epoch(0, { loss: 8, val_loss: 9 }),
    epoch(1, { loss: 4 }),
    ...[2, 3].map(at => epoch(at, { loss: Number.NaN, val_loss: at }, { attempt: 2 })),
  )
  const plot = plotOf(history, { metrics: ['loss', 'val_loss'], axis: 'clock', smoothing: 0.5 })

  test('stands the nearest epoch that was, never the gap between two attempts', () => {
    const [first = 0, second = 0, gap = 0, third = 0] = plot.xs
    assert.equal(nearestPlace(plot, first - 1e9), 0)
    assert.equal(nearestPlace(plot, (first + second) / 2), 0)
    assert.equal(nearestPlace(plot, gap - 1), 1)
    assert.equal(nearestPlace(plot, gap + 1), 3)
    assert.equal(nearestPlace(plot, third + 1e9), 4)
    assert.equal(nearestPlace({ xs: [], rows: [] }, 3), -1)
  })

  test('values are those stored, with four digits, and what was not logged is not there', () => {
    const hover = hoverAt(history, plot, 1)
    assert.deepEqual(hover?.values, [{ metric: 'loss', text: '4.000', smoothed: '5.333' }])
    assert.equal(hover && hoverText(hover), 'epoch 2: loss 4.000, smoothed 5.333')
    assert.deepEqual(
      hoverAt(history, plot, 3)?.values.map(({ metric, text }) => [metric, text]),
      [
        ['loss', 'NaN'],
        ['val_loss', '2.000'],
      ],
    )
    assert.equal(hoverAt(history, plot, 2), null)
  })

  test('arrow keys go from epoch to epoch and stay at the ends', () => {
    assert.equal(placeBeside(plot, 1, 1), 3)
    assert.equal(placeBeside(plot, 3, -1), 1)
    assert.equal(placeBeside(plot, 1, 10), 4)
    assert.equal(placeBeside(plot, 0, -10), 0)
  })

  test('the line nearest to the pointer is the one that has a value there', () => {
    const distance = (y: number) => Math.abs(y - 2)
    assert.equal(
      nearestLine(plot.lines, 3, distance),
      plot.lines.findIndex(line => line.metric === 'val_loss'),
    )
    assert.equal(nearestLine([], 0, distance), -1)
  })
})

describe('pace', () => {
  test('nothing is said before the third epoch of the attempt', () => {
    assert.equal(paceOf(historyOf(...losses([1, 2]))), null)
    assert.equal(paceOf(historyOf(...losses([1, 2, 3, 4]), ...losses([3, 4], { from: 2, attempt: 2 }))), null)
    assert.deepEqual(paceOf(historyOf(...losses([1, 2, 3]))), { medianSeconds: 2, lowSeconds: 2, highSeconds: 2 })
  })

  test('epochs that are reported every tenth time take a tenth of what lies between', () => {
    const history = historyOf(...[0, 10, 20, 30].map(at => epoch(at, 1)))
    assert.equal(paceOf(history)?.medianSeconds, 2)
  })

  test('the time left is a range, and the limit is foreseen only where it strikes', () => {
    const pace = { medianSeconds: 10, lowSeconds: 9, highSeconds: 11 }
    assert.equal(timeLeftText(pace, 100), '~15–18 min left')
    assert.equal(timeLeftText(pace, 0), null)
    assert.equal(timeLeftText(null, 5), null)
    assert.equal(
      limitText(pace, { epochs: 400, of: 1000, limitLeftSeconds: 4200 }),
      'at this pace the limit comes at epoch 820 of 1\u202f000 (in 1 h 10 min)',
    )
    assert.equal(limitText(pace, { epochs: 400, of: 1000, limitLeftSeconds: 6000 }), null)
  })
})

describe('in a sentence', () => {
  test('where it went, and its best', () => {
    assert.equal(
      metricSentence(historyOf(...losses([8.1, 2, 0.39, 0.4213])), 'loss'),
      'loss fell from 8.1 to 0.421 over 4 epochs, lowest 0.39 at 3',
    )
    const accuracy = historyOf(epoch(0, { accuracy: 0.1 }), epoch(1, { accuracy: 0.9 }), epoch(2, { accuracy: 0.8 }))
    assert.equal(metricSentence(accuracy, 'accuracy'), 'accuracy rose from 0.1 to 0.8 over 3 epochs, highest 0.9 at 2')
  })

  test('one epoch, no epoch, and a training that diverged', () => {
    assert.equal(metricSentence(historyOf(...losses([0.5])), 'loss'), 'loss is 0.5 after 1 epoch')
    assert.equal(chartSentence(historyOf(), ['loss']), 'No epoch has finished yet.')
    assert.equal(
      chartSentence(historyOf(...losses([3, 2, Number.NaN])), ['loss', 'mae']),
      'loss went from 3 to NaN over 3 epochs, lowest 2 at 2; loss became NaN at epoch 3.',
    )
    assert.equal(chartSentence(historyOf(epoch(0, Number.NaN)), ['loss']), 'loss became NaN at epoch 1.')
  })
})

describe('attempts', () => {
  const history = historyOf(...losses([5, 4, 3]), ...losses([3.5, 3], { from: 2, attempt: 2 }))

  test('are bands that touch on epochs and have a gap between them on time of day', () => {
    assert.deepEqual(bandsOf(history, { axis: 'epoch' }), [
      { attempt: 1, from: 1, to: 2 },
      { attempt: 2, from: 2, to: 4 },
    ])
    const [first, second] = bandsOf(history, { axis: 'clock' })
    assert.equal((second?.from ?? 0) - (first?.to ?? 0), 62_000)
  })

  test('say why they are there, where they ran and how long nothing ran', () => {
    const runs = [
      {
        run: '1-0',
        attempt: 1,
        node: 'g01',
        startedAt: '2026-01-01T00:00:00.000Z',
        endedAt: '2026-01-01T01:00:00.000Z',
      },
      { run: '2-0', attempt: 2, node: 'g07', startedAt: '2026-01-01T01:14:00.000Z', endedAt: null },
      { run: '2-1', attempt: 3, node: null, startedAt: null, endedAt: null },
    ]
    const submissions = [
      { submission: 1, cause: 'request' },
      { submission: 2, cause: 'preempted' },
    ] as const
    assert.equal(attemptText(1, runs, submissions), 'attempt 1 · node g01')
    assert.equal(attemptText(2, runs, submissions), 'attempt 2 · preempted · node g07 · 14 min gap')
    assert.equal(attemptText(3, runs, submissions), 'attempt 3 · requeue')
    assert.equal(attemptText(4, runs, submissions), 'attempt 4')
  })
})

describe('taken along', () => {
  const history = historyOf(
    epoch(0, { loss: 0.1 + 0.2, mae: Number.NaN }),
    epoch(1, { loss: Number.NEGATIVE_INFINITY }),
    epoch(1, { loss: 1, mae: Number.POSITIVE_INFINITY }, { attempt: 2, seconds: 0.5 }),
  )

  test('as CSV every digit is there, and nan, inf and nothing are three things', () => {
    assert.equal(
      csvOf(history, { metrics: ['loss', 'mae'] }),
      [
        'epoch,attempt,superseded,at,seconds,loss,mae',
        '1,1,false,2026-01-01T00:00:02.000Z,2,0.30000000000000004,nan',
        '2,1,true,2026-01-01T00:00:04.000Z,2,-inf,',
        '2,2,false,2026-01-01T00:01:04.000Z,0.5,1,inf',
        '',
      ].join('\n'),
    )
  })

  test('what is shown is the rows that are drawn', () => {
    const { rows } = plotOf(history, { metrics: ['loss'], axis: 'clock' })
    assert.equal(csvOf(history, { metrics: ['loss'], rows }).split('\n').length, 4)
  })

  test('as a table it is shown a page at a time', () => {
    const long = historyOf(...losses(Array.from({ length: 60 }, (_, at) => at)))
    const last = tablePage(long, ['loss', 'mae'], 99)
    assert.deepEqual([last.page, last.pages, last.rows.length], [2, 3, 60 - 2 * ROWS_A_PAGE])
    assert.deepEqual(last.rows.at(-1)?.values, ['59.00', ''])
    assert.deepEqual(tablePage(historyOf(), ['loss'], 0), { page: 0, pages: 1, rows: [] })
  })
})
