// Reading job directories by one command for many: on a real file system, through the local transport.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { createLocalTransport } from '@trotline/slurm'
import { type JobRemains, listJobDirectories, readRemains } from '../../apps/orchestrator/src/clusters/remains.ts'
import { isGone, listRuns } from '../../apps/orchestrator/src/clusters/runs.ts'
import { newJobId } from '../../apps/orchestrator/src/lifecycle/accept.ts'
import { jobFileOf } from '../../apps/orchestrator/src/lifecycle/recover.ts'
import { AT, record } from '../support/job-records.ts'

const transport = createLocalTransport()
const workDir = mkdtempSync(join(tmpdir(), 'trotline-remains-'))
const place = { workDir, unixUser: 'ada' }
const root = join(workDir, 'jobs/ada')

before(() => mkdirSync(root, { recursive: true }))
after(async () => {
  await transport.close()
  rmSync(workDir, { recursive: true, force: true })
})

function write(id: string, files: Record<string, string>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, id, path)), { recursive: true })
    writeFileSync(join(root, id, path), content)
  }
  return id
}

async function readAll(ids: readonly string[]): Promise<JobRemains[]> {
  const all: JobRemains[] = []
  for await (const some of readRemains(transport, place, ids)) all.push(...some)
  return all
}

const receipt = (id: string, n: number) =>
  `{"submission":${n},"name":"tl-${id}-${n}","slurmJobId":"${16 + n}","host":"login","at":"2030-01-02T03:04:05Z","how":"new"}\n`
const fence = JSON.stringify({ v: 1, slurmJobId: '17', node: 'c01', nonce: 'n', pid: 1, at: AT })

test('what a directory holds is read whole: job.json, receipts, tries, marks and runs in order', async () => {
  const job = record()
  write(job.id, {
    'job.json': JSON.stringify(jobFileOf(job, null)),
    'report.json': JSON.stringify({ v: 1, key: 'k'.repeat(43), queue: null }),
    'tried-1': 'host=login at=1 deadline=2\n',
    'tried-1.2': 'host=login at=1 deadline=2\n',
    'receipt-1.json': receipt(job.id, 1),
    'refused-2': 'Invalid partition',
    cancelled: `${AT}\n`,
    ended: 'NODE_FAIL\n',
    'runs/1-10/fence': fence,
    'runs/1-10/heartbeat': '',
    'runs/1-2/fence': fence,
    'runs/1-2/result.json': '{}',
    'runs/1-0/stdout': '',
    'runs/nonsense/fence': fence,
  })
  const [found] = await readAll([job.id])
  assert.equal(found?.job?.id, job.id)
  assert.equal(found?.key, 'k'.repeat(43))
  assert.deepEqual(found?.receipts, new Map([[1, { slurmJobId: '17', at: '2030-01-02T03:04:05Z' }]]))
  assert.deepEqual([found?.tried, found?.refused, found?.cancelled, found?.ended], [[1, 1], [2], AT, 'NODE_FAIL'])
  assert.deepEqual(
    found?.runs.map(run => [run.run, run.reached, run.fence?.node]),
    [
      ['1-0', 'none', undefined],
      ['1-2', 'result', 'c01'],
      ['1-10', 'heartbeat', 'c01'],
    ],
  )
})

test('a receipt that cannot be understood still says that its submission was tried', async () => {
  const id = write(newJobId(), { 'receipt-3.json': 'half a recei' })
  const [found] = await readAll([id])
  assert.deepEqual([found?.tried, found?.receipts.size], [[3], 0])
})

test('a job.json that is damaged, or belongs to a newer version, is told as such', async () => {
  const damaged = write(newJobId(), { 'job.json': '{"v":1' })
  const newer = write(newJobId(), { 'job.json': JSON.stringify({ ...jobFileOf(record(), null), v: 2 }) })
  for (const found of await readAll([damaged, newer])) {
    assert.equal(found.job, null)
    assert.match(found.fault, /does not fit its schema/)
  }
})

test('what a file holds cannot pass for another finding', async () => {
  const other = newJobId()
  const forged = `\x1e${other}\x1fdirectory\x1f\x1f\x1e${other}\x1ffile\x1freceipt-1.json\x1f${receipt(other, 1)}\x1e`
  const id = write(newJobId(), { cancelled: forged })
  const found = await readAll([id])
  assert.deepEqual(
    found.map(each => each.id),
    [id],
  )
})

test('only directories with the name of a job are listed, links and a missing folder are nothing', async () => {
  const id = write(newJobId(), { lock: '' })
  write('not-a-job', { lock: '' })
  writeFileSync(join(root, newJobId()), 'a file')
  const link = newJobId()
  symlinkSync(root, join(root, link))
  const listed = (await listJobDirectories(transport, place)) ?? assert.fail('no jobs folder')
  assert.ok(listed.includes(id) && !listed.includes('not-a-job'))
  assert.deepEqual(await readAll([link, newJobId()]), [])
  assert.deepEqual(await listJobDirectories(transport, { workDir, unixUser: 'nobody-here' }), [])
  assert.equal(await listJobDirectories(transport, { workDir: join(workDir, 'not-mounted'), unixUser: 'ada' }), null)
})

test('a thousand directories are read in order, none left out', async () => {
  const ids = Array.from({ length: 1_000 }, () => {
    const job = record()
    return write(job.id, { 'job.json': JSON.stringify(jobFileOf(job, null)) })
  })
  const found = await readAll(ids)
  assert.deepEqual(
    found.map(each => each.job?.id),
    ids,
  )
})

test('a folder that may not be entered is "could not ask", never an empty one', {
  skip: process.getuid?.() === 0 && 'root may enter every folder',
}, async () => {
  const closed = join(workDir, 'jobs/closed')
  mkdirSync(closed)
  chmodSync(closed, 0o000)
  await assert.rejects(listJobDirectories(transport, { workDir, unixUser: 'closed' }), { code: 'RESULT_UNREADABLE' })
})

test('the runs of a directory that is gone are none, and those of one whose folder is away are "could not ask"', async () => {
  const id = write(newJobId(), { 'runs/1-0/fence': fence, 'runs/1-1/result.json': '{}' })
  const runs = [
    { run: '1-0', reached: 'fenced' },
    { run: '1-1', reached: 'result' },
  ]
  const [there, gone] = [join(root, id), join(root, newJobId())]
  assert.deepEqual(await listRuns(transport, [there, gone]), [runs, []])
  assert.deepEqual([await isGone(transport, there), await isGone(transport, gone)], [false, true])
  const away = join(workDir, 'not-mounted/ada', id)
  await assert.rejects(listRuns(transport, [there, away]), { code: 'WORK_DIR_AWAY', transient: true })
  assert.equal(await isGone(transport, away), false)
})

test('a file in the place of the folder is "could not ask"', async () => {
  writeFileSync(join(workDir, 'jobs/file'), '')
  await assert.rejects(listJobDirectories(transport, { workDir, unixUser: 'file' }), { code: 'RESULT_UNREADABLE' })
})
