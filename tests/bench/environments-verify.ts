// What it costs to look at an environment that is there: every byte of it, and what a second job on it waits for. The built release looks, each
// time in a new process, at environments of many small files, which are in the page cache.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EnvironmentLook } from '@trotline/contracts'
import { bundle } from '../../deploy/release/bundle.ts'
import { makeScene, publish, type Scene, type ScenePackage } from '../integration/environment-scene.ts'
import type { Scene as Stage } from '../support/slurm-itself.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface MadeScene extends Scene {
  packages: number
  files: number
  bytes: number
}

/** A tenth of the files is 64 KiB, the others 4: about what the Python packages of a training environment come to. */
const SMALL_BYTES = 4096
const LARGE_BYTES = 65_536

/** Made as the maker makes it, after the installer. */
export async function madeScene(stage: Stage, packages: number, filesPerPackage: number): Promise<MadeScene> {
  const scene = makeScene(Array.from({ length: packages }, (_, i) => packageOf(i, filesPerPackage)))
  stage.after(() => scene.removeAll())
  const { made } = await publish(scene)
  return { ...scene, packages, files: packages * filesPerPackage, bytes: made.bytes }
}

function packageOf(number: number, files: number): ScenePackage {
  const name = `package${number}`
  const paths = Array.from({ length: files }, (_, i): [string, string] => {
    const folder = i < 2 ? 'lib' : `lib/python3.12/site-packages/${name}/part${i % 3}`
    const line = `${name} ${i}\n`
    const bytes = i % 10 === 0 ? LARGE_BYTES : SMALL_BYTES
    return [`${folder}/${name}_${i}.py`, line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes)]
  })
  return { name, files: Object.fromEntries(paths) }
}

/** `environment.mjs look … bytes` of a release, from start to exit, in seconds. */
export function verified(release: string, { root, lockId }: Scene): number {
  const began = performance.now()
  const text = execFileSync(process.execPath, [join(release, 'environment.mjs'), 'look', root, lockId, 'bytes'], {
    encoding: 'utf8',
    maxBuffer: 1_048_576,
  })
  const seconds = (performance.now() - began) / 1000
  const look = EnvironmentLook.parse(JSON.parse(text))
  if (look.drift !== null || look.looked !== look.of) throw new Error(`not looked at as it should be: ${text}`)
  return seconds
}

/** As a yardstick: coreutils over the same files, one after the other, in seconds. */
export function hashedByCoreutils({ prefix }: Scene): number {
  const began = performance.now()
  execFileSync('sh', ['-c', 'find "$1" -type f -exec sha256sum {} + | wc -l', 'sh', prefix], { encoding: 'utf8' })
  return (performance.now() - began) / 1000
}

export interface Entering {
  /**
   * From the first import of what enters to the prefix: what a job on a ready environment waits for. A worker has read its spec by then.
   * `looked`: of all entries, those that the look came to within its time.
   */
  entered(scene: Scene, salt: string): { ms: number; looked: number }
}

/** What enters, bundled as the release is, without the worker around it. */
export async function bundleEntering(stage: Stage): Promise<Entering> {
  const directory = mkdtempSync(join(tmpdir(), 'trotline-bench-enter-'))
  stage.after(() => rmSync(directory, { recursive: true, force: true }))
  const entryPoints = {
    enter: 'apps/worker/src/environment/enter.ts',
    contracts: 'packages/contracts/src/index.ts',
  }
  await bundle({ root: ROOT, directory, tensorLibrary: false, entryPoints })
  return { entered: (scene, salt) => entered(directory, scene, salt) }
}

function entered(directory: string, { root, lockId, prefix }: Scene, salt: string): { ms: number; looked: number } {
  const order = {
    module: pathToFileURL(join(directory, 'enter.mjs')).href,
    contracts: pathToFileURL(join(directory, 'contracts.mjs')).href,
    env: { lockId, root, form: 'tree', place: prefix },
    salt,
  }
  const program = `
    const { module, contracts, env, salt } = JSON.parse(process.argv[1])
    await import(contracts)
    const began = performance.now()
    const { enterEnvironment } = await import(module)
    const { prefix, look } = await enterEnvironment(env, { slurmJobId: '1', salt, say: () => undefined })
    console.log(JSON.stringify({ ms: performance.now() - began, prefix, look }))`
  const text = execFileSync(process.execPath, ['--input-type=module', '--eval', program, JSON.stringify(order)], {
    encoding: 'utf8',
  })
  const answer = JSON.parse(text) as { ms: number; prefix: string; look: unknown }
  const look = EnvironmentLook.parse(answer.look)
  if (answer.prefix !== prefix || look.drift !== null) throw new Error(`not entered as it should be: ${text}`)
  return { ms: answer.ms, looked: look.looked / look.of }
}
