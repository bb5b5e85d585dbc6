import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOG_FILES } from '../../../apps/orchestrator/src/streams/log-files.ts'
import { createPieceSize, LEAST_PIECE_BYTES } from '../../../apps/orchestrator/src/streams/piece-size.ts'

const KIB = 1_024

test('pieces begin small, are never more than all before them together, and soon whole blocks, cut where blocks are', () => {
  const size = createPieceSize(LOG_FILES.blockBytes)
  const sizes: number[] = []
  for (let told = 0; told < 3 * LOG_FILES.blockBytes; told += sizes.at(-1) ?? 0) {
    sizes.push(size.bytes)
    size.told(size.bytes)
  }
  assert.deepEqual(
    sizes,
    [16, 16, 32, 64, 128, 256, 256].map(kib => kib * KIB),
  )
})

test('what was told in drops counts as drops, and a most below the least holds', () => {
  const size = createPieceSize(LOG_FILES.blockBytes)
  for (let drops = 0; drops < 100; drops++) size.told(100)
  assert.equal(size.bytes, LEAST_PIECE_BYTES)
  assert.equal(createPieceSize(7).bytes, 7)
})
