// The import check itself: that each rule bites, names the place, and leaves the rest alone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ImportTable, readImportTable } from './import-table.ts'
import { type Breach, checkImports } from './imports.ts'
import { importsOf, settingsReadsOf } from './source-imports.ts'
import type { Manifest } from './workspaces.ts'

const TABLE = `
### Which room may import what

| room | what for | may import | never |
|---|---|---|---|
| \`packages/words\` | schemas | \`zod\` | \`@x/*\` |
| \`packages/reach\` | the way there | \`node:*\`, \`ssh2\`, \`@x/words\` (types) | \`node:net\` |
| \`apps/server\` | the server | \`@x/words\`, \`fastify\`, \`node:*\` | |

### Order inside a room

| part | may import of its room | never |
|---|---|---|
| \`apps/server/src/http\` | \`life\`, \`store\` | |
| \`apps/server/src/life\` | \`store\` | \`fastify\` |
| \`apps/server/src/store\`, \`apps/server/src/settings.ts\` | | |
| \`packages/reach/src/first.ts\` | \`*\` | |
| \`packages/reach/src/*\` | | |

### Only in one place

| what | within | only in | why |
|---|---|---|---|
| \`process.env\` | \`apps\`, \`packages\` | \`apps/server/src/settings.ts\` | one reader |
| \`ssh2\` | \`packages/reach\` | \`packages/reach/src/ssh.ts\` | one driver |
`

const table = (): ImportTable => readImportTable(TABLE)

const manifest = (path: string, name: string, dependencies: Record<string, string>, exports = ['.']): Manifest => ({
  path,
  name,
  version: '1.0.0',
  exports,
  dependencies,
  peers: {},
  devDependencies: {},
})

const MANIFESTS: readonly Manifest[] = [
  manifest('', 'root', {}),
  manifest('packages/words', '@x/words', { zod: '4.0.0' }, ['.', './signs']),
  manifest('packages/reach', '@x/reach', { ssh2: '1.0.0', '@x/words': '1.0.0' }),
  manifest('apps/server', '@x/server', { '@x/words': '1.0.0', fastify: '5.0.0' }),
]

/** Every declared library is imported somewhere, so that only the file under test is at fault. */
const PROPER: Record<string, string> = {
  'packages/words/src/index.ts': `import { z } from 'zod'\n`,
  'packages/reach/src/ssh.ts': `import { Client } from 'ssh2'\nimport type { Job } from '@x/words'\n`,
  'apps/server/src/http/server.ts': `import Fastify, {\n  type FastifyInstance,\n} from 'fastify'\n`,
  'apps/server/src/life/advance.ts': `import { Job } from '@x/words'\nimport { read } from '../store/jobs.ts'\n`,
  'apps/server/src/store/jobs.ts': `export const read = 1\n`,
  'apps/server/src/settings.ts': `export const port = process.env.PORT\n`,
}

function check(changed: Record<string, string>, manifests: readonly Manifest[] = MANIFESTS): Breach[] {
  const files = Object.entries({ ...PROPER, ...changed }).map(([path, text]) => ({ path, text }))
  return checkImports({ files, manifests: [...manifests] }, table())
}

function onlyBreach(changed: Record<string, string>, manifests?: readonly Manifest[]): Breach {
  const breaches = check(changed, manifests)
  assert.equal(breaches.length, 1, JSON.stringify(breaches, null, 1))
  return breaches[0] as Breach
}

test('sources that keep the rules pass', () => {
  assert.deepEqual(check({}), [])
})

test('a library that the room may not import is refused with file, line and the rule', () => {
  const breach = onlyBreach({ 'packages/words/src/files.ts': `// reads\n\nimport { readFileSync } from 'node:fs'\n` })
  assert.equal(breach.where, 'packages/words/src/files.ts:3')
  assert.match(breach.rule, /packages\/words may import zod/)
})

test('what stands under never is refused, though a wider word allows it', () => {
  assert.match(
    onlyBreach({ 'packages/reach/src/net.ts': `import { connect } from 'node:net'\n` }).rule,
    /never node:net/,
  )
})

test('a room that may import types gets no values', () => {
  const breach = onlyBreach({ 'packages/reach/src/job.ts': `import { Job } from '@x/words'\n` })
  assert.match(breach.todo, /import type/)
  assert.deepEqual(check({ 'packages/reach/src/job.ts': `import { type Job, type Run } from '@x/words'\n` }), [])
})

test('a lower part never imports a higher one', () => {
  const breach = onlyBreach({ 'apps/server/src/store/up.ts': `import { advance } from '../life/advance.ts'\n` })
  assert.equal(breach.where, 'apps/server/src/store/up.ts:1')
  assert.match(breach.rule, /store may import of its room: nothing/)
})

