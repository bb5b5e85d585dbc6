// pip's packages beside conda's: what conda brought is not installed over, since its files would no longer be what the lock says.
import { SolveError } from './solve-error.ts'

export interface Package {
  name: string
  version: string
}

/** Packages that conda names otherwise than their authors do. */
const OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  pytorch: ['torch'],
  'pytorch-gpu': ['torch'],
  'tensorflow-base': ['tensorflow'],
  'tensorflow-gpu': ['tensorflow'],
  'matplotlib-base': ['matplotlib'],
  opencv: ['opencv-python'],
  'py-opencv': ['opencv-python'],
}

const normalized = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-')

/** Names that pip has for what conda installs; names of libraries are among them, and nothing of pip asks for those. */
export function condaAsPip(packages: readonly Package[]): string[] {
  const names = packages.flatMap(({ name }) => [normalized(name), ...(OTHERWISE[name] ?? [])])
  return [...new Set(names)].filter(name => /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name)).sort()
}

/** The name that a line of the pip part begins with. */
export const nameOfLine = (line: string): string => normalized(/^\s*([A-Za-z0-9._-]*)/.exec(line)?.[1] ?? '')

/** `asked`: names as pip has them, with what stands behind them for a sentence. @throws SolveError PIP_REFUSED naming what both have */
export function refuseOverlap(asked: readonly { name: string; words: string }[], packages: readonly Package[]): void {
  if (asked.length > 0 && !packages.some(one => one.name === 'python'))
    throw new SolveError('PIP_REFUSED', 'The spec has a part for pip, and no Python that it could be for.')
  const conda = new Set(condaAsPip(packages))
  const findings = asked
    .filter(one => conda.has(one.name))
    .map(({ name, words }) => ({
      pointer: '/dependencies',
      detail: `${words} of pip would be installed over the ${name} of conda, whose files the lock vouches for.`,
      required: 'each package from conda or from pip',
      found: words,
      hint: `Leave ${name} out of the pip part, or choose its version among the dependencies of conda.`,
      line: null,
      column: null,
    }))
  const [first] = findings
  if (first !== undefined) throw new SolveError('PIP_REFUSED', first.detail, { findings })
}
