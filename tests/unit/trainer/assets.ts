// A folder with the trainer's assets, as a release has it, gone when the test file is done.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { copyAssets } from '../../../packages/trainer/src/assets.ts'

export async function makeAssets(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'trainer-'))
  after(() => rm(directory, { recursive: true, force: true }))
  await copyAssets(directory)
  return directory
}

export type CarCells = Record<string, unknown>

/** The same with another cars.json: `change` gets the real file's rows and answers what to write, a string as it is. */
export async function makeAssetsWith(change: (cars: CarCells[]) => unknown): Promise<string> {
  const directory = await makeAssets()
  const path = join(directory, 'cars.json')
  const changed = change(JSON.parse(await readFile(path, 'utf8')) as CarCells[])
  await writeFile(path, typeof changed === 'string' ? changed : JSON.stringify(changed))
  return directory
}
