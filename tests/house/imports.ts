// The import rules, held: every source file against the tables of ARCHITECTURE.md, every library against the package.json files.
// `npm run check` runs it. Cycles between files are Biome's business (noImportCycles).
import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ImportTable, type Part, type Reserved, type Room, readImportTable, type Word } from './import-table.ts'
import { type Import, importsOf, settingsReadsOf } from './source-imports.ts'
import { type Manifest, readWorkspaces, type SourceFile, type Workspaces } from './workspaces.ts'

export interface Breach {
  /** file:line */
  where: string
  what: string
  rule: string
  todo: string
}

/** Rooms for anything are rooms for nothing: the name must say what is inside. */
const EMPTY_NAMES = /^(?:utils?|helpers?|common|types|interfaces|managers?|service)$/

const SETTINGS = 'process.env'

export function checkImports({ files, manifests }: Workspaces, table: ImportTable): Breach[] {
  const breaches: Breach[] = []
  const imported = new Map<string, Set<string>>()
  const known = new Set(files.map(file => file.path))
  for (const file of files) {
    breaches.push(...nameBreaches(file))
    const room = table.rooms.find(candidate => isBelow(file.path, candidate.path))
    if (!room) {
      breaches.push({
        where: `${file.path}:1`,
        what: `${file.path} is in no room`,
        rule: 'every source file belongs to a room of ARCHITECTURE.md',
        todo: 'give its room a row in "Which room may import what", or move the file',
      })
      continue
    }
    for (const one of importsOf(file.text)) {
      const at = `${file.path}:${one.line}`
      if (one.specifier.startsWith('.')) breaches.push(...insideBreaches(file, room, one, at, table.parts, known))
      else {
        const library = packageOf(one.specifier)
        imported.set(room.path, (imported.get(room.path) ?? new Set()).add(library))
        breaches.push(
          ...roomBreaches(room, one, at),
          ...partBreaches(file, room, one, at, table.parts),
          ...reservedBreaches(file, one.specifier, one.line, table.reserved),
          ...manifestBreaches(room, one, at, manifests),
        )
      }
    }
    for (const line of settingsReadsOf(file.text))
      breaches.push(...reservedBreaches(file, SETTINGS, line, table.reserved))
  }
  return [...breaches, ...versionBreaches(manifests), ...idleBreaches(table.rooms, imported, manifests)]
}

function nameBreaches({ path }: SourceFile): Breach[] {
  const found = path.split('/').find(name => EMPTY_NAMES.test(name.replace(/\.[^.]*$/, '')))
  if (found === undefined) return []
  return [
    {
      where: `${path}:1`,
      what: `"${found}" says nothing about what is inside`,
      rule: 'no file or folder is called utils, helpers, common, types, interfaces, manager or service',
      todo: 'put each thing into the file whose business it is',
    },
  ]
}

/** A room's own files: no way out by a relative path, and the order of its parts. */
function insideBreaches(
  file: SourceFile,
  room: Room,
  { specifier }: Import,
  at: string,
  parts: readonly Part[],
  known: ReadonlySet<string>,
): Breach[] {
  const target = posix.normalize(posix.join(posix.dirname(file.path), specifier))
  const home = homeOf(room.path)
  if (!isBelow(target, home)) {
    return [
      {
        where: at,
        what: `imports ${specifier}, which leaves ${home}`,
        rule: 'a room is entered by its name and its exports only, never by a path into its files',
        todo: `import the package by name, or move what is shared`,
      },
    ]
  }
  if (!known.has(target)) {
    return [
      {
        where: at,
        what: `imports ${specifier}, and there is no such source file`,
        rule: 'imports name the source file with its extension',
        todo: `write the path as it is, ending in .ts`,
      },
    ]
  }
  const own = partOf(file.path, room, parts)
  const other = partOf(target, room, parts)
  if (own === 'free' || other === 'free') return []
  if (own === null || other === null) {
    const stray = own === null ? file.path : target
    return [
      {
        where: at,
        what: `${stray} stands in no row of "Order inside a room"`,
        rule: `the parts of ${room.path} have an order`,
        todo: 'give it a row in ARCHITECTURE.md that says what it may import',
      },
    ]
  }
  if (own === other || own.may.some(name => name === '*' || isBelow(target, `${home}/${name}`))) return []
  return [
    {
      where: at,
      what: `imports ${specifier}`,
      rule: `${nameOfPart(file.path, home)} may import of its room: ${own.may.join(', ') || 'nothing'}`,
      todo: 'turn the dependency round (hand the value in as a parameter), or move the code to where it is needed',
    },
  ]
}

