// Ranges that end before they begin, references to rows that are not there, and what a table says twice.
import { keyOf } from '../gpus/names.ts'
import { beginsWith, compareDotted, dotted, minorOf, showDotted } from '../versions/dotted.ts'
import type { TableName, Tables } from './schema.ts'

/** With its place, as people count. */
export function* eachRow<Name extends TableName>(
  tables: Tables,
  name: Name,
): Generator<[string, Tables[Name][number]]> {
  for (const [i, row] of tables[name].entries()) yield [`${name} row ${i + 1}`, row as Tables[Name][number]]
}

const RANGES = [
  ['minorVersion', 'from', 'to'],
  ['pytorchCondaForge', 'from', 'to'],
  ['tensorflowConda', 'from', 'to'],
  ['jaxBuilds', 'from', 'to'],
  ['jaxBuilds', 'cudaFrom', 'cudaTo'],
  ['jaxPython', 'from', 'to'],
  ['jaxPython', 'pythonFrom', 'pythonTo'],
  ['jaxKernels', 'from', 'to'],
  ['cudnn', 'from', 'to'],
  ['cudnn', 'minCapability', 'maxCapability'],
  ['cudnn', 'minCapability', 'disputedMinCapability'],
  ['architectures', 'firstCuda', 'lastCuda'],
  ['toolkits', 'disputedMinDriver', 'minDriver'],
  ['pytorchWheels', 'glibc', 'disputedGlibc'],
] as const

/** Rows stand oldest first: people find their place, and whoever looks for the last that fits relies on it. */
const SORTED = [
  ['toolkits', 'cuda'],
  ['minorVersion', 'from'],
  ['driverBranches', 'branch'],
  ['architectures', 'capability'],
  ['toolkitArchitectures', 'from'],
  ['pytorchReleases', 'version'],
  ['pytorchWheels', 'version'],
  ['pytorchConda', 'version'],
  ['tensorflowPip', 'version'],
  ['jaxBuilds', 'from'],
  ['jaxPython', 'from'],
  ['jaxKernels', 'from'],
  ['tfjsNodeGpu', 'version'],
  ['cudnn', 'from'],
] as const

/** A row before an older one. */
export function order(tables: Tables): string[] {
  const faults: string[] = []
  for (const [name, field] of SORTED) {
    let before = dotted('0')
    for (const [place, row] of eachRow(tables, name)) {
      const text = (row as unknown as Record<string, string>)[field] ?? ''
      const version = dotted(text.replace(/^R/, ''))
      if (compareDotted(version, before) < 0) faults.push(`${place}: ${field} ${text} stands after a newer one`)
      before = version
    }
  }
  return faults
}

/** A lower end above its upper end; lists out of order. */
export function ranges(tables: Tables): string[] {
  const faults: string[] = []
  for (const [name, low, high] of RANGES)
    for (const [place, row] of eachRow(tables, name)) {
      const { [low]: from, [high]: to } = row as Record<string, string | null | undefined>
      if (from == null || to == null) continue
      const upper = dotted(to)
      if (compareDotted(dotted(from), upper) > 0 && !beginsWith(dotted(from), upper))
        faults.push(`${place}: ${low} ${from} lies above ${high} ${to}`)
    }
  for (const name of [
    'pytorchWheels',
    'pytorchConda',
    'tensorflowPip',
    'tensorflowConda',
    'jaxKernels',
    'pytorchCondaForge',
  ] as const)
    for (const [place, row] of eachRow(tables, name))
      for (const list of ['sass', 'ptx'] as const) {
        const numbers = (row[list] ?? []).map(dotted)
        if (numbers.some((one, i) => i > 0 && compareDotted(one, numbers[i - 1] ?? []) <= 0))
          faults.push(`${place}: ${list} is not in order, or names one twice`)
      }
  return faults
}

