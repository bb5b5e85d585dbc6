// Older runs' checkpoints that cannot be read are said and left out. tests/integration/long-states.test.ts has one of more than 2 GiB.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { findCheckpoints } from '../../../apps/worker/src/restore.ts'

const home = await mkdtemp(join(tmpdir(), 'trotline-restore-'))
after(() => rm(home, { recursive: true, force: true }))

async function folderOf(run: string): Promise<string> {
  const folder = join(home, 'runs', run)
  await mkdir(folder, { recursive: true })
  return folder
}

async function find() {
  const said: string[] = []
  const found = await findCheckpoints(home, '9-0', {
    decode: () => assert.fail('nothing is read'),
    say: line => void said.push(line),
  })
  assert.deepEqual(found, [])
  return said
}

test('what is no file that can be read, or is longer than any checkpoint, is said and left out', async () => {
  await mkdir(join(await folderOf('2-0'), 'checkpoint'))
  const long = join(await folderOf('3-0'), 'checkpoint')
  await writeFile(long, '')
  await truncate(long, 2 ** 33)
  const said = await find()
  assert.match(
    said[0] ?? '',
    /runs\/3-0\/checkpoint has 8\.0 GiB, and no checkpoint has more than 4\.0; it is not used/,
  )
  assert.match(said[1] ?? '', /runs\/2-0\/checkpoint cannot be read: EISDIR/)
  assert.equal(said.length, 2)
})