function partBreaches(
  file: SourceFile,
  room: Room,
  { specifier }: Import,
  at: string,
  parts: readonly Part[],
): Breach[] {
  const own = partOf(file.path, room, parts)
  if (own === 'free' || own === null || !own.never.some(word => covers(word, specifier))) return []
  return [
    {
      where: at,
      what: `imports ${specifier}`,
      rule: `${nameOfPart(file.path, homeOf(room.path))} never imports ${own.never.map(word => word.name).join(', ')}`,
      todo: 'move this to the part that may, and hand the value in',
    },
  ]
}

/** Which row of the order a file stands in; 'free' where its room has no order. */
function partOf(path: string, room: Room, parts: readonly Part[]): Part | 'free' | null {
  const rows = parts.filter(part => part.paths.some(name => isBelow(name, room.path)))
  if (rows.length === 0) return 'free'
  const named = rows.find(part => part.paths.some(name => !name.endsWith('*') && isBelow(path, name)))
  return named ?? rows.find(part => part.paths.some(name => name === `${homeOf(room.path)}/*`)) ?? null
}

function roomBreaches(room: Room, { specifier, typesOnly }: Import, at: string): Breach[] {
  const breach = (rule: string, todo: string): Breach[] => [{ where: at, what: `imports ${specifier}`, rule, todo }]
  if (builtinModules.includes(specifier))
    return breach('Node.js modules are written with node:', `write node:${specifier}`)
  const allowed = room.may.find(word => covers(word, specifier))
  const forbidden = room.never.find(word => covers(word, specifier))
  if (!allowed || forbidden) {
    const may = room.may.map(word => word.name).join(', ')
    return breach(
      `${room.path} may import ${may}${forbidden ? `, never ${forbidden.name}` : ''}`,
      'do this in a room that may, or change the table in ARCHITECTURE.md with the reason beside it',
    )
  }
  if (allowed.typesOnly && !typesOnly)
    return breach(`${room.path} may import types of ${allowed.name}, no values`, 'write import type')
  return []
}

function reservedBreaches({ path }: SourceFile, what: string, line: number, reserved: readonly Reserved[]): Breach[] {
  return reserved
    .filter(one => (what === SETTINGS ? one.what === SETTINGS : covers({ name: one.what, typesOnly: false }, what)))
    .filter(one => one.within.some(folder => isBelow(path, folder)) && !one.onlyIn.some(place => isBelow(path, place)))
    .map(one => ({
      where: `${path}:${line}`,
      what: what === SETTINGS ? `reads ${SETTINGS}` : `imports ${what}`,
      rule: `within ${one.within.join(', ')} only ${one.onlyIn.join(', ')} may`,
      todo: 'let that file do it and hand the result in',
    }))
}

