import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ciede2000, difference, SIGHTS } from '../../../../apps/dashboard/src/colour/colour-sight.ts'
import type { Triple } from '../../../../apps/dashboard/src/colour/colour-spaces.ts'
import { contrast } from '../../../../apps/dashboard/src/colour/contrast.ts'
import {
  FAINT,
  GROUND,
  SERIES_COLOURS,
  STATE_COLOURS,
  seriesLook,
  TEXT,
} from '../../../../apps/dashboard/src/colour/palette.ts'

const pairsOf = (colours: readonly string[]): [string, string][] =>
  colours.flatMap((a, i) => colours.slice(i + 1).map((b): [string, string] => [a, b]))

describe('the sums', () => {
  test('CIEDE2000 gives the figures of its authors', () => {
    // Sharma, Wu, Dalal 2005, table 1: pairs 1, 7, 10, 17, 20, 25 and 34.
    const table: [Triple, Triple, number][] = [
      [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
      [[50, 0, 0], [50, -1, 2], 2.3669],
      [[50, -0.001, 2.49], [50, 0.0009, -2.49], 4.8045],
      [[50, 2.5, 0], [73, 25, -18], 27.1492],
      [[50, 2.5, 0], [58, 24, 15], 19.4535],
      [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
      [[2.0776, 0.0795, -1.135], [0.9033, -0.0636, -0.5514], 0.9082],
    ]
    for (const [a, b, wanted] of table) {
      assert.equal(ciede2000(a, b).toFixed(4), wanted.toFixed(4))
      assert.equal(ciede2000(b, a).toFixed(4), wanted.toFixed(4))
    }
  })

  test('black on white has the contrast of 21, and a colour on itself that of 1', () => {
    assert.equal(contrast('#000000', '#FFFFFF'), 21)
    assert.equal(contrast('#123456', '#123456'), 1)
  })
})

for (const ground of ['light', 'dark'] as const) {
  describe(`the palette on the ${ground} ground`, () => {
    test('text, faint text and every state can be read (WCAG 1.4.3)', () => {
      for (const colour of [TEXT[ground], FAINT[ground], ...Object.values(STATE_COLOURS[ground])])
        assert.ok(contrast(colour, GROUND[ground]) >= 4.5, `${colour}: ${contrast(colour, GROUND[ground])}`)
    })

    test('every series can be seen (WCAG 1.4.11)', () => {
      for (const colour of SERIES_COLOURS[ground])
        assert.ok(contrast(colour, GROUND[ground]) >= 3, `${colour}: ${contrast(colour, GROUND[ground])}`)
    })

    test('series can be told apart with any sight, the first two at a glance', () => {
      const [first = '', second = ''] = SERIES_COLOURS[ground]
      for (const sight of SIGHTS) {
        for (const [a, b] of pairsOf(SERIES_COLOURS[ground]))
          assert.ok(difference(a, b, sight) >= 10, `${a} ${b} ${sight}: ${difference(a, b, sight)}`)
        assert.ok(difference(first, second, sight) >= 40, `${sight}: ${difference(first, second, sight)}`)
      }
    })

    test('no two series of the first twelve look alike', () => {
      const looks = Array.from({ length: 12 }, (_, n) => JSON.stringify(seriesLook(n, ground)))
      assert.equal(new Set(looks).size, 12)
    })
  })
}
