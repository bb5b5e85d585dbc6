// A root of environments on this disk, and one environment in it: files and conda-meta as conda writes them (as recorded in
// tests/fixtures/conda), without archives and without an installer. What makes it, looks at it and packs it is the real thing.
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type EnvironmentLock, EnvironmentLock as LockSchema, type MadeEnvironment } from '@trotline/contracts'
import { lockId } from '@trotline/environment'
import { writeManifest } from '../../apps/worker/src/environment/files-manifest.ts'
import { type BytesLook, lookAtBytes } from '../../apps/worker/src/environment/look-bytes.ts'
import { madePaths } from '../../apps/worker/src/environment/made-files.ts'
import { packPrefix } from '../../apps/worker/src/environment/pack.ts'
import { makeReadOnly, removeTree } from '../../apps/worker/src/environment/remove.ts'

export const PLACEHOLDER = `/opt/placeholder_${'placehold_'.repeat(24)}`.slice(0, 255)

export interface SceneFile {
  content: string | Buffer
  executable?: boolean
  /** The content has PLACEHOLDER in it. */
  prefix?: 'text' | 'binary'
  /** path_type; null: a softlink to `content`. */
  type?: 'pyc_file' | 'unix_python_entry_point' | 'softlink'
}

export interface ScenePackage {
  name: string
  version?: string
  files: Readonly<Record<string, string | SceneFile>>
}

export interface Scene {
  root: string
  lock: EnvironmentLock
  lockId: string
  prefix: string
  removeAll(): Promise<void>
}

const BUILD = 'h0_0'
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')
const md5 = (content: string): string => createHash('md5').update(content).digest('hex')

export function lockOf(packages: readonly ScenePackage[], pip: EnvironmentLock['pip'] = []): EnvironmentLock {
  return LockSchema.parse({
    v: 1,
    platform: 'linux-64',
    virtualPackages: [],
    conda: packages.map(({ name, version = '1.0' }) => ({
      name,
      version,
      build: BUILD,
      subdir: 'linux-64',
      url: `https://conda.example.org/main/linux-64/${name}-${version}-${BUILD}.conda`,
      md5: md5(name),
      sha256: sha256(name),
      size: 1000,
    })),
    pip,
  })
}

/** The root with its folders, lock.json, and the prefix as an installer leaves it. */
export function makeScene(packages: readonly ScenePackage[], pip: EnvironmentLock['pip'] = []): Scene {
  const root = mkdtempSync(join(tmpdir(), 'trotline-environments-'))
  const lock = lockOf(packages, pip)
  const id = lockId(lock)
  const { build, tree: prefix } = madePaths(root, id)
  for (const folder of ['.made', '.locks', '.packages', '.quarantine']) mkdirSync(join(root, folder))
  mkdirSync(build, { recursive: true })
  writeFileSync(join(build, 'lock.json'), JSON.stringify(lock))
  installInto(prefix, packages, lock)
  return { root, lock, lockId: id, prefix, removeAll: async () => void (await removeTree(root)) }
}

export function installInto(prefix: string, packages: readonly ScenePackage[], lock: EnvironmentLock): void {
  mkdirSync(join(prefix, 'conda-meta'), { recursive: true })
  for (const { name, files } of packages) {
    const locked = lock.conda.find(one => one.name === name)
    if (locked === undefined) throw new Error(`${name} is not in the lock`)
    const whole = (file: string | SceneFile): SceneFile => (typeof file === 'string' ? { content: file } : file)
    const paths = Object.entries(files).map(([path, file]) => {
      const target = files[join(dirname(path), String(whole(file).content))]
      return laid(prefix, path, whole(file), target === undefined ? undefined : whole(target).content)
    })
    const { version, build, subdir, url, size } = locked
    const record = {
      ...{ arch: 'x86_64', build, build_number: 0, channel: dirname(dirname(url)), constrains: [], depends: [] },
      ...{
        fn: url.split('/').at(-1),
        files: Object.keys(files),
        license: 'BSD-3-Clause',
        link: { source: '', type: 3 },
      },
      ...{ md5: locked.md5, name, paths_data: { paths, paths_version: 1 }, platform: 'linux', requested_spec: '' },
      ...{ sha256: locked.sha256, size, subdir, timestamp: 1_571_000_000_000, url, version },
    }
    writeFileSync(join(prefix, `conda-meta/${name}-${version}-${build}.json`), JSON.stringify(record, null, 2))
  }
  writeFileSync(join(prefix, 'conda-meta/history'), '==> 2026-11-27 12:00:00 <==\n# cmd: conda create\n')
}

