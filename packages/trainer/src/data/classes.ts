// What the targets of a classification are called, and whether two files mean the same by them.
import type { lossOf } from '@trotline/contracts'
import { badData } from './bad-data.ts'
import type { RawData } from './raw-data.ts'
import { takeTurn } from './turn.ts'

/** As wide as the widest layer of a request: a class needs an output. */
const MAX_CLASSES = 65_536

/**
 * The data's own names; or, where it has plain numbers and the loss counts classes, "0" to the highest that occurs.
 * @throws TrainerError TRAIN_BAD_DATA where such a number is no class
 */
export async function classesByLoss(
  raw: RawData,
  loss: ReturnType<typeof lossOf>,
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  if (raw.classes !== null || loss !== 'sparseCategoricalCrossentropy') return raw.classes
  if (raw.targets !== 1) throw badData({ path: raw.path }, `has ${raw.targets} targets a row, and a class is one`)
  let highest = 0
  await eachTarget(raw, signal, (target, row) => {
    if (!Number.isInteger(target) || target < 0 || target >= MAX_CLASSES)
      throw badData(
        { path: raw.path, at: raw.placeOf(row) },
        `target ${target} is not a class from 0 to ${MAX_CLASSES - 1}`,
      )
    if (target > highest) highest = target
  })
  return Array.from({ length: highest + 1 }, (_, i) => String(i))
}

/**
 * @param classes those of `raw`, the training's own data
 * @throws TrainerError TRAIN_BAD_DATA where `other` has a class that `raw` does not have, or the one has classes and the other numbers
 */
export async function sameClasses(
  other: RawData,
  classes: readonly string[] | null,
  raw: RawData,
  signal: AbortSignal,
): Promise<void> {
  const { path } = other
  if (classes === null && other.classes === null) return
  if (classes === null) throw badData({ path }, `has classes, and ${raw.path} has numbers to be told`)
  // A file may not have every class; those that it names must be the first ones, so that their numbers mean the same.
  const stranger = (other.classes ?? []).findIndex((name, i) => name !== classes[i])
  if (stranger !== -1)
    throw badData(
      { path },
      `has class ${stranger} ${JSON.stringify(other.classes?.[stranger])}, which ${raw.path} has not`,
    )
  if (other.classes !== null) return
  await eachTarget(other, signal, (target, row) => {
    if (!Number.isInteger(target) || target < 0 || target >= classes.length)
      throw badData(
        { path, at: other.placeOf(row) },
        `target ${target} is none of the ${classes.length} classes of ${raw.path}`,
      )
  })
}

/** Looked at between two turns of the event loop: each is a read(2) where the array lies in a file. */
const TARGETS_AT_ONCE = 16_384

async function eachTarget(
  raw: RawData,
  signal: AbortSignal,
  visit: (target: number, row: number) => void,
): Promise<void> {
  for (let row = 0; row < raw.rows; row++) {
    if (row % TARGETS_AT_ONCE === TARGETS_AT_ONCE - 1) {
      await takeTurn(signal)
    }
    visit(raw.targetOf(row), row)
  }
}
