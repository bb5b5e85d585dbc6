// The thorough look at conda/compatibility.json: its form, ranges, references from one table to another, rows that repeat or
// contradict each other; and what it covers. `npm run matrix` prints it, a unit test runs it.
import { FRAMEWORK_NAMES } from '../builds/build.ts'
import { buildsOf, LISTED_FRAMEWORKS } from '../builds/builds-of.ts'
import { showDotted } from '../versions/dotted.ts'
import { contradictions } from './contradictions.ts'
import { indexTables, type Matrix } from './matrix.ts'
import { order, ranges, references, repetitions } from './references.ts'
import { MatrixFile } from './schema.ts'

export interface MatrixCheck {
  /** Sentences, each with table and row (counted from 1); empty when all is well. */
  faults: string[]
  /** null where the file's form is wrong. */
  coverage: Coverage | null
}

export interface Coverage {
  rows: number
  asOf: string
  frameworks: { name: string; releases: number; builds: number; withKernels: number; newest: string }[]
  toolkits: { count: number; oldest: string; newest: string }
  branches: { count: number; newest: string }
  gpus: { count: number; names: number; ambiguous: number }
}

/** Of the file's text. Never throws for what stands in it. */
export function checkMatrix(text: string): MatrixCheck {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return { faults: [`not JSON: ${error instanceof Error ? error.message : error}`], coverage: null }
  }
  const parsed = MatrixFile.safeParse(json)
  if (!parsed.success)
    return { faults: parsed.error.issues.map(issue => `${placeOf(issue.path)}: ${issue.message}`), coverage: null }
  const { tables, asOf } = parsed.data
  const faults = [
    ...order(tables),
    ...ranges(tables),
    ...references(tables),
    ...repetitions(tables),
    ...contradictions(tables),
    ...form(text),
  ]
  return { faults, coverage: faults.length > 0 ? null : coverageOf(indexTables(asOf, tables)) }
}

function placeOf(path: readonly PropertyKey[]): string {
  const [, table, row, ...field] = path
  if (table === undefined) return String(path[0] ?? 'the file')
  return `${String(table)}${typeof row === 'number' ? ` row ${row + 1}` : ''}${field.length > 0 ? ` ${field.map(String).join('.')}` : ''}`
}

/** One row a line: a change of one row is a change of one line. */
function form(text: string): string[] {
  return text.split('\n').flatMap((line, i) => {
    const trimmed = line.trim().replace(/,$/, '')
    const whole =
      /^\{.*\}$/.test(trimmed) || /^[{}[\]]$|^"[A-Za-z]+": (?:[[{]|\d+|"[^"]*")$|^\},?$/.test(trimmed) || trimmed === ''
    return whole ? [] : [`line ${i + 1}: a row has to stand on one line of its own`]
  })
}

function coverageOf(matrix: Matrix): Coverage {
  const { tables } = matrix
  const last = <Value>(values: readonly Value[]) => values.at(-1)
  return {
    rows: Object.values(tables).reduce((sum, rows) => sum + rows.length, 0),
    asOf: matrix.asOf,
    frameworks: LISTED_FRAMEWORKS.map(framework => {
      const builds = buildsOf(framework, matrix)
      return {
        name: FRAMEWORK_NAMES[framework],
        releases: new Set(builds.map(build => showDotted(build.from))).size,
        builds: builds.length,
        withKernels: builds.filter(build => build.sass !== null).length,
        newest: builds[0] === undefined ? '' : showDotted(builds[0].to),
      }
    }),
    toolkits: {
      count: tables.toolkits.length,
      oldest: showDotted(matrix.oldestCuda),
      newest: showDotted(matrix.newestCuda),
    },
    branches: { count: tables.driverBranches.length, newest: last(tables.driverBranches)?.branch ?? '' },
    gpus: {
      count: tables.gpus.length,
      names: tables.gpus.reduce((sum, row) => sum + row.names.length, 0),
      ambiguous: tables.ambiguousGpuNames.length,
    },
  }
}

/** For people, one line a subject. */
export function coverageText(coverage: Coverage): string {
  const lines = [
    `${coverage.rows} rows, sources up to ${coverage.asOf}`,
    `CUDA ${coverage.toolkits.oldest} to ${coverage.toolkits.newest} (${coverage.toolkits.count} releases), drivers up to ${coverage.branches.newest} (${coverage.branches.count} branches)`,
    `${coverage.gpus.count} GPUs under ${coverage.gpus.names} names, ${coverage.gpus.ambiguous} names that several share`,
    ...coverage.frameworks.map(
      one =>
        `${one.name}: ${one.releases} releases up to ${one.newest}, ${one.builds} builds, ${one.withKernels} with a list of kernels`,
    ),
  ]
  return lines.map(line => `  ${line}`).join('\n')
}
