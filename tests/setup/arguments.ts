// The words after `npm test --`: which files are to run.

import { parseArgs } from 'node:util'

export const HELP = `Runs the tests, with everything that they need: Debian's packages, the build, a private Slurm cluster.

  npm test                        all of it
  npm test -- PATTERN...          files whose path holds one of the patterns: npm test -- submit-once
  npm test -- --only KIND         unit (with house), conformance, integration, e2e or chaos; again and again
  npm test -- --help              this text
`

const ONLY: Record<string, readonly string[]> = {
  unit: ['unit', 'house'],
  conformance: ['conformance'],
  integration: ['integration'],
  e2e: ['e2e'],
  chaos: ['chaos'],
}

export interface Selection {
  /** null: every kind. */
  kinds: string[] | null
  patterns: string[]
  help: boolean
}

/** @throws Error with a sentence for people */
export function readArguments(argv: readonly string[]): Selection {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { only: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h', default: false } },
  })
  for (const kind of values.only ?? [])
    if (!(kind in ONLY)) throw new Error(`--only takes ${Object.keys(ONLY).join(', ')}; "${kind}" is none of them`)
  return {
    kinds: values.only === undefined ? null : values.only.flatMap(kind => ONLY[kind] ?? []),
    patterns: positionals,
    help: values.help,
  }
}
