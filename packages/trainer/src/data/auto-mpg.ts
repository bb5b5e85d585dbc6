// From the list of cars to what exercise 2 trains on: repaired years, complete rows, one-hot origin, pandas' split, z-scores.
// The training part alone gives mean and standard deviation, so that the test part stays unseen.
import { sample } from '../random/sample.ts'
import { type Car, ORIGINS } from './cars.ts'
import { type Description, describe } from './describe.ts'

export const COLUMNS = [
  'Cylinders',
  'Displacement',
  'Horsepower',
  'Weight',
  'Acceleration',
  'Model Year',
  ...ORIGINS,
] as const

const TRAIN_FRACTION = 0.8
const SPLIT_SEED = 0

/** Rows of z-scores, row by row in one array, with the label of each row. */
export interface LabelledRows {
  rows: number
  /** rows × COLUMNS.length, row-major */
  features: Float32Array
  /** miles per gallon, one per row */
  labels: Float32Array
}

export interface AutoMpg {
  train: LabelledRows
  test: LabelledRows
  /** Of the training part before it is scaled, one per column: the page's train_stats. */
  statistics: Description[]
}

interface Row {
  cells: number[]
  milesPerGallon: number
}

/** @param cars in the file's order, on which the repair and the split depend */
export function prepareAutoMpg(cars: readonly Car[]): AutoMpg {
  const rows = completeRows(repairYears(cars))
  const drawn = sample(rows.length, TRAIN_FRACTION, SPLIT_SEED)
  const inTraining = new Set(drawn)
  // sample() keeps the order of the draw, drop(train.index) the order of the file.
  const train = [...drawn].map(index => rows[index] as Row)
  const test = rows.filter((_, index) => !inTraining.has(index))
  const statistics = COLUMNS.map((_, column) => describe(train.map(row => row.cells[column] as number)))
  return { train: scale(train, statistics), test: scale(test, statistics), statistics }
}

// vega's file merges 1981 into 1982 (61 rows). In UCI's order the first 30 of them are the cars of 1981; with them back,
// all nine rows of the page's train_stats agree to every printed digit, without them Model Year is off (75.955414).
const CARS_OF_1981 = 30

function repairYears(cars: readonly Car[]): Car[] {
  let left = CARS_OF_1981
  return cars.map(car => {
    if (car.modelYear !== 82 || left === 0) return car
    left--
    return { ...car, modelYear: 81 }
  })
}

function completeRows(cars: readonly Car[]): Row[] {
  return cars.flatMap(({ milesPerGallon, horsepower, ...car }) => {
    if (milesPerGallon === null || horsepower === null) return []
    const origin = ORIGINS.map(name => (car.origin === name ? 1 : 0))
    const measured = [car.cylinders, car.displacement, horsepower, car.weight, car.acceleration, car.modelYear]
    return [{ cells: [...measured, ...origin], milesPerGallon }]
  })
}

function scale(rows: readonly Row[], statistics: readonly Description[]): LabelledRows {
  const zScores = rows.map(row =>
    row.cells.map((cell, column) => {
      const { mean, std } = statistics[column] as Description
      return (cell - mean) / std
    }),
  )
  return {
    rows: rows.length,
    features: Float32Array.from(zScores.flat()),
    labels: Float32Array.from(rows, row => row.milesPerGallon),
  }
}
