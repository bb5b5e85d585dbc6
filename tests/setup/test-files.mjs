// Which test files there are. Node 20's own --test does not expand patterns, so they are listed here.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Folders of tests/, in the order of how fast they answer. */
export const KINDS = ['unit', 'house', 'conformance', 'integration', 'e2e', 'chaos']

/** Paths from the root, such as tests/unit/slurm/states.test.ts. */
export function testFiles(root, kinds = KINDS) {
  return kinds.flatMap(kind => {
    const folder = join(root, 'tests', kind)
    if (!existsSync(folder)) return []
    return readdirSync(folder, { recursive: true })
      .map(name => String(name).replaceAll('\\', '/'))
      .filter(name => name.endsWith('.test.ts'))
      .sort()
      .map(name => `tests/${kind}/${name}`)
  })
}

/** What node needs in front of a TypeScript file of ours. */
export const SOURCES = ['--import', 'tsx', '--conditions=@trotline/source']
