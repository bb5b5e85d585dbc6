// Reads cars.json and believes nothing: every row and column is checked before anything is computed from it.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TrainerError } from '../errors.ts'
import { unreadable } from './file.ts'

const CARS_FILE = 'cars.json'
export const ORIGINS = ['Europe', 'Japan', 'USA'] as const
export type CarOrigin = (typeof ORIGINS)[number]

/** One car as the file has it. `modelYear` is the file's "Year" as two digits. */
export interface Car {
  milesPerGallon: number | null
  cylinders: number
  displacement: number
  horsepower: number | null
  weight: number
  acceleration: number
  modelYear: number
  origin: CarOrigin
}

/** What the file of vega-datasets 3.2.1 holds. Other counts mean another file, and other results than the tutorial's. */
const EXPECTED = { rows: 406, Miles_per_Gallon: 8, Horsepower: 6, 'cars of 1982': 61 } as const

export const pathOfCars = (directory: string): string => join(directory, CARS_FILE)

/** @throws TrainerError TRAIN_BAD_DATA naming file, row (from 1) and column, or TRAIN_DATA_UNREADABLE */
export async function readCars(directory: string): Promise<Car[]> {
  const path = pathOfCars(directory)
  const rows = await readRows(path)
  const cars = rows.map((row, index) => parseCar(row, index, path))
  expectCount(path, 'rows', cars.length, EXPECTED.rows)
  const nulls = (values: (number | null)[]): number => values.filter(value => value === null).length
  const column = (name: string): string => `nulls in column ${name}`
  expectCount(path, column('Miles_per_Gallon'), nulls(cars.map(car => car.milesPerGallon)), EXPECTED.Miles_per_Gallon)
  expectCount(path, column('Horsepower'), nulls(cars.map(car => car.horsepower)), EXPECTED.Horsepower)
  // The repair of 1981 (auto-mpg.ts) is right for a file that merges both years and wrong for any other.
  const latest = cars.filter(car => car.modelYear === 82).length
  expectCount(path, 'cars of 1982', latest, EXPECTED['cars of 1982'])
  return cars
}

async function readRows(path: string): Promise<unknown[]> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, cause)
  }
  let rows: unknown
  try {
    rows = JSON.parse(text)
  } catch (cause) {
    throw new TrainerError('TRAIN_BAD_DATA', `${path} is not JSON: ${(cause as Error).message}.`, { cause })
  }
  if (!Array.isArray(rows)) throw new TrainerError('TRAIN_BAD_DATA', `${path} is not a list of rows.`)
  return rows
}

function expectCount(path: string, what: string, found: number, expected: number): void {
  if (found !== expected)
    throw new TrainerError('TRAIN_BAD_DATA', `${path} has ${found} ${what}, expected ${expected}.`, {
      details: { path, what, found, expected },
    })
}

function parseCar(row: unknown, index: number, path: string): Car {
  const bad = (column: string | null, found: unknown, expected: string): TrainerError => {
    const place = column === null ? `row ${index + 1}` : `row ${index + 1}, column ${column}`
    const text = found === undefined ? 'missing' : (JSON.stringify(found) ?? String(found)).slice(0, 80)
    return new TrainerError('TRAIN_BAD_DATA', `${path}, ${place}: ${text} is not ${expected}.`, {
      details: { path, row: index + 1, column },
    })
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw bad(null, row, 'a car')
  const cells = row as Record<string, unknown>

  const number = (column: string): number => {
    const cell = cells[column]
    // JSON.parse makes Infinity of 1e999.
    if (typeof cell !== 'number' || !Number.isFinite(cell)) throw bad(column, cell, 'a number')
    return cell
  }
  const numberOrNull = (column: string): number | null => (cells[column] === null ? null : number(column))
  const year = (column: string): number => {
    const cell = cells[column]
    const match = typeof cell === 'string' ? /^19(7\d|8[0-2])-01-01$/.exec(cell) : null
    if (match === null) throw bad(column, cell, 'a year from 1970-01-01 to 1982-01-01')
    return Number(match[1])
  }
  const origin = (column: string): CarOrigin => {
    const known = ORIGINS.find(name => name === cells[column])
    if (known === undefined) throw bad(column, cells[column], `one of ${ORIGINS.join(', ')}`)
    return known
  }

  return {
    milesPerGallon: numberOrNull('Miles_per_Gallon'),
    cylinders: number('Cylinders'),
    displacement: number('Displacement'),
    horsepower: numberOrNull('Horsepower'),
    weight: number('Weight_in_lbs'),
    acceleration: number('Acceleration'),
    modelYear: year('Year'),
    origin: origin('Origin'),
  }
}
