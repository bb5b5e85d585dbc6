// The tables of conda/compatibility.json, read once and indexed: what the gates look up lies in maps, in order.
// No file is read here; whoever judges hands in its text. matrix/check.ts is the thorough look at the same file.

import { indexGpuNames } from '../gpus/names.ts'
import { capabilityKey } from '../versions/capability.ts'
import { compareDotted, type Dotted, dotted } from '../versions/dotted.ts'
import { branchNumber } from '../versions/driver.ts'
import { type Row, TABLES, type TableName, type Tables } from './schema.ts'

export interface Toolkit {
  cuda: Dotted
  minDriver: Dotted
  disputedMinDriver: Dotted | null
  row: Row<'toolkits'>
}

export interface Architecture {
  capability: Dotted
  lastCuda: Dotted | null
  firstDriver: Dotted | null
  lastBranch: number | null
  row: Row<'architectures'>
}

export interface CudnnRow {
  from: Dotted
  to: Dotted
  cuda: readonly Dotted[]
  row: Row<'cudnn'>
}

export interface Matrix {
  readonly asOf: string
  readonly tables: Tables
  /** By minor (12.4), oldest release first. */
  readonly toolkits: ReadonlyMap<string, readonly Toolkit[]>
  readonly newestCuda: Dotted
  readonly oldestCuda: Dotted
  readonly architectures: ReadonlyMap<string, Architecture>
  readonly branches: ReadonlyMap<number, Row<'driverBranches'>>
  readonly newestBranch: number
  readonly cudnn: readonly CudnnRow[]
  readonly gpuNames: ReadonlyMap<string, Row<'gpus'> | Row<'ambiguousGpuNames'>>
  readonly rules: ReadonlyMap<string, Row<'rules'>>
  /** Filled on first use by whoever derives something costly from the tables, under a name of its own. */
  readonly derived: Map<string, unknown>
}

/**
 * Reads the file's text. Only its outline is checked here, so that it is quick; rows were checked by `npm run matrix`.
 *
 * @throws TypeError when it is not such a file, with what is wrong
 */
export function parseMatrix(text: string): Matrix {
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch (cause) {
    throw new TypeError('the compatibility matrix is not JSON', { cause })
  }
  const { format, asOf, tables } = (file ?? {}) as { format?: unknown; asOf?: unknown; tables?: unknown }
  if (format !== 1)
    throw new TypeError(`the compatibility matrix has format ${JSON.stringify(format)}, this program reads 1`)
  if (typeof asOf !== 'string' || typeof tables !== 'object' || tables === null)
    throw new TypeError('the compatibility matrix lacks `asOf` or `tables`')
  for (const name of Object.keys(TABLES))
    if (!Array.isArray((tables as Record<string, unknown>)[name]))
      throw new TypeError(`the compatibility matrix lacks the table ${name}`)
  return indexTables(asOf, tables as Tables)
}

/** Of tables already parsed. @throws TypeError for a version in them that is none */
export function indexTables(asOf: string, tables: Tables): Matrix {
  const toolkits = toolkitsByMinor(tables.toolkits)
  const releases = tables.toolkits.map(row => dotted(row.cuda)).sort(compareDotted)
  const branches = new Map(tables.driverBranches.map(row => [branchNumber(row.branch), row]))
  return {
    asOf,
    tables,
    toolkits,
    newestCuda: releases.at(-1) ?? [],
    oldestCuda: releases[0] ?? [],
    architectures: new Map(
      tables.architectures.map(row => [
        row.capability,
        {
          capability: dotted(row.capability),
          lastCuda: row.lastCuda === null ? null : dotted(row.lastCuda),
          firstDriver: row.firstDriver === null ? null : dotted(row.firstDriver),
          lastBranch: row.lastBranch === null ? null : branchNumber(row.lastBranch),
          row,
        },
      ]),
    ),
    branches,
    newestBranch: Math.max(...branches.keys()),
    cudnn: tables.cudnn.map(row => ({ from: dotted(row.from), to: dotted(row.to), cuda: row.cuda.map(dotted), row })),
    gpuNames: indexGpuNames(tables.gpus, tables.ambiguousGpuNames),
    rules: new Map(tables.rules.map(row => [row.rule, row])),
    derived: new Map(),
  }
}

function toolkitsByMinor(rows: readonly Row<'toolkits'>[]): Map<string, Toolkit[]> {
  const byMinor = new Map<string, Toolkit[]>()
  for (const row of rows) {
    const cuda = dotted(row.cuda)
    const key = `${cuda[0]}.${cuda[1]}`
    const toolkit = {
      cuda,
      minDriver: dotted(row.minDriver),
      disputedMinDriver: row.disputedMinDriver === undefined ? null : dotted(row.disputedMinDriver),
      row,
    }
    byMinor.set(key, [...(byMinor.get(key) ?? []), toolkit])
  }
  for (const toolkits of byMinor.values()) toolkits.sort((a, b) => compareDotted(a.cuda, b.cuda))
  return byMinor
}

export const architectureOf = (capability: Dotted, matrix: Matrix): Architecture | null =>
  matrix.architectures.get(capabilityKey(capability)) ?? null

/** The rule's row. @throws TypeError when the matrix does not have it */
export function ruleOf(name: string, matrix: Matrix): Row<'rules'> {
  const row = matrix.rules.get(name)
  if (row === undefined) throw new TypeError(`the compatibility matrix has no rule ${name}`)
  return row
}

/** Computes once for a matrix, then remembers. */
export function derivedOf<Value>(matrix: Matrix, name: string, compute: () => Value): Value {
  if (!matrix.derived.has(name)) matrix.derived.set(name, compute())
  return matrix.derived.get(name) as Value
}

export type { Row, TableName, Tables }