test('a part that never imports a library is held to it, wherever the room may', () => {
  assert.match(
    onlyBreach({ 'apps/server/src/life/web.ts': `import type { X } from 'fastify'\n` }).rule,
    /life never imports fastify/,
  )
})

test('a file without a place in the order is named', () => {
  const breach = onlyBreach({
    'apps/server/src/new.ts': '',
    'apps/server/src/http/routes.ts': `import { x } from '../new.ts'\n`,
  })
  assert.match(breach.what, /apps\/server\/src\/new\.ts stands in no row/)
})

test('whatever no row names falls under the star', () => {
  assert.deepEqual(
    check({
      'packages/reach/src/first.ts': `import { a } from './second.ts'\n`,
      'packages/reach/src/second.ts': '',
    }),
    [],
  )
  assert.match(
    onlyBreach({
      'packages/reach/src/first.ts': '',
      'packages/reach/src/second.ts': `import { a } from './first.ts'\n`,
    }).rule,
    /second\.ts may import of its room: nothing/,
  )
})

test('a path into another package is refused, and so is an export that it does not have', () => {
  assert.match(
    onlyBreach({ 'apps/server/src/http/deep.ts': `import { z } from '../../../../packages/words/src/index.ts'\n` })
      .what,
    /leaves apps\/server\/src/,
  )
  assert.match(
    onlyBreach({ 'apps/server/src/http/deep.ts': `import { z } from '@x/words/src/index.ts'\n` }).rule,
    /exports \., \.\/signs/,
  )
  assert.deepEqual(check({ 'apps/server/src/http/signs.ts': `import { z } from '@x/words/signs'\n` }), [])
})

test('a thing with one place is refused everywhere else', () => {
  assert.match(
    onlyBreach({ 'packages/reach/src/other.ts': `import { Client } from 'ssh2'\n` }).rule,
    /only packages\/reach\/src\/ssh\.ts may/,
  )
  assert.equal(
    onlyBreach({ 'apps/server/src/http/port.ts': `\nconst port = process.env.PORT\n` }).where,
    'apps/server/src/http/port.ts:2',
  )
})

test('what is imported is declared, what is declared is imported, and versions are exact', () => {
  const without = MANIFESTS.map(one => (one.path === 'packages/words' ? { ...one, dependencies: {} } : one))
  assert.match(onlyBreach({}, without).rule, /packages\/words\/package\.json does not name it/)
  const idle = MANIFESTS.map(one =>
    one.path === 'packages/words' ? { ...one, dependencies: { ...one.dependencies, yaml: '2.0.0' } } : one,
  )
  assert.match(onlyBreach({}, idle).what, /declares yaml, which nothing/)
  const ranged = MANIFESTS.map(one =>
    one.path === 'packages/words' ? { ...one, dependencies: { zod: '^4.0.0' } } : one,
  )
  assert.match(onlyBreach({}, ranged).rule, /versions are exact/)
})

test('rooms for anything are refused by name', () => {
  assert.match(onlyBreach({ 'apps/server/src/http/utils.ts': '' }).what, /"utils\.ts" says nothing/)
  assert.match(onlyBreach({ 'apps/server/src/http/common/x.ts': '' }).what, /"common" says nothing/)
})

test('imports are found in every form, and not in comments or texts', () => {
  const text = `// import a from 'comment'
import type { A } from 'types'
import b, { type C } from 'mixed'
import {
  d,
  e,
} from 'lines'
import 'bare'
export * from 'all'
export { f } from 'named'
const text = "import g from 'text'"
const later = await import('later')
/** import('told') */
`
  assert.deepEqual(
    importsOf(text).map(({ specifier, line, typesOnly }) => [specifier, line, typesOnly]),
    [
      ['types', 2, true],
      ['mixed', 3, false],
      ['lines', 4, false],
      ['bare', 8, false],
      ['all', 9, false],
      ['named', 10, false],
      ['later', 12, false],
    ],
  )
})

test('a look at the settings of the process is found however it is written', () => {
  assert.deepEqual(
    settingsReadsOf(`// process.env\nprocess.env.A\nconst { env } = process\nprocess['env']\n`),
    [2, 3, 4],
  )
})

test('a document without its tables is an error and no empty rule', () => {
  assert.throws(() => readImportTable('# Architecture'), /has no heading/)
  assert.throws(() => readImportTable(TABLE.replace('may import |', 'may |')), /the columns are/)
})

test('the tables of ARCHITECTURE.md can be read', () => {
  const document = readFileSync(fileURLToPath(new URL('../../ARCHITECTURE.md', import.meta.url)), 'utf8')
  assert.ok(readImportTable(document).rooms.length >= 7)
})