function manifestBreaches(room: Room, { specifier }: Import, at: string, manifests: readonly Manifest[]): Breach[] {
  if (isBuiltin(specifier)) return []
  const name = packageOf(specifier)
  const manifest =
    manifests.find(candidate => candidate.path === room.path) ?? manifests.find(({ path }) => path === '')
  const own = manifests.find(candidate => candidate.name === name)
  const breaches: Breach[] = []
  // npm links the workspaces for the root's own scripts.
  const linked = own !== undefined && manifest?.path === ''
  const declared = {
    ...manifest?.dependencies,
    ...manifest?.peers,
    ...(manifest?.path === '' ? manifest.devDependencies : {}),
  }
  if (!linked && !(name in declared)) {
    breaches.push({
      where: at,
      what: `imports ${name}`,
      rule: `a room declares what it imports; ${posix.join(manifest?.path ?? '', 'package.json')} does not name it`,
      todo: `npm install --save-exact ${name}${manifest?.path ? ` --workspace ${manifest.path}` : ' --save-dev'}`,
    })
  }
  const entry = specifier === name ? '.' : `.${specifier.slice(name.length)}`
  if (own && !own.exports.includes(entry)) {
    breaches.push({
      where: at,
      what: `imports ${specifier}`,
      rule: `${name} exports ${own.exports.join(', ')}`,
      todo: 'export it from the package’s index, or do without',
    })
  }
  return breaches
}

/** Exact versions, and one version of a library for all workspaces. */
function versionBreaches(manifests: readonly Manifest[]): Breach[] {
  const breaches: Breach[] = []
  const first = new Map<string, { version: string; file: string }>()
  for (const { path, dependencies, peers, devDependencies } of manifests) {
    const file = posix.join(path, 'package.json')
    for (const [name, version] of Object.entries({ ...dependencies, ...peers, ...devDependencies })) {
      const own = manifests.find(candidate => candidate.name === name)
      const before = first.get(name)
      if (before === undefined) first.set(name, { version, file })
      const wanted = own?.version ?? before?.version ?? version
      if (/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version) && version === wanted) continue
      breaches.push({
        where: `${file}:1`,
        what: `declares ${name} ${version}`,
        rule:
          version === wanted
            ? 'versions are exact'
            : `one exact version for all workspaces: ${own ? `the package itself is ${wanted}` : `${before?.file} has ${wanted}`}`,
        todo: `write ${version === wanted ? 'the version without a range' : wanted} and run npm install`,
      })
    }
  }
  return breaches
}

/** What is declared and imported nowhere is a claim about the room that is not true. */
function idleBreaches(
  rooms: readonly Room[],
  imported: ReadonlyMap<string, Set<string>>,
  manifests: readonly Manifest[],
): Breach[] {
  return rooms.flatMap(room => {
    const manifest = manifests.find(candidate => candidate.path === room.path)
    return Object.keys(manifest?.dependencies ?? {})
      .filter(name => imported.get(room.path)?.has(name) !== true)
      .map(name => ({
        where: `${room.path}/package.json:1`,
        what: `declares ${name}, which nothing in ${room.path}/src imports`,
        rule: 'a room declares what it imports, and nothing else',
        todo: `npm uninstall ${name} --workspace ${room.path}`,
      }))
  })
}

function covers({ name }: Word, specifier: string): boolean {
  if (name.endsWith('*')) return specifier.startsWith(name.slice(0, -1))
  return specifier === name || specifier.startsWith(`${name}/`)
}

const isBuiltin = (specifier: string): boolean => specifier.startsWith('node:') || builtinModules.includes(specifier)
const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
/** Where a room's sources lie: packages and apps have src, deploy has not. */
const homeOf = (room: string): string => (/^(?:packages|apps)\//.test(room) ? `${room}/src` : room)
const nameOfPart = (path: string, home: string): string => path.slice(home.length + 1).split('/')[0] ?? path

export const breachText = ({ where, what, rule, todo }: Breach): string =>
  `${where} ${what}\n    rule: ${rule}\n    do:   ${todo}`

function main(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const table = readImportTable(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'))
  const workspaces = readWorkspaces(root)
  const breaches = checkImports(workspaces, table)
  for (const breach of breaches) console.error(breachText(breach))
  if (breaches.length > 0) {
    console.error(`\n${breaches.length} breaches of the import rules (ARCHITECTURE.md, "Rooms")`)
    process.exitCode = 1
  } else console.log(`${workspaces.files.length} files keep the import rules`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
