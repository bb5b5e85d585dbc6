// trotline rerun and bundle against a server that speaks the contract.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bundleArchive, bundleOf } from '../../apps/orchestrator/src/lifecycle/bundle.ts'
import { BundleRerunRequest, type Job, Problem, RerunRequest } from '../../packages/contracts/src/index.ts'
import { record, sha256, trainingReport } from '../support/job-records.ts'
import { type ContractServer, now, REQUEST, startContractServer } from './cli-contract-server.ts'
import { hasTerminal, run, start } from './cli-run.ts'

const WEIGHTS = sha256('weights')
const BEFORE = record({
  state: 'completed',
  request: REQUEST,
  updatedAt: '2026-11-22T10:00:00.000Z',
  result: trainingReport({ weightsSha256: WEIGHTS }),
})

let server: ContractServer
let folder: string
let archive: Buffer
/** What the server says of the new job. */
let differences: string[] = []
let problem: Problem | null = null

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trotline-rerun-'))
  archive = await bundleArchive(bundleOf(BEFORE, null), null)
  server = await startContractServer()
  const byKey = new Map<string, Job>()
  server.routes.push((request, response, body) => {
    const [, , things, id = '', room] = (request.url ?? '').split('/')
    if (things === 'jobs' && room === 'bundle') {
      response.writeHead(200, { 'content-type': 'application/gzip' }).end(archive)
      return true
    }
    if (!(things === 'jobs' && room === 'rerun') && things !== 'reruns') return false
    const value: unknown = JSON.parse(body)
    if (things === 'jobs') RerunRequest.parse(value)
    const of = things === 'reruns' ? BundleRerunRequest.parse(value).bundle.job : id
    if (problem !== null) {
      response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
      return true
    }
    const key = String(request.headers['idempotency-key'])
    const job = byKey.get(key) ?? server.accept(REQUEST)
    byKey.set(key, job)
    const rerunOf = { job: of, elsewhere: things === 'reruns', differences, release: null, data: [] }
    const stored = server.put({ ...job, rerunOf }).job
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify(stored))
    return true
  })
})
after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server.stop()
})

const lastBody = () => JSON.parse(server.requests.findLast(one => one.method === 'POST')?.body ?? 'null')
const bundleFile = (name = 'bundle.tgz'): string => {
  const file = join(folder, name)
  writeFileSync(file, archive)
  return file
}
const completed = (id: string, weightsSha256: string) =>
  server.tell(
    id,
    { type: 'state', at: now(), from: 'accepted', to: 'completed', detail: '', evidence: [] },
    { state: 'completed', endedAt: now(), result: trainingReport({ weightsSha256 }) },
  )

