// The releases of a framework as the matrix lists them, each as the question that it is: what the rows of the grid are made from. And any of
// its tables as rows of text. The matrix comes as it lies in its file, so nothing of its form is relied on that is not looked at. Pure.
import type { Software } from '@trotline/contracts'

export type MatrixTables = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

export interface Release {
  /** `2.11.0 cu130` */
  label: string
  software: Software
  source: string
}

export const GRID_FRAMEWORKS = ['pytorch', 'tensorflow', 'jax', 'tfjs-node-gpu'] as const
export type GridFramework = (typeof GRID_FRAMEWORKS)[number]

/** From old to new: one of each architecture that is met. */
export const GRID_GPUS = ['Tesla K80', 'Tesla P100', 'Tesla V100', 'Tesla T4', 'A100', 'L40S', 'H100', 'B200'] as const

type Row = Readonly<Record<string, unknown>>
const word = (row: Row, name: string): string => (typeof row[name] === 'string' ? row[name] : '')

const READERS: Readonly<Record<GridFramework, readonly [table: string, (row: Row) => Omit<Release, 'source'> | null]>> =
  {
    pytorch: [
      'pytorchWheels',
      row =>
        word(row, 'cpuArch') !== 'x86_64' || word(row, 'stability') !== 'stable'
          ? null
          : {
              label: `${word(row, 'version')} ${word(row, 'tag')}`,
              software: { channel: 'pip', frameworkVersion: word(row, 'version'), wheelTag: word(row, 'tag') },
            },
    ],
    tensorflow: [
      'tensorflowPip',
      row => ({
        label: `${word(row, 'version')}${word(row, 'package') === 'tensorflow' ? '' : ` ${word(row, 'package')}`}`,
        software: { channel: 'pip', package: word(row, 'package'), frameworkVersion: word(row, 'version') },
      }),
    ],
    jax: [
      'jaxBuilds',
      row => ({
        label: `${word(row, 'to') || `${word(row, 'from')} and newer`}, CUDA ${word(row, 'builtWith')}`,
        software: {
          channel: 'pip',
          frameworkVersion: word(row, 'to') || word(row, 'from'),
          cuda: word(row, 'builtWith') || word(row, 'cudaTo'),
        },
      }),
    ],
    'tfjs-node-gpu': [
      'tfjsNodeGpu',
      row => ({
        label: word(row, 'version'),
        software: { channel: 'npm', frameworkVersion: word(row, 'version') },
      }),
    ],
  }

/** Newest first, as the table has its order. */
export function releasesOf(tables: MatrixTables, framework: GridFramework): Release[] {
  const [table, read] = READERS[framework]
  return (tables[table] ?? [])
    .flatMap(row => {
      const release = read(row)
      return release === null
        ? []
        : [{ ...release, software: { framework, ...release.software }, source: word(row, 'source') }]
    })
    .reverse()
}

export interface TableText {
  columns: readonly string[]
  rows: readonly (readonly string[])[]
}

/** With its source last. @param words all of which a row has to have */
export function tableText(rows: readonly Row[], words: string): TableText {
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))]
  const columns = [...names.filter(name => name !== 'source'), ...names.filter(name => name === 'source')]
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  return {
    columns,
    rows: rows
      .map(row => columns.map(name => cell(row[name])))
      .filter(row => {
        const text = row.join(' ').toLowerCase()
        return wanted.every(one => text.includes(one))
      }),
  }
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(cell).join(', ')
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** `driverBranches` as people read it: "driver branches". */
export const tableName = (name: string): string => name.replace(/([A-Z])/g, letter => ` ${letter.toLowerCase()}`)
