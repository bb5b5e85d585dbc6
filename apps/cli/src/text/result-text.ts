// What a training left: one line of figures each, and the tables that the tutorial prints (layers, train statistics, the last
// epochs). Nine digits where two runs are to be compared by eye, as reproducibility is promised to the bit.
import type { TrainingReport } from '@trotline/contracts'
import { duration } from './durations.ts'
import type { Fact } from './fact.ts'
import { bytes, count } from './figures.ts'
import type { Style } from './style.ts'
import { type Column, table } from './table.ts'

type Value = number | null

const nine = (value: Value): string => (value === null ? 'not a number' : String(Number(value.toPrecision(9))))

export function resultFacts(result: TrainingReport): Fact[] {
  const { metrics, fitSeconds, backend, engine, coefficients, best, stoppedEarlyAt, skipped, weightsSha256 } = result
  const figures = Object.entries(metrics).map(([name, value]) => `${name} ${nine(value)}`)
  const facts: (Fact | null)[] = [
    { label: 'result', text: [...figures, `(fit ${duration(fitSeconds)} on ${backend}, engine ${engine})`].join('  ') },
    ...(coefficients === null ? [] : lineFacts(coefficients)),
    best && {
      label: 'best',
      text: `epoch ${best.epoch + 1}, by ${best.monitor} ${nine(best.value)}; its weights were kept`,
    },
    stoppedEarlyAt === null ? null : { label: 'stopped', text: `early, after epoch ${stoppedEarlyAt + 1}` },
    ...skippedFacts(skipped),
    weightsSha256 === null ? null : { label: 'weights', text: `sha256 ${weightsSha256}` },
  ]
  return facts.filter(fact => fact !== null)
}

/** One line a reason. */
function skippedFacts(skipped: TrainingReport['skipped']): Fact[] {
  const byReason = new Map<string, string[]>()
  for (const { backend, why } of skipped) byReason.set(why, [...(byReason.get(why) ?? []), backend])
  return [...byReason].map(([why, backends]) => ({ label: 'skipped', text: `${backends.join(', ')}: ${why}` }))
}

function lineFacts({ start, end, leastSquares }: NonNullable<TrainingReport['coefficients']>): Fact[] {
  const line = (a: Value, b: Value) =>
    `y = ${eight(a)} ${b !== null && b < 0 ? '-' : '+'} ${eight(b === null ? b : Math.abs(b))} x`
  return [
    { label: 'start', text: line(start.a, start.b) },
    { label: 'end', text: line(end.a, end.b) },
    { label: 'exact', text: `${line(leastSquares.intercept, leastSquares.slope)}  (least squares)` },
  ]
}

/** As numpy prints them. */
const eight = (value: Value): string => (value === null ? 'not a number' : value.toFixed(8))

export interface ResultTable {
  /** Of each row where there is no terminal. */
  label: string
  title: string
  columns: Column[]
  rows: string[][]
  /** Below the rows. */
  sum?: string
}

export function resultTables(result: TrainingReport): ResultTable[] {
  return [layerTable(result), statisticsTable(result), historyTable(result), artifactTable(result)].filter(
    each => each !== null,
  )
}

const right = (title: string): Column => ({ title, align: 'right' })

function layerTable({ layers }: TrainingReport): ResultTable | null {
  if (layers === null || layers.length === 0) return null
  const total = layers.reduce((sum, { params }) => sum + params, 0)
  return {
    label: 'layer',
    title: 'Layers',
    columns: [{ title: 'LAYER', flexible: true }, { title: 'TYPE' }, { title: 'OUTPUT' }, right('PARAMS')],
    rows: layers.map(({ name, type, outputShape, params }) => [name, type, outputShape.join(' x '), String(params)]),
    sum: `${count(total, 'parameter')} in all`,
  }
}

function statisticsTable({ trainStatistics }: TrainingReport): ResultTable | null {
  const columns = Object.entries(trainStatistics ?? {})
  const [first] = columns
  if (first === undefined) return null
  const names = Object.keys(first[1]) as (keyof (typeof first)[1])[]
  const cells = names.map(name => asPandas(columns.map(([, of]) => of[name])))
  return {
    label: 'statistics',
    title: 'Train statistics, before scaling',
    columns: [{ title: 'COLUMN', flexible: true }, ...names.map(name => right(name.toUpperCase()))],
    rows: columns.map(([column], row) => [column, ...cells.map(each => each[row] ?? '')]),
  }
}

/** As pandas prints a column: six decimals, less those that all of its values do without. */
function asPandas(values: readonly number[]): string[] {
  const extreme = values.some(value => value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e9))
  if (extreme) return values.map(value => value.toExponential(6))
  const decimals = Math.max(
    ...values.map(
      value =>
        value
          .toFixed(6)
          .replace(/\.?0+$/, '')
          .split('.')[1]?.length ?? 0,
    ),
  )
  return values.map(value => value.toFixed(decimals))
}

function historyTable({ history }: TrainingReport): ResultTable | null {
  const names = [...new Set(history.flatMap(values => Object.keys(values)))].filter(name => name !== 'epoch')
  if (names.length === 0) return null
  return {
    label: 'epoch',
    title: 'Last epochs',
    columns: [right('EPOCH'), ...names.map(right)],
    rows: history.map(({ epoch, ...values }) => [
      typeof epoch === 'number' ? String(epoch + 1) : '',
      ...names.map(name => (values[name] === undefined ? '' : nine(values[name]))),
    ]),
  }
}

function artifactTable({ artifacts }: TrainingReport): ResultTable | null {
  if (artifacts.length === 0) return null
  return {
    label: 'artifact',
    title: 'Artifacts, in the job directory on the cluster',
    columns: [{ title: 'FILE', flexible: true }, right('SIZE'), { title: 'SHA256', flexible: true }],
    rows: artifacts.map(({ path, bytes: size, sha256 }) => [path, bytes(size), sha256]),
  }
}

/** For eyes, each with its title above it. */
export function resultText(result: TrainingReport, width: number, style: Style): string {
  return resultTables(result)
    .map(({ title, columns, rows, sum }) => {
      const lines = table(columns, rows, width - MARGIN.length, style)
        .trimEnd()
        .split('\n')
      const below = sum === undefined ? [] : [style.dim(sum)]
      return ['', style.bold(title), ...[...lines, ...below].map(line => MARGIN + line), ''].join('\n')
    })
    .join('')
}

const MARGIN = '  '

/** For pipes: a row of each table under its label, as `name value` pairs that need no header. */
export const resultRows = (result: TrainingReport): Fact[] =>
  resultTables(result).flatMap(({ label, columns, rows }) =>
    rows.map(row => ({
      label,
      text: row.map((cell, i) => (i === 0 ? cell : `${columns[i]?.title.toLowerCase()} ${cell}`)).join('  '),
    })),
  )
