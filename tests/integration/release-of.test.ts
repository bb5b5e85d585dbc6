// Which release runs a job once more: a present one, an older one that lies whole on this server, or the one that the cluster has kept.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createLocalTransport } from '@trotline/slurm'
import { bringRelease, type WorkerRelease, type WorkerReleases } from '../../apps/orchestrator/src/clusters/release.ts'
import { keptRelease, releaseIdOf, releaseOfJob } from '../../apps/orchestrator/src/clusters/release-of.ts'
import { isCoded } from '../../apps/orchestrator/src/errors.ts'
import { record } from '../support/job-records.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const folder = mkdtempSync(join(tmpdir(), 'trotline-releases-'))
const transport = createLocalTransport()
after(async () => {
  await transport.close()
  rmSync(folder, { recursive: true, force: true })
})

function built(worker: string): WorkerRelease & { directory: string } {
  const files = [{ path: 'worker.mjs', sha256: sha256(worker), bytes: worker.length }]
  const manifest = JSON.stringify({ files })
  const id = sha256(manifest)
  const directory = join(folder, 'built', id)
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'worker.mjs'), worker)
  writeFileSync(join(directory, 'manifest.json'), manifest)
  return { id, directory, manifest, files }
}

const releases: WorkerReleases = { plain: built('plain'), withTensorLibrary: built('with the tensor library') }
const pinnedTo = (release: string | null) =>
  record({ rerunOf: { job: 'abcdefghjkmn', elsewhere: false, differences: [], release, data: [] } })
const workDir = (): string => {
  const made = mkdtempSync(join(folder, 'work-'))
  mkdirSync(join(made, 'releases'))
  return made
}

describe('the release of a job', () => {
  test('is the present one, unless the job repeats another: then it is the one that ran that', () => {
    const older = built('older')
    assert.equal(releaseIdOf(record(), releases), releases.plain.id)
    assert.equal(releaseIdOf(pinnedTo(null), releases), releases.plain.id)
    assert.equal(releaseIdOf(pinnedTo(older.id), releases), older.id)
  })

  test('an older one that lies whole beside the present ones is taken from there; a damaged one is none', async () => {
    const older = built('older still')
    assert.deepEqual((await keptRelease(older.id, releases))?.directory, older.directory)
    writeFileSync(join(older.directory, 'worker.mjs'), 'older stilL')
    assert.equal(await keptRelease(older.id, releases), null)
    assert.equal(await keptRelease('../plain', releases), null)
  })

  test('one that only the cluster has kept is proved by its manifest, and cannot be sent there again', async () => {
    const [older, place] = [built('of last year'), workDir()]
    await bringRelease(transport, place, older)
    rmSync(older.directory, { recursive: true })
    const found = await releaseOfJob(pinnedTo(older.id), releases, { transport, workDir: place })
    assert.deepEqual(found, { ...older, directory: null })
    await assert.rejects(bringRelease(transport, workDir(), found), isGone)
  })

  test('one that lies nowhere any more, or under whose name something else lies, is told as gone', async () => {
    const [older, place] = [built('of the year before'), workDir()]
    cpSync(older.directory, join(place, 'releases', older.id), { recursive: true })
    rmSync(older.directory, { recursive: true })
    writeFileSync(join(place, 'releases', older.id, 'manifest.json'), '{"files":[]}')
    const ask = (at: string) => releaseOfJob(pinnedTo(older.id), releases, { transport, workDir: at })
    await assert.rejects(ask(place), isGone)
    await assert.rejects(ask(workDir()), isGone)
  })
})

const isGone = (error: unknown): boolean =>
  isCoded(error) &&
  error.code === 'RELEASE_GONE' &&
  !error.transient &&
  /accept: \["release"\]|no copy/.test(error.message)
