// Reads the source tree and the package.json files that the import check looks at.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SourceFile {
  /** From the root, with '/'. */
  path: string
  text: string
}

export interface Manifest {
  /** Folder of the package.json, '' for the root. */
  path: string
  name: string
  version: string
  /** Sub-paths that others may import: '.' and './signature'. */
  exports: string[]
  dependencies: Record<string, string>
  /** May be there: optional and peer dependencies, which are loaded by name at run time. */
  peers: Record<string, string>
  devDependencies: Record<string, string>
}

export interface Workspaces {
  files: SourceFile[]
  manifests: Manifest[]
}

const MADE = new Set(['node_modules', 'dist', 'release'])
const SOURCE = /\.(?:tsx?|mts|mjs|js|css)$/

export function readWorkspaces(root: string): Workspaces {
  const rooms = ['packages', 'apps'].flatMap(above =>
    existsSync(join(root, above)) ? readdirSync(join(root, above)).map(name => `${above}/${name}`) : [],
  )
  const packages = rooms.filter(room => existsSync(join(root, room, 'package.json')))
  const files = [...packages.map(room => `${room}/src`), 'deploy'].flatMap(folder => filesBelow(root, folder))
  return {
    files: files
      .filter(path => SOURCE.test(path) && !path.endsWith('.d.ts'))
      .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') })),
    manifests: ['', ...packages].map(path => manifestOf(root, path)),
  }
}

function filesBelow(root: string, folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (!entry.isDirectory()) return [path]
    // deploy/release is a room of sources; apps/worker/release is made.
    const made = MADE.has(entry.name) && path !== 'deploy/release'
    return made ? [] : filesBelow(root, path)
  })
}

function manifestOf(root: string, path: string): Manifest {
  const json = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as Partial<Manifest> & {
    exports?: Record<string, unknown>
    optionalDependencies?: Record<string, string>
    peerDependencies?: Record<string, string>
  }
  return {
    path,
    name: json.name ?? '',
    version: json.version ?? '',
    exports: Object.keys(json.exports ?? {}),
    dependencies: json.dependencies ?? {},
    peers: { ...json.optionalDependencies, ...json.peerDependencies },
    devDependencies: json.devDependencies ?? {},
  }
}
