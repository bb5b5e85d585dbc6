// Channels of conda on this disk: real archives with real hashes (made by the library behind Debian's `cph`), their repodata, or repodata of
// any number of records without archives.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  createWriteStream,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cleanSettings, findProgram, runProgram } from '../../deploy/local/programs.ts'

/** Stands in files of packages where the prefix will be; as long as conda-build makes it. */
export const PLACEHOLDER = `/opt/placeholder_${'placehold_'.repeat(24)}`.slice(0, 255)

export interface PackageFile {
  content: string | Buffer
  executable?: boolean
  /** The content holds PLACEHOLDER; in binary files the shorter prefix is filled up with zero bytes. */
  prefix?: 'text' | 'binary'
}

export interface CondaPackage {
  name: string
  version: string
  build: string
  buildNumber?: number
  depends?: readonly string[]
  constrains?: readonly string[]
  subdir?: string
  noarch?: 'python' | 'generic'
  /** Default: .conda */
  ending?: '.conda' | '.tar.bz2'
  /** In bytes; only where there is no archive to count them of. */
  size?: number
  trackFeatures?: string
  /** By path in the prefix. Default: one small file. */
  files?: Readonly<Record<string, string | Buffer | PackageFile>>
  /** Symbolic links: path to target. */
  links?: Readonly<Record<string, string>>
}

/** As repodata has it. */
export interface RepodataEntry {
  name: string
  version: string
  build: string
  build_number: number
  depends: readonly string[]
  constrains?: readonly string[]
  subdir: string
  md5: string
  sha256: string
  size: number
  [key: string]: unknown
}

export interface BuiltChannel {
  directory: string
  /** By SUBDIR/FILE NAME. */
  entries: ReadonlyMap<string, RepodataEntry>
}

const TIMESTAMP_MS = 1_571_000_000_000
const SCRIPT = fileURLToPath(new URL('./conda-archives.py', import.meta.url))

/**
 * Writes DIRECTORY/SUBDIR/repodata.json (linux-64 and noarch at least), with `zst` also repodata.json.zst, and the archives. With
 * `archives: false` there are none, and their hashes are made up: the same each time, as are those of real archives.
 */
export async function buildChannel(
  directory: string,
  packages: readonly CondaPackage[],
  { archives = true, zst = true }: { archives?: boolean; zst?: boolean } = {},
): Promise<BuiltChannel> {
  const made = packages.map(one => ({ ...one, at: `${one.subdir ?? 'linux-64'}/${fileNameOf(one)}` }))
  if (archives) await buildArchives(directory, made)
  const entries = new Map(
    made.map(one => [one.at, entryOf(one, archives ? readFileSync(join(directory, one.at)) : null)]),
  )
  await writeRepodata(directory, entries, { zst })
  return { directory, entries }
}

export const fileNameOf = ({ name, version, build, ending = '.conda' }: CondaPackage): string =>
  `${name}-${version}-${build}${ending}`