/** conda-build hashes what a softlink points to, and nothing where that is not there. */
function laid(
  prefix: string,
  path: string,
  { content, executable, prefix: mode, type }: SceneFile,
  behind: string | Buffer | undefined,
): object {
  const at = join(prefix, path)
  mkdirSync(dirname(at), { recursive: true })
  if (type === 'softlink') {
    rmSync(at, { force: true })
    symlinkSync(String(content).replaceAll(PLACEHOLDER, prefix), at)
    return { _path: path, path_type: 'softlink', sha256: behind === undefined ? sha256('') : sha256(behind) }
  }
  const packed = Buffer.from(content)
  const bytes = mode === undefined ? packed : mode === 'text' ? inText(packed, prefix) : inBinary(packed, prefix)
  writeFileSync(at, bytes)
  chmodSync(at, executable === true ? 0o755 : 0o644)
  if (type !== undefined) return { _path: path, path_type: type }
  return {
    ...{ _path: path, path_type: 'hardlink', sha256: sha256(packed), sha256_in_prefix: sha256(bytes) },
    ...{ size_in_bytes: packed.length },
    ...(mode === undefined ? {} : { file_mode: mode, prefix_placeholder: PLACEHOLDER }),
  }
}

const inText = (content: Buffer, prefix: string): Buffer =>
  Buffer.from(content.toString('latin1').replaceAll(PLACEHOLDER, prefix), 'latin1')

const inBinary = (content: Buffer, prefix: string): Buffer => {
  const strings = content.toString('latin1').split('\0')
  const moved = strings.map(string => string.replaceAll(PLACEHOLDER, prefix).padEnd(string.length, '\0'))
  return Buffer.from(moved.join('\0'), 'latin1')
}

export interface Published {
  made: MadeEnvironment
  look: BytesLook
}

/** As the maker does it, after the installer: read-only, looked at, listed, perhaps packed, and the marker last. */
export async function publish(scene: Scene, form: 'tree' | 'packed' = 'tree'): Promise<Published> {
  const { root, lock, lockId: id, prefix } = scene
  const paths = madePaths(root, id)
  await makeReadOnly(prefix)
  const look = await lookAtBytes({ prefix, lock, lockId: id, manifest: null })
  if (look.look.drift !== null)
    throw new Error(
      `the scene does not fit its lock: ${look.look.drift.detail} ${JSON.stringify(look.look.drift.files)}`,
    )
  const files = await writeManifest(paths.files, look.entries)
  const archive = form === 'packed' ? await packPrefix({ prefix, archive: paths.archive }) : null
  if (form === 'packed') await removeTree(prefix)
  const made: MadeEnvironment = {
    v: 1,
    lockId: id,
    platform: 'linux-64',
    form,
    prefix,
    installer: { tool: 'conda', path: '/opt/conda/bin/conda', version: '23.11.0' },
    madeAt: '2026-11-27T12:00:00.000Z',
    host: 'login',
    packages: lock.conda.length,
    pipPackages: lock.pip.length,
    files: files.files,
    bytes: files.bytes,
    filesSha256: files.sha256,
    archive,
  }
  writeFileSync(paths.marker, JSON.stringify(made))
  return { made, look }
}

/** A small environment with something of everything: a library, a program with the prefix in it, a module, its bytecode, links. */
export const SMALL: ScenePackage[] = [
  {
    name: 'zlib',
    version: '1.2.13',
    files: {
      'lib/libz.so.1.2.13': {
        content: Buffer.from(`\x7fELF\0\0rpath=${PLACEHOLDER}/lib:${PLACEHOLDER}/lib64\0end\0`),
        prefix: 'binary',
      },
      'lib/libz.so': { content: 'libz.so.1.2.13', type: 'softlink' },
      'include/zlib.h': '#define ZLIB_VERSION "1.2.13"\n',
    },
  },
  {
    name: 'python',
    version: '3.9.1',
    files: {
      'bin/python3.9': {
        content: `#!/bin/sh\necho "Python 3.9.1 at ${PLACEHOLDER}"\n`,
        executable: true,
        prefix: 'text',
      },
      'bin/python': { content: 'python3.9', type: 'softlink' },
      'lib/python3.9/site.py': 'import sys\n',
      'lib/python3.9/os.py': 'import abc\n',
    },
  },
  {
    name: 'six',
    version: '1.16.0',
    files: {
      'lib/python3.9/site-packages/six.py': 'PY3 = True\n',
      'lib/python3.9/site-packages/__pycache__/six.cpython-39.pyc': {
        content: Buffer.from([1, 2, 3, 4]),
        type: 'pyc_file',
      },
      'bin/six': { content: '#!/usr/bin/env python\n', executable: true, type: 'unix_python_entry_point' },
    },
  },
]