/** What a row names and no other table has. */
export function references(tables: Tables): string[] {
  const faults: string[] = []
  const minors = new Set(tables.toolkits.map(row => showDotted(minorOf(dotted(row.cuda)))))
  const toolkit = (place: string, cuda: string) => {
    if (!minors.has(showDotted(minorOf(dotted(cuda))))) faults.push(`${place}: CUDA ${cuda} has no row in toolkits`)
  }
  for (const name of [
    'pytorchWheels',
    'pytorchConda',
    'pytorchCondaForge',
    'tensorflowPip',
    'tensorflowConda',
    'tfjsNodeGpu',
  ] as const)
    for (const [place, row] of eachRow(tables, name)) toolkit(place, row.cuda)
  for (const [place, row] of eachRow(tables, 'jaxBuilds')) toolkit(place, row.builtWith)
  const capabilities = new Set(tables.architectures.map(row => row.capability))
  const known = (place: string, list: readonly string[]) => {
    for (const one of list)
      if (!capabilities.has(one)) faults.push(`${place}: compute capability ${one} has no row in architectures`)
  }
  for (const [place, row] of eachRow(tables, 'gpus')) known(place, [row.capability])
  for (const [place, row] of eachRow(tables, 'toolkitArchitectures')) known(place, row.capabilities)
  for (const name of [
    'pytorchWheels',
    'pytorchConda',
    'pytorchCondaForge',
    'tensorflowPip',
    'tensorflowConda',
    'jaxKernels',
  ] as const)
    for (const [place, row] of eachRow(tables, name)) known(place, [...(row.sass ?? []), ...(row.ptx ?? [])])
  const branches = new Set(tables.driverBranches.map(row => row.branch))
  for (const [place, row] of eachRow(tables, 'forwardCompat'))
    for (const base of row.bases) if (!branches.has(base)) faults.push(`${place}: ${base} has no row in driverBranches`)
  for (const [place, row] of eachRow(tables, 'architectures'))
    if (row.lastBranch !== null && !branches.has(row.lastBranch))
      faults.push(`${place}: ${row.lastBranch} has no row in driverBranches`)
  const releases = new Set(tables.pytorchReleases.map(row => row.version))
  for (const name of ['pytorchWheels', 'pytorchConda'] as const)
    for (const [place, row] of eachRow(tables, name))
      if (!releases.has(showDotted(minorOf(dotted(row.version)))))
        faults.push(`${place}: PyTorch ${row.version} has no row in pytorchReleases`)
  const tensorflow = new Set(tables.tensorflowPip.map(row => showDotted(minorOf(dotted(row.version)))))
  for (const [place, row] of eachRow(tables, 'tfjsNodeGpu'))
    if (row.libtensorflow !== null && !tensorflow.has(showDotted(minorOf(dotted(row.libtensorflow)))))
      faults.push(`${place}: libtensorflow ${row.libtensorflow} has no row in tensorflowPip`)
  const products = new Set(tables.gpus.map(row => row.product))
  for (const [place, row] of eachRow(tables, 'ambiguousGpuNames'))
    for (const product of row.products)
      if (!products.has(product) && !/\(\d+\.\d\)$/.test(product))
        faults.push(`${place}: ${product} is no product of gpus, and has no compute capability behind it`)
  return faults
}

/** What a table may say only once. */
const KEYS: { [Name in TableName]?: (row: Tables[Name][number]) => string } = {
  toolkits: row => row.cuda,
  toolkitsNeverReleased: row => row.cuda,
  forwardCompat: row => row.package,
  driverBranches: row => row.branch,
  architectures: row => row.capability,
  toolkitArchitectures: row => row.from,
  gpus: row => row.product,
  pytorchReleases: row => row.version,
  pytorchWheels: row => `${row.version} ${row.tag} ${row.cpuArch}`,
  pytorchConda: row => `${row.version} ${minorOf(dotted(row.cuda))}`,
  pytorchCondaForge: row => `${row.channel} ${row.from} to ${row.to} ${row.cuda}`,
  tensorflowPip: row => `${row.package} ${row.version}`,
  tensorflowConda: row => `${row.channel} ${row.from} to ${row.to} ${row.cuda}`,
  jaxBuilds: row => `${row.from} to ${row.to} ${row.cudaFrom}`,
  jaxPython: row => row.from,
  jaxKernels: row => `${row.from} ${row.cudaMajor}`,
  tfjsNodeGpu: row => row.version,
  cudnn: row => `${row.from} to ${row.to} ${row.cuda.join(' ')}`,
  channels: row => `${row.channel} ${row.framework}`,
  rules: row => row.rule,
  disagreements: row => row.topic,
}

export function repetitions(tables: Tables): string[] {
  const faults: string[] = []
  for (const name of Object.keys(KEYS) as TableName[]) {
    const key = KEYS[name] as (row: Tables[TableName][number]) => string
    const seen = new Map<string, string>()
    for (const [place, row] of eachRow(tables, name)) {
      const before = seen.get(key(row))
      if (before !== undefined) faults.push(`${place}: says ${key(row)} a second time, after ${before}`)
      seen.set(key(row), place)
    }
  }
  const names = new Map<string, string>()
  for (const table of ['gpus', 'ambiguousGpuNames'] as const)
    for (const [place, row] of eachRow(tables, table))
      for (const name of row.names) {
        const before = names.get(keyOf(name))
        if (before !== undefined) faults.push(`${place}: the name ${name} means something else in ${before}`)
        names.set(keyOf(name), place)
      }
  return faults
}