/** Writes the documents anew, of all subdirs of the entries; what lies there of others stays. */
export async function writeRepodata(
  directory: string,
  entries: ReadonlyMap<string, RepodataEntry>,
  { zst = true }: { zst?: boolean } = {},
): Promise<void> {
  const subdirs = new Set(['linux-64', 'noarch', ...[...entries.keys()].map(at => dirname(at))])
  for (const subdir of subdirs) {
    const ofKind = (conda: boolean) =>
      Object.fromEntries(
        [...entries]
          .filter(([at]) => dirname(at) === subdir && at.endsWith('.conda') === conda)
          .map(([at, entry]) => [at.slice(subdir.length + 1), entry] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      )
    mkdirSync(join(directory, subdir), { recursive: true })
    const document = { info: { subdir }, packages: ofKind(false), 'packages.conda': ofKind(true), removed: [] }
    writeFileSync(
      join(directory, subdir, 'repodata.json'),
      `${JSON.stringify({ ...document, repodata_version: 1 }, null, 1)}\n`,
    )
    rmSync(join(directory, subdir, 'repodata.json.zst'), { force: true })
  }
  if (zst)
    await compress(
      [...subdirs].map(subdir => ({
        from: join(directory, subdir, 'repodata.json'),
        to: join(directory, subdir, 'repodata.json.zst'),
      })),
    )
}

export const compress = (files: readonly { from: string; to: string; level?: number }[]): Promise<void> =>
  python({ zstd: files })

/**
 * A channel of `records` records, 20 versions a name, whose dependencies can always be met; without archives. In bytes it is about 490 a
 * record. Its names are synth0, synth1, … and the higher ones reach the lower ones.
 */
export async function buildSyntheticChannel(
  directory: string,
  { records, zst = false }: { records: number; zst?: boolean },
): Promise<void> {
  await writeRepodata(directory, new Map(), { zst })
  const file = join(directory, 'linux-64', 'repodata.json')
  const out = createWriteStream(file)
  out.write('{"info":{"subdir":"linux-64"},"packages":{},"packages.conda":{')
  let block: string[] = []
  for (const text of syntheticRecords(records)) {
    block.push(text)
    if (block.length < 2000) continue
    if (!out.write(block.join(''))) await once(out, 'drain')
    block = []
  }
  out.end(`${block.join('')}},"removed":[],"repodata_version":1}`)
  await once(out, 'close')
  if (zst) await compress([{ from: file, to: `${file}.zst`, level: 3 }])
}

const VERSIONS = 20

function* syntheticRecords(records: number): Generator<string> {
  let seed = 42
  const random = (): number => {
    seed = (seed * 1_664_525 + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  for (let at = 0, i = 0; at < records; i++) {
    const count = i === 0 ? 0 : Math.min(i, 2 + Math.floor(random() * 6))
    const needs = [...new Set(Array.from({ length: count }, () => Math.floor(random() ** 2 * i)))]
    for (let v = 0; v < VERSIONS && at < records; v++, at++) {
      const build = `h${md5(`${i}/${v}`).slice(0, 7)}_0`
      const fileName = `synth${i}-${1 + (v >> 3)}.${v & 7}.0-${build}.conda`
      const entry: RepodataEntry = {
        build,
        build_number: 0,
        constrains: [],
        depends: ['__glibc >=2.17,<3.0.a0', ...needs.map(need => `synth${need} >=1.${Math.floor(v / 4)}.0,<4`)],
        license: 'BSD-3-Clause',
        license_family: 'BSD',
        md5: md5(fileName),
        name: `synth${i}`,
        sha256: sha256(fileName),
        size: 123_456 + i,
        subdir: 'linux-64',
        timestamp: 1_700_000_000_000 + v * 10_000_000,
        version: `${1 + (v >> 3)}.${v & 7}.0`,
      }
      yield `${at === 0 ? '' : ','}${JSON.stringify(fileName)}:${JSON.stringify(entry)}`
    }
  }
}

const md5 = (of: string | Buffer): string => createHash('md5').update(of).digest('hex')
const sha256 = (of: string | Buffer): string => createHash('sha256').update(of).digest('hex')

function entryOf(one: CondaPackage & { at: string }, archive: Buffer | null): RepodataEntry {
  return {
    ...indexOf(one),
    md5: md5(archive ?? one.at.slice(one.at.indexOf('/') + 1)),
    sha256: sha256(archive ?? one.at.slice(one.at.indexOf('/') + 1)),
    size: archive?.length ?? one.size ?? 100_000,
  }
}

/** What info/index.json says; repodata adds the hashes. */
function indexOf(one: CondaPackage) {
  const { name, version, build, subdir = 'linux-64' } = one
  return {
    name,
    version,
    build,
    build_number: one.buildNumber ?? Number(/_(\d+)$/.exec(build)?.[1] ?? 0),
    depends: [...(one.depends ?? [])],
    ...(one.constrains === undefined ? {} : { constrains: [...one.constrains] }),
    ...(one.trackFeatures === undefined ? {} : { track_features: one.trackFeatures }),
    ...(one.noarch === undefined ? {} : { noarch: one.noarch }),
    ...(subdir === 'linux-64' ? { arch: 'x86_64', platform: 'linux' } : {}),
    license: 'BSD-3-Clause',
    subdir,
    timestamp: TIMESTAMP_MS,
  }
}

async function buildArchives(directory: string, packages: readonly (CondaPackage & { at: string })[]): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'trotline-conda-'))
  try {
    const orders = packages.map((one, i) => {
      const folder = join(scratch, String(i))
      layOut(folder, one)
      const file = join(directory, one.at)
      mkdirSync(dirname(file), { recursive: true })
      rmSync(file, { force: true })
      return { folder, file }
    })
    await python({ archives: orders })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** The folder that becomes the archive: the files, and what info/ tells of them. */
function layOut(folder: string, one: CondaPackage): void {
  const given = one.files ?? { [`share/${one.name}.txt`]: `${one.name} ${one.version} ${one.build}\n` }
  const files = Object.entries(given).map(([path, file]) => ({
    path,
    ...(typeof file === 'string' || Buffer.isBuffer(file) ? { content: file } : file),
  }))
  const write = (path: string, content: string | Buffer, mode = 0o644): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
    chmodSync(join(folder, path), mode)
    // cph keeps the times of files: with these, the same package is the same archive each time.
    utimesSync(join(folder, path), TIMESTAMP_MS / 1000, TIMESTAMP_MS / 1000)
  }
  const paths: object[] = files.map(({ path, content, executable, prefix }) => {
    write(path, content, executable === true || path.startsWith('bin/') ? 0o755 : 0o644)
    const bytes = Buffer.from(content as string)
    return {
      _path: path,
      path_type: 'hardlink',
      sha256: sha256(bytes),
      size_in_bytes: bytes.length,
      ...(prefix === undefined ? {} : { file_mode: prefix, prefix_placeholder: PLACEHOLDER }),
    }
  })
  for (const [path, target] of Object.entries(one.links ?? {})) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    symlinkSync(target, join(folder, path))
    lutimesSync(join(folder, path), TIMESTAMP_MS / 1000, TIMESTAMP_MS / 1000)
    const of = files.find(file => file.path === join(dirname(path), target))
    paths.push({
      _path: path,
      path_type: 'softlink',
      sha256: sha256(of?.content ?? ''),
      size_in_bytes: of === undefined ? 0 : Buffer.from(of.content as string).length,
    })
  }
  write('info/index.json', JSON.stringify(indexOf(one), null, 2))
  write('info/paths.json', JSON.stringify({ paths, paths_version: 1 }, null, 2))
  write(
    'info/files',
    [...files.map(file => file.path), ...Object.keys(one.links ?? {})].map(path => `${path}\n`).join(''),
  )
  const prefixed = files.filter(file => file.prefix !== undefined)
  if (prefixed.length > 0)
    write('info/has_prefix', prefixed.map(({ path, prefix }) => `${PLACEHOLDER} ${prefix} ${path}\n`).join(''))
  if (one.noarch !== undefined)
    write('info/link.json', JSON.stringify({ noarch: { type: one.noarch }, package_metadata_version: 1 }))
}

async function python(order: object): Promise<void> {
  if (findProgram('cph') === undefined)
    throw new Error('conda-package-handling is not installed: `npm test` installs it')
  const scratch = mkdtempSync(join(tmpdir(), 'trotline-cph-'))
  try {
    const file = join(scratch, 'order.json')
    writeFileSync(file, JSON.stringify(order))
    // cph is a program of Debian's own Python, and so are the libraries behind it.
    const { exitCode, stderr } = await runProgram(['python3', SCRIPT, file], {
      // cph orders files by a set of Python's.
      settings: cleanSettings({ PYTHONHASHSEED: '0' }),
      timeLimitMs: 300_000,
    })
    if (exitCode !== 0) throw new Error(`the packages could not be made: exit code ${exitCode}, ${stderr.slice(-2000)}`)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}
