// The parts of a training: which rows train, validate and test, scaled as the training part says.
import { lossOf, type ModelTraining } from '@trotline/contracts'
import { sample } from '../random/sample.ts'
import { badData } from './bad-data.ts'
import { classesByLoss, sameClasses } from './classes.ts'
import type { Dataset } from './dataset.ts'
import { type Description, describe } from './describe.ts'
import { type Assets, openData } from './open-data.ts'
import type { RawData } from './raw-data.ts'
import { rowNumbers, rowNumbersWithout, subset } from './subset.ts'
import { takeTurn } from './turn.ts'
import { measureZScore, type ZScore, zScored, zScoreOf } from './z-score.ts'

export interface TrainingData {
  train: Dataset
  validation: Dataset | null
  test: Dataset | null
  /**
   * Of the training part before it is scaled and before validation rows are set apart: the tutorial's train_stats, by feature.
   * null: the data are arrays, or have more than 1,000 features, which nobody reads one by one.
   */
  statistics: Record<string, Description> | null
  /** Closes the files of all parts. */
  close(): void
}

const MAX_DESCRIBED = 1_000
/** Values of a column between two turns of the event loop: some ms. */
const GATHERED_AT_ONCE = 65_536

type PartsOf = Pick<ModelTraining, 'data' | 'split' | 'testData' | 'validationSplit' | 'validationData' | 'loss'>

/**
 * The training part is drawn as pandas draws `sample(frac, random_state)`, in the order of the draw, and the test part is the
 * others in the order of the file; Keras's validation_split takes the last rows of the training part.
 * @throws as openData does, and TRAIN_BAD_DATA where parts do not fit each other or have no rows
 */
export async function openTrainingData(
  training: PartsOf,
  assets: Assets,
  signal: AbortSignal = new AbortController().signal,
): Promise<TrainingData> {
  const opened: RawData[] = []
  const close = (): void => {
    for (const raw of opened) raw.close()
  }
  const open = async (data: ModelTraining['data'], like: RawData | null): Promise<RawData> => {
    const raw = await openData(data, assets, { like, signal })
    opened.push(raw)
    return raw
  }
  try {
    const raw = await open(training.data, null)
    const classes = await classesByLoss(raw, lossOf(training.loss), signal)
    const { drawn, others } = await splitRows(raw, training.split, signal)
    const { statistics, zScore } = await measure(raw, drawn, signal)
    const scale = (part: RawData): Dataset => ({
      ...(zScore === null ? unscaled(part) : zScored(part, zScore)),
      classes,
    })
    const openOther = async (data: ModelTraining['data']): Promise<Dataset> => {
      const other = await open(data, raw)
      expectLike(other, raw)
      await sameClasses(other, classes, raw, signal)
      return scale(other)
    }
    const all = scale(raw)
    // Keras: int(rows · (1 − split)) rows train, the last ones validate.
    const trained = Math.floor(drawn.length * (1 - training.validationSplit))
    const validates = training.validationSplit > 0
    if (trained === 0 || (validates && trained === drawn.length))
      throw badData(
        { path: raw.path },
        `has ${drawn.length} rows to train on, too few to set some apart for validation`,
      )
    return {
      train: subset(all, drawn.subarray(0, trained)),
      validation: training.validationData
        ? await openOther(training.validationData)
        : validates
          ? subset(all, drawn.subarray(trained))
          : null,
      test: training.testData ? await openOther(training.testData) : others && subset(all, others),
      statistics,
      close,
    }
  } catch (error) {
    close()
    throw error
  }
}

/** The same numbers of rows that are called by another shape. */
export function shapedAs(shape: readonly number[], { train, validation, test, ...data }: TrainingData): TrainingData {
  const shaped = (part: Dataset): Dataset => ({ ...part, shape })
  return { ...data, train: shaped(train), validation: validation && shaped(validation), test: test && shaped(test) }
}

async function splitRows(
  raw: RawData,
  split: ModelTraining['split'],
  signal: AbortSignal,
): Promise<{ drawn: Int32Array; others: Int32Array | null }> {
  if (split === null) return { drawn: rowNumbers(0, raw.rows), others: null }
  const drawn = await sample(raw.rows, split.trainFraction, split.splitSeed, () => takeTurn(signal))
  await takeTurn(signal)
  const others = rowNumbersWithout(drawn, raw.rows)
  if (drawn.length === 0 || others.length === 0)
    throw badData({ path: raw.path }, `has ${raw.rows} rows, too few to be split into a training and a test part`)
  return { drawn, others }
}

async function measure(
  raw: RawData,
  drawn: Int32Array,
  signal: AbortSignal,
): Promise<{ statistics: Record<string, Description> | null; zScore: ZScore | null }> {
  const { table } = raw
  if (raw.zScore && drawn.length < 2)
    throw badData({ path: raw.path }, 'has one row to train on, which has no deviation')
  if (table === null)
    return { statistics: null, zScore: raw.zScore ? await measureZScore(raw, drawn.toSorted(), signal) : null }
  const names = table.featureNames
  const described = names.length <= MAX_DESCRIBED && drawn.length > 1
  if (!raw.zScore && !described) return { statistics: null, zScore: null }
  const descriptions: Description[] = []
  for (let feature = 0; feature < names.length; feature++) {
    const values = new Float64Array(drawn.length)
    for (let from = 0; from < drawn.length; from += GATHERED_AT_ONCE) {
      await takeTurn(signal)
      values.set(table.feature(feature, drawn.subarray(from, from + GATHERED_AT_ONCE)), from)
    }
    descriptions.push(await describe(values, () => takeTurn(signal)))
  }
  return {
    statistics: described ? Object.fromEntries(names.map((name, i) => [name, descriptions[i] as Description])) : null,
    zScore: raw.zScore ? zScoreOf(descriptions) : null,
  }
}

const unscaled = ({ rows, shape, targets, classes, read, close }: RawData): Dataset => ({
  rows,
  shape,
  targets,
  classes,
  read,
  close,
})

function expectLike(other: RawData, raw: RawData): void {
  const text = (shape: readonly number[]): string => `[${shape.join(', ')}]`
  if (text(other.shape) !== text(raw.shape))
    throw badData(
      { path: other.path },
      `has rows of ${text(other.shape)}, and those of ${raw.path} are ${text(raw.shape)}`,
    )
  if (other.targets !== raw.targets)
    throw badData({ path: other.path }, `has ${other.targets} targets a row, and ${raw.path} has ${raw.targets}`)
}
