// What can be said against the description of data whose files nobody has opened yet.
import type { CsvData, Data } from './data.ts'
import type { Finding } from './problem.ts'
import type { ModelTraining } from './training.ts'

/** What a row's target is, as far as its description tells. `count` null: as many as the files have. */
export type Target = { kind: 'number' } | { kind: 'classes'; count: number | null } | { kind: 'unknown' }

export function targetOf(data: Data): Target {
  switch (data.format) {
    case 'auto-mpg':
      return { kind: 'number' }
    case 'csv': {
      const column = data.columns[data.target] ?? 'number'
      if (typeof column === 'object') return { kind: 'classes', count: column.categories.length }
      return column === 'category' ? { kind: 'classes', count: null } : { kind: 'number' }
    }
    case 'idx':
      return { kind: 'classes', count: null }
    case 'cifar10':
      return { kind: 'classes', count: 10 }
    case 'npy':
    case 'npz':
      return { kind: 'unknown' }
  }
}

export function dataFindings({ data, testData, validationData }: ModelTraining): Finding[] {
  const findings = partFindings(data, '/training/data')
  for (const [part, field] of [
    [testData, 'testData'],
    [validationData, 'validationData'],
  ] as const) {
    if (part === null) continue
    const pointer = `/training/${field}`
    findings.push(...partFindings(part, pointer))
    if (part.format === 'auto-mpg')
      findings.push({
        pointer: `${pointer}/format`,
        detail: 'auto-mpg is one table, and no part of it is set apart',
        hint: 'Take data: { format: auto-mpg } with split or validationSplit',
      })
  }
  return findings
}

const partFindings = (data: Data, pointer: string): Finding[] =>
  data.format === 'csv' ? csvFindings(data, pointer) : []

const escaped = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1')

function csvFindings({ names, target, columns }: CsvData, at: string): Finding[] {
  const findings: Finding[] = []
  if (columns[target] === 'skip')
    findings.push({ pointer: `${at}/columns/${escaped(target)}`, detail: `The target ${target} cannot be skipped` })
  if (names === null) return findings
  names.forEach((name, i) => {
    const first = names.indexOf(name)
    if (first < i)
      findings.push({ pointer: `${at}/names/${i}`, detail: `names.${first} is ${name} already`, found: name })
  })
  const required = `one of ${names.slice(0, 50).join(', ')}${names.length > 50 ? ' …' : ''}`
  if (!names.includes(target))
    findings.push({ pointer: `${at}/target`, detail: `There is no column ${target} in names`, found: target, required })
  for (const name of Object.keys(columns)) {
    if (!names.includes(name))
      findings.push({
        pointer: `${at}/columns/${escaped(name)}`,
        detail: `There is no column ${name} in names`,
        found: name,
        required,
      })
  }
  if (names.every(name => name === target || columns[name] === 'skip'))
    findings.push({ pointer: `${at}/columns`, detail: 'No column is left to learn from' })
  return findings
}