test('rerun into a pipe prints the new id alone; what differs is said on stderr', async () => {
  const { id } = server.accept(REQUEST)
  differences = ["NVIDIA's driver on partition gpu of cluster local is 550.54.15, and was 396.37."]
  const { code, stdout, stderr } = await run(server, ['rerun', id, '--accept', 'driver,release', '--gpu-type', 'any'])
  differences = []
  assert.equal(code, 0)
  assert.match(stdout, /^t[0-9]{11}\n$/)
  assert.notEqual(stdout.trim(), id)
  assert.match(stderr, new RegExp(`once more, as ${id}`))
  assert.match(stderr, /differs {4}NVIDIA's driver .* was 396\.37\./)
  assert.deepEqual(lastBody(), { gpuType: null, accept: ['driver', 'release'] })
})

test('a bundle is sent whole, from a file or from stdin, with the place that is named', async () => {
  const argv = ['rerun', bundleFile(), '--cluster', 'bluecrab', '--partition', 'gpu', '--account', 'trout']
  assert.equal((await run(server, argv)).code, 0)
  const { bundle, ...wish } = BundleRerunRequest.parse(lastBody())
  assert.equal(bundle.job, BEFORE.id)
  assert.deepEqual(wish, { cluster: 'bluecrab', partition: 'gpu', account: 'trout', accept: [] })
})

test('what cannot be had ends with 7: each thing with both figures, and the command that does without comes last', async () => {
  problem = Problem.parse({
    type: 'http://trotline.test/guide/errors/not-reproducible',
    status: 409,
    code: 'not-reproducible',
    title: 'It cannot be repeated as it was',
    detail: 'Two things that job t00000000001 had cannot be had; nothing was stored.',
    instance: 'req-0001',
    findings: [
      { pointer: '/hardware/driver', detail: 'The driver is another.', required: '396.37', found: '550.54.15' },
      { pointer: '/versions/release', detail: 'The release is gone.', required: 'aa', found: 'bb' },
    ],
  })
  const { id } = server.accept(REQUEST)
  const shown = await run(server, ['rerun', id, '--partition', 'gpu'])
  assert.deepEqual([shown.code, shown.stdout], [7, ''])
  assert.match(shown.stderr, /^Not run again: it cannot be repeated as it was/i)
  assert.match(shown.stderr, /hardware\.driver\n {4}The driver is another\.\n {6}required {2}396\.37\n {6}found {5}550/)
  assert.ok(shown.stderr.includes(`To do: trotline rerun ${id} --partition gpu --accept driver,release`))
  const json = await run(server, ['rerun', id, '--json'])
  assert.equal(Problem.parse(JSON.parse(json.stderr)).findings?.length, 2)
  problem.findings = [
    { pointer: '/request/resources/gpuType', detail: 'It has no K80 any more.', hint: 'Name another.' },
  ]
  const gone = await run(server, ['rerun', id])
  problem = null
  assert.match(gone.stderr, /To do: Name another\.\n/)
  assert.doesNotMatch(gone.stderr, /--accept/)
})

test('an answer that was lost is asked for again with the same key, and there is one job', async () => {
  const { id } = server.accept(REQUEST)
  const jobs = server.jobs.size
  server.faults.push({ match: `POST /v1/jobs/${id}/rerun`, times: 1, cut: 'after' })
  const { code, stderr } = await run(server, ['rerun', id])
  assert.equal(code, 0)
  assert.match(stderr, /Asked again with the same key: accepted as t\d+ \(once\)\./)
  assert.equal(server.jobs.size, jobs + 1)
})

test('--follow tells at the end whether the weights are the same, to the last bit', async () => {
  for (const [weights, says] of [
    [WEIGHTS, /The weights are the same as those of [a-z0-9]{12}, to the last bit/],
    [sha256('others'), /The weights are others than those of [a-z0-9]{12}/],
  ] as const) {
    const following = start(server, ['rerun', bundleFile(), '--follow'])
    await following.says('once more')
    const [id] = [...server.jobs.keys()].slice(-1)
    completed(id ?? '', weights)
    const { code, stderr } = await following.ended
    assert.equal(code, 0)
    assert.match(stderr, says)
  }
})

test('a file that is no bundle is 2, and nothing is sent', async () => {
  const asked = server.requests.length
  const file = join(folder, 'broken.tgz')
  writeFileSync(file, archive.subarray(0, archive.length - 30))
  for (const [argv, says] of [
    [['rerun', file], /Not run again: .*broken\.tgz is no bundle of Trotline/],
    [['rerun', join(folder, 'nothing.tgz')], /there is no such file/],
    [['rerun', 'k3v9', '--accept', 'everything'], /one of release, runtime, driver, gpu, data/],
  ] as const) {
    const { code, stdout, stderr } = await run(server, argv)
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, says)
  }
  assert.equal(server.requests.length, asked)
})

test('bundle writes into a pipe what the server sent, and into a file that is not there yet', async () => {
  const { id } = server.accept(REQUEST)
  assert.deepEqual((await run(server, ['bundle', id])).bytes, archive)
  const file = join(folder, 'mine.tgz')
  const { code, stdout, stderr } = await run(server, ['bundle', id, '--output', file])
  assert.deepEqual([code, stdout], [0, `${file}\n`])
  assert.ok(stderr.includes(`trotline rerun ${file}`))
  assert.deepEqual(readFileSync(file), archive)
  const again = await run(server, ['bundle', id, '--output', file])
  assert.equal(again.code, 2)
  assert.match(again.stderr, /it is there already/)
  assert.equal((await run(server, ['rerun', file])).code, 0)
})

test('on a terminal nothing but an archive file is made of it', { skip: !hasTerminal }, async () => {
  const { id } = server.accept(REQUEST)
  const { code, stdout } = await run(server, ['bundle', id, '--output', '-'], { columns: 100 })
  assert.equal(code, 2)
  assert.match(stdout, /An archive is nothing to look at|an archive is nothing to look at/)
})

test('tar(1) unpacks a bundle without a complaint', () => {
  const { status, stderr } = spawnSync('tar', ['-xzf', '-', '-C', folder], { input: archive, encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
  assert.ok(existsSync(join(folder, `trotline-${BEFORE.id}`, 'bundle.json')))
})
